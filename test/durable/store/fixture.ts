/// <reference types="@cloudflare/vitest-pool-workers/types" />
/** Opens stores over the real SQLite storage of a fresh Durable Object, with a clock that only tests move. */
import { env, runInDurableObject } from "cloudflare:test";
import { Store, type StoreOptions } from "../../../src/durable/store/store.ts";
import type { Change, ObjectKey } from "../../../src/durable/store/types.ts";
import type { KubeObject } from "../../../src/kube/object.ts";

const namespace = (env as { STORE: DurableObjectNamespace }).STORE;

export interface Opened {
  store: Store;
  clock: { now: number };
  storage: DurableObjectStorage;
  /** Changes as listeners got them, commit by commit. */
  commits: Change[][];
  /** Another store over the same storage, as after a restart. */
  reopen(): Store;
}

export function newStub(): DurableObjectStub {
  return namespace.get(namespace.newUniqueId());
}

export function withStore<T>(run: (opened: Opened) => Promise<T>, options: Partial<StoreOptions> = {}, id = namespace.newUniqueId()): Promise<T> {
  return runInDurableObject(namespace.get(id), (_instance, state) => {
    const clock = { now: 1_000_000 };
    const commits: Change[][] = [];
    const reopen = () => {
      const store = new Store(state.storage, { now: () => clock.now, ...options });
      store.onCommit((changes) => commits.push([...changes]));
      return store;
    };
    const store = reopen();
    store.create();
    return run({ store, clock, storage: state.storage, commits, reopen });
  });
}

export const key = (resource: string, namespace: string, name: string): ObjectKey => ({ resource, namespace, name });
export const pod = (name: string): ObjectKey => key("pods", "default", name);
export const lease = (node: string): ObjectKey => key("leases.coordination.k8s.io", "kube-node-lease", node);
export const event = (name: string): ObjectKey => key("events", "default", name);

/** An object of no kind in particular whose content is `value`. */
export function thing({ namespace, name }: ObjectKey, value: unknown): KubeObject {
  return { apiVersion: "v1", kind: "Thing", metadata: { namespace, name }, spec: { value } } as KubeObject;
}

export function leaseObject({ namespace, name }: ObjectKey, renewTime: string, holderIdentity = name): KubeObject {
  return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { namespace, name }, spec: { holderIdentity, renewTime } } as KubeObject;
}

export const put = (store: Store, at: ObjectKey, value: unknown) => store.write((transaction) => transaction.put(at, thing(at, value)));

export const remove = (store: Store, at: ObjectKey) =>
  store.write((transaction) => {
    const live = transaction.get(at);
    if (live === undefined) throw new Error("not found");
    return transaction.delete(at, structuredClone(live.object));
  });

/** What a list shows: "namespace/name@revision". */
export const shown = (items: { namespace: string; name: string; revision: number }[]) => items.map((item) => `${item.namespace}/${item.name}@${item.revision}`);

export const told = (changes: Iterable<Change>) =>
  Array.from(changes, (change) => `${change.revision} ${change.type} ${change.key.name}${change.previous ? ` was ${change.previous.revision}` : ""}`);

export const rowCount = (storage: DurableObjectStorage, table: string) => storage.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).one().n;
