/**
 * The store against a plain model of it, on random histories: groups of operations some of which fail, lists at old
 * revisions in pages, watches that resume, compactions, restarts, heartbeats and Events.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { CompactedError } from "../../../src/durable/store/errors.ts";
import type { Store } from "../../../src/durable/store/store.ts";
import type { Change, ObjectKey, Transaction } from "../../../src/durable/store/types.ts";
import { key, leaseObject, type Opened, rowCount, thing, withStore } from "./fixture.ts";

const WINDOW = 300_000;
const TIME_TO_LIVE = 3_600_000;
const FLUSH_INTERVAL = 60_000;

const KEYS: ObjectKey[] = [
  key("pods", "a", "x"),
  key("pods", "a", "y"),
  key("pods", "a-b", "x"),
  key("services", "a", "x"),
  key("nodes", "", "x"),
  key("leases.coordination.k8s.io", "kube-node-lease", "n1"),
  key("leases.coordination.k8s.io", "kube-node-lease", "n2"),
  key("leases.coordination.k8s.io", "a", "x"),
  key("events", "a", "x"),
  key("events", "a", "y"),
  key("events", "b", "x"),
];
const RESOURCES = [...new Set(KEYS.map(({ resource }) => resource))];

type Step =
  | { do: "commit"; operations: { writes: { key: number; remove: boolean; value: number }[]; fails: boolean }[] }
  | { do: "wait"; milliseconds: number }
  | { do: "list"; resource: string; namespace: string; back: number; limit: number }
  | { do: "watch"; back: number; resource: string | undefined }
  | { do: "compact"; budget: number }
  | { do: "expire"; budget: number }
  | { do: "flush" }
  | { do: "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("commit" as const),
      operations: fc.array(
        fc.record({
          writes: fc.array(fc.record({ key: fc.nat(KEYS.length - 1), remove: fc.boolean(), value: fc.nat(2) }), {
            minLength: 1,
            maxLength: 3,
          }),
          fails: fc.nat(5).map((number) => number === 0),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), milliseconds: fc.constantFrom(1000, 60_000, 200_000, 2_000_000) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("list" as const),
      resource: fc.constantFrom(...RESOURCES),
      namespace: fc.constantFrom("", "a", "kube-node-lease"),
      back: fc.nat(12),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("watch" as const), back: fc.nat(12), resource: fc.constantFrom(undefined, ...RESOURCES) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("compact" as const), budget: fc.integer({ min: 1, max: 10 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("expire" as const), budget: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("flush" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);

interface Version {
  revision: number;
  at: number;
  key: ObjectKey;
  text: string;
  type: Change["type"];
  previous: Version | undefined;
  /** Revision of the state that the log holds, or of the Event's creation. */
  origin: number;
  heartbeat: boolean;
}

const idOf = ({ resource, namespace, name }: ObjectKey) => `${resource} ${namespace}/${name}`;
const pathOf = ({ namespace, name }: ObjectKey) => `${namespace}/${name}`;
const isLease = ({ resource, namespace }: ObjectKey) => resource.startsWith("leases") && namespace === "kube-node-lease";

/** All that ever happened, and what a restart finds of it. */
class Model {
  history: Version[] = [];
  /** What is live, and the last flushed heartbeat of each. */
  live = new Map<string, Version>();
  flushed = new Map<string, Version>();
  highest = 1;
  flushedSinceStart = false;

  apply(change: Omit<Version, "previous" | "origin" | "heartbeat">, heartbeat: boolean): void {
    const id = idOf(change.key);
    const previous = this.live.get(id);
    const keepsOrigin = previous !== undefined && (heartbeat || change.key.resource === "events");
    const version = { ...change, previous, heartbeat, origin: keepsOrigin ? previous.origin : change.revision };
    this.history.push(version);
    this.highest = change.revision;
    if (change.type === "DELETED") this.live.delete(id);
    else this.live.set(id, version);
  }

  flush(): void {
    this.flushedSinceStart = true;
    this.flushed = new Map([...this.live].filter(([, version]) => version.heartbeat));
  }

  /** Heartbeats after the last flush are gone. */
  restart(): void {
    this.flushedSinceStart = false;
    for (const [id, version] of this.live) {
      if (!version.heartbeat) continue;
      const flushed = this.flushed.get(id);
      const base = this.history.find((other) => other.revision === version.origin);
      const found = flushed?.origin === version.origin ? flushed : base;
      if (found !== undefined) this.live.set(id, found);
    }
  }

  /** Texts by path of what a list at `revision` shows. */
  listAt(resource: string, namespace: string, revision: number): Map<string, { revision: number; text: string }> {
    const shown = new Map<string, Version>();
    for (const version of this.history) {
      if (version.revision > revision || version.key.resource !== resource || (namespace !== "" && version.key.namespace !== namespace)) continue;
      const path = pathOf(version.key);
      if (version.type === "DELETED") shown.delete(path);
      else if (!version.heartbeat) shown.set(path, version);
    }
    for (const [path, version] of shown) {
      const live = this.live.get(`${resource} ${path}`);
      // What has no history is shown as it is now.
      if (live !== undefined && live.origin === version.origin) shown.set(path, live);
      else if (resource === "events") {
        const deletion = this.history.find((other) => other.type === "DELETED" && other.origin === version.origin);
        if (deletion !== undefined) shown.set(path, deletion);
      }
    }
    return shown;
  }

  /** What a watch resumed at `revision` is told. */
  changesAfter(revision: number, resource: string | undefined): string[] {
    const told: string[] = [];
    for (const version of this.history) {
      if (version.revision <= revision || (resource !== undefined && version.key.resource !== resource)) continue;
      const id = idOf(version.key);
      if (version.key.resource === "events") {
        const isNew = version.origin > revision;
        if (version.type === "DELETED" ? isNew : this.live.get(id) !== version) continue;
        told.push(tell(version.revision, isNew ? "ADDED" : version.type, id, version.text));
      } else if (!version.heartbeat || this.live.get(id) === version) {
        told.push(tell(version.revision, version.type, id, version.text));
      }
    }
    return told;
  }
}

const tell = (revision: number, type: string, id: string, text: string) => `${revision} ${type} ${id} ${text}`;
const tellChange = (change: Change) => tell(change.revision, change.type, idOf(change.key), change.text);

async function run(steps: Step[], { store: first, clock, storage, commits, reopen }: Opened): Promise<void> {
  let store: Store = first;
  const model = new Model();
  const used = new Set<number>();

  /** Takes over what the listener was told since the last call, checking each change against the model's state. */
  const takeCommits = () => {
    let renewed = false;
    for (const change of commits.splice(0).flat()) {
      expect(used.has(change.revision)).toBe(false);
      used.add(change.revision);
      expect(change.revision).toBeGreaterThan(model.highest);
      const previous = model.live.get(idOf(change.key));
      expect(change.previous && { revision: change.previous.revision, text: change.previous.text }).toEqual(
        previous && { revision: previous.revision, text: previous.text },
      );
      expect(change.type).toBe(change.type === "DELETED" ? "DELETED" : previous ? "MODIFIED" : "ADDED");
      expect(change.object).toEqual(JSON.parse(change.text));
      expect(change.object.metadata.resourceVersion).toBe(String(change.revision));
      const heartbeat = previous !== undefined && change.type !== "DELETED" && isLease(change.key) && sameHolder(previous.text, change.text);
      renewed ||= heartbeat;
      model.apply({ revision: change.revision, at: clock.now, key: change.key, text: change.text, type: change.type }, heartbeat);
    }
    expect(store.revision).toBeGreaterThanOrEqual(model.highest);
    // The first renewal after a start is flushed at once.
    if (renewed && !model.flushedSinceStart) model.flush();
  };

  for (const next of steps) {
    switch (next.do) {
      case "commit": {
        const acknowledged: number[] = [];
        const outcomes = await Promise.allSettled(
          next.operations.map((operation) =>
            store.write((transaction) => {
              const revisions = operation.writes.map(({ key: index, remove, value }) => writeOne(transaction, KEYS[index] as ObjectKey, remove, value));
              if (operation.fails) throw new Error("asked to fail");
              return revisions;
            }),
          ),
        );
        for (const [index, outcome] of outcomes.entries()) {
          expect(outcome.status).toBe(next.operations[index]?.fails ? "rejected" : "fulfilled");
          if (outcome.status === "fulfilled") acknowledged.push(...outcome.value.filter((revision) => revision > 0));
        }
        const told = commits.flat().map((change) => change.revision);
        expect(told).toEqual(acknowledged);
        expect(told).toEqual(told.map((_, index) => (told[0] ?? 0) + index));
        takeCommits();
        break;
      }
      case "wait":
        clock.now += next.milliseconds;
        break;
      case "list": {
        const revision = store.revision - next.back;
        const expected = model.listAt(next.resource, next.namespace, revision);
        if (revision < store.compactedRevision) {
          expect(() => store.list({ resource: next.resource, revision })).toThrow(CompactedError);
          break;
        }
        const found: string[] = [];
        let after: { namespace: string; name: string } | undefined;
        for (;;) {
          const page = store.list({ resource: next.resource, namespace: next.namespace, revision, limit: next.limit, after });
          const texts = store.texts(page.items.map((item) => item.revision));
          for (const [index, item] of page.items.entries()) found.push(`${pathOf({ resource: "", ...item })} ${item.revision} ${texts[index]}`);
          expect(page.revision).toBe(revision);
          expect(page.remaining).toBe(expected.size - found.length);
          after = page.items.at(-1);
          if (page.remaining === 0) break;
        }
        const shown = [...expected].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(found).toEqual(shown.map(([path, version]) => `${path} ${version.revision} ${version.text}`));
        break;
      }
      case "watch": {
        const revision = store.revision - next.back;
        if (revision < store.compactedRevision) expect(() => store.changesAfter(revision, next.resource)).toThrow(CompactedError);
        else expect([...store.changesAfter(revision, next.resource)].map(tellChange)).toEqual(model.changesAfter(revision, next.resource));
        if (revision >= store.compactedRevision && next.resource !== undefined) {
          const unread = store.changesUnreadAfter(revision, [next.resource]);
          expect([...unread].map(tellChange)).toEqual(model.changesAfter(revision, next.resource));
        }
        break;
      }
      case "compact": {
        const result = store.compact(next.budget);
        expect(result.compactedRevision).toBe(store.compactedRevision);
        const cutoff = clock.now - WINDOW;
        for (const version of model.history) if (version.at > cutoff) expect(version.revision).toBeGreaterThan(store.compactedRevision);
        if (result.done) {
          // What is left is the live rows and the history of the window.
          const logged = model.history.filter((version) => !version.heartbeat && (version.key.resource !== "events" || version.type === "DELETED"));
          const kept = logged.filter(
            (version) =>
              version.at > cutoff ||
              (version.type !== "DELETED" &&
                !logged.some((later) => later.revision > version.revision && idOf(later.key) === idOf(version.key) && later.at <= cutoff)),
          );
          expect(rowCount(storage, "revisions")).toBe(kept.length);
        }
        break;
      }
      case "expire": {
        const dueBefore = [...model.live.values()].filter((version) => version.key.resource === "events" && version.at <= clock.now - TIME_TO_LIVE);
        const { expired, done } = await store.expireEvents(next.budget);
        expect(expired).toBe(Math.min(next.budget, dueBefore.length));
        expect(done).toBe(dueBefore.length <= next.budget);
        takeCommits();
        break;
      }
      case "flush":
        if (store.nextHeartbeatFlush !== undefined) model.flush();
        store.flushHeartbeats();
        expect(store.nextHeartbeatFlush).toBeUndefined();
        break;
      case "restart": {
        const { revision, compactedRevision } = store;
        store = reopen();
        model.restart();
        expect(store.revision).toBeGreaterThanOrEqual(model.highest);
        expect(store.compactedRevision).toBe(compactedRevision);
        expect(store.revision).toBeGreaterThanOrEqual(Math.min(revision, model.highest));
        break;
      }
      default:
        next satisfies never;
    }
    for (const at of KEYS) {
      const live = model.live.get(idOf(at));
      expect(store.get(at)).toEqual(live && { revision: live.revision, text: live.text });
    }
  }
}

/** Returns the revision, or 0 when there was nothing to delete. */
function writeOne(transaction: Transaction, at: ObjectKey, remove: boolean, value: number): number {
  const live = transaction.get(at);
  if (remove && live === undefined) return 0;
  if (remove && live !== undefined) return transaction.delete(at, structuredClone(live.object)).revision;
  // A third of the writes of a Lease change its holder, which is more than a heartbeat.
  const object = isLease(at) ? leaseObject(at, `after ${live?.revision}`, value === 0 ? "other" : "same") : thing(at, value);
  const { revision } = transaction.put(at, object);
  const listed = Array.from(transaction.list(at.resource, at.namespace)).find((item) => item.key.name === at.name);
  expect(listed?.revision).toBe(revision);
  return revision;
}

const sameHolder = (a: string, b: string) => JSON.parse(a).spec.holderIdentity === JSON.parse(b).spec.holderIdentity;

test("behaves like its model on random histories", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) =>
      withStore((opened) => run(steps, opened), { historyWindow: WINDOW, eventTimeToLive: TIME_TO_LIVE, heartbeatFlushInterval: FLUSH_INTERVAL }),
    ),
    { numRuns: 150, interruptAfterTimeLimit: 60_000 },
  );
});
