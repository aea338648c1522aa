/** Measures the store from inside a Durable Object: rows billed per operation, and times. main.mjs prints them. */
import { DurableObject } from "cloudflare:workers";
import { Store } from "../../src/durable/store/store.ts";
import type { ObjectKey } from "../../src/durable/store/types.ts";
import type { KubeObject } from "../../src/kube/object.ts";

interface Env {
  STORE: DurableObjectNamespace;
}

const MINUTE = 60_000;

/** A storage that counts the rows that its statements write. */
function counting(storage: DurableObjectStorage): { storage: DurableObjectStorage; takeRows(): number } {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const sql = new Proxy(storage.sql, {
    get(target, property) {
      if (property !== "exec") return Reflect.get(target, property, target);
      return (query: string, ...bindings: unknown[]) => {
        const cursor = target.exec(query, ...bindings);
        cursors.push(cursor);
        return cursor;
      };
    },
  });
  const counted = new Proxy(storage, {
    get(target, property) {
      if (property === "sql") return sql;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { storage: counted, takeRows: () => cursors.splice(0).reduce((sum, cursor) => sum + cursor.rowsWritten, 0) };
}

function objectOf({ namespace, name }: ObjectKey, value: unknown): KubeObject {
  return { apiVersion: "v1", kind: "Thing", metadata: { namespace, name }, spec: { value, padding: "x".repeat(1400) } } as KubeObject;
}

const leaseOf = ({ namespace, name }: ObjectKey, renewTime: string) =>
  ({ apiVersion: "v1", kind: "Lease", metadata: { namespace, name }, spec: { holderIdentity: name, renewTime, padding: "x".repeat(300) } }) as KubeObject;

const pod = (name: string): ObjectKey => ({ resource: "pods", namespace: "default", name });
const event = (name: string): ObjectKey => ({ resource: "events", namespace: "default", name });
const lease = (name: string): ObjectKey => ({ resource: "leases.coordination.k8s.io", namespace: "kube-node-lease", name });

export class StoreObject extends DurableObject<Env> {
  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    return Response.json(url.pathname === "/rows" ? await this.#rows() : await this.#times());
  }

  async #rows(): Promise<Record<string, number>> {
    let now = 0;
    const { storage, takeRows } = counting(this.ctx.storage);
    const store = new Store(storage, { now: () => now });
    store.create();
    takeRows();
    const rows: Record<string, number> = {};
    const measure = async (what: string, work: () => unknown, operations = 1) => {
      await work();
      rows[what] = takeRows() / operations;
    };
    const put = (key: ObjectKey, value: unknown) => store.write((transaction) => transaction.put(key, objectOf(key, value)));
    const renew = (key: ObjectKey, time: string) => store.write((transaction) => transaction.put(key, leaseOf(key, time)));
    const remove = (key: ObjectKey) =>
      store.write((transaction) => {
        const live = transaction.get(key);
        if (live !== undefined) transaction.delete(key, structuredClone(live.object));
      });
    await measure("create", () => put(pod("a"), 1));
    await measure("update", () => put(pod("a"), 2));
    now += 10 * MINUTE;
    await measure("compaction of that update (with 1 for the step)", () => store.compact(100));
    await measure("delete", () => remove(pod("a")));
    now += 10 * MINUTE;
    await measure("compaction of that deletion (with 1 for the step)", () => store.compact(100));
    await measure(
      "update, one of 10 of one object in a group",
      async () => {
        await put(pod("b"), 0);
        takeRows();
        await Promise.all(Array.from({ length: 10 }, (_, index) => put(pod("b"), index)));
      },
      10,
    );
    await measure("create of a node Lease", () => renew(lease("n1"), "t0"));
    await measure("first heartbeat after a start", () => renew(lease("n1"), "t1"));
    await measure("second heartbeat (reserves 1,000 revisions)", () => renew(lease("n1"), "t1"));
    await measure("heartbeat", () => renew(lease("n1"), "t2"));
    await measure("flush of the heartbeats of 1 node", () => store.flushHeartbeats());
    for (let index = 0; index < 1000; index++) void renew(lease(`n${index}`), "t0");
    for (let index = 0; index < 1000; index++) void renew(lease(`n${index}`), "t1");
    await renew(lease("n1"), "t2");
    takeRows();
    await measure("flush of the heartbeats of 1,000 nodes", () => store.flushHeartbeats());
    await measure("Event: create", () => put(event("e"), 1));
    await measure("Event: update", () => put(event("e"), 2));
    await measure("Event: delete", () => remove(event("e")));
    await put(event("f"), 1);
    now += 61 * MINUTE;
    takeRows();
    await measure("Event: expiry", () => store.expireEvents(10));
    return rows;
  }

  async #times(): Promise<Record<string, number>> {
    const times: Record<string, number> = {};
    const store = new Store(this.ctx.storage, { now: () => Date.now() });
    store.create();
    let value = 0;
    for (const size of [1, 8, 64]) {
      const began = performance.now();
      for (let done = 0; done < 512; done += size) {
        await Promise.all(
          Array.from({ length: size }, (_, index) => {
            const key = pod(`p${(done + index) % 200}`);
            return store.write((transaction) => transaction.put(key, objectOf(key, value++)));
          }),
        );
      }
      times[`writes a second in groups of ${size}`] = 512 / ((performance.now() - began) / 1000);
    }
    await store.write((transaction) => {
      for (let index = 0; index < 5000; index++) transaction.put({ ...pod(`q${index}`), resource: "things" }, objectOf(pod(`q${index}`), 0));
    });
    const before = store.revision;
    times["ms to list 500 of 5,000"] = timeOf(() => store.list({ resource: "things", limit: 500 }));
    const { items } = store.list({ resource: "things" });
    times["ms to read 5,000 texts of 1.5 KB"] = timeOf(() => store.texts(items.map((item) => item.revision)));
    await store.write((transaction) => {
      for (let index = 0; index < 5000; index++) transaction.put({ ...pod(`q${index}`), resource: "things" }, objectOf(pod(`q${index}`), 1));
    });
    times["ms to list 500 of 5,000 at a revision 5,000 changes old"] = timeOf(() => store.list({ resource: "things", limit: 500, revision: before }));
    times["ms to read these 5,000 changes"] = timeOf(() => [...store.changesAfter(before, "things")]);
    times["ms to open the store of 5,200 objects"] = timeOf(() => new Store(this.ctx.storage, { now: () => Date.now() }));
    return times;
  }
}

function timeOf(work: () => unknown): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

export default {
  fetch: (request: Request, env: Env) => env.STORE.get(env.STORE.idFromName(new URL(request.url).search)).fetch(request),
};
