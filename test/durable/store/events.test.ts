import { describe, expect, test } from "vitest";
import { event, put, remove, rowCount, shown, thing, told, withStore } from "./fixture.ts";

const minutes = 60_000;

describe("Events", () => {
  test("are written, read and listed like other objects, in one row each", () =>
    withStore(async ({ store, storage, commits }) => {
      await put(store, event("b"), 1);
      await put(store, event("a"), 1);
      await put(store, event("b"), 2);
      expect(shown(store.list({ resource: "events" }).items)).toEqual(["default/a@3", "default/b@4"]);
      expect(store.list({ resource: "events", limit: 1 })).toMatchObject({ remaining: 1 });
      expect(shown(store.list({ resource: "events", limit: 1, after: { namespace: "default", name: "a" } }).items)).toEqual(["default/b@4"]);
      expect(store.list({ resource: "events", namespace: "other" }).items).toEqual([]);
      expect(JSON.parse(store.get(event("b"))?.text ?? "").spec.value).toBe(2);
      expect([rowCount(storage, "events"), rowCount(storage, "revisions"), rowCount(storage, "objects")]).toEqual([2, 0, 0]);
      expect(commits.map(told)).toEqual([["2 ADDED b"], ["3 ADDED a"], ["4 MODIFIED b was 2"]]);
    }));

  test("a list that streams while an Event is written again or deleted still gets a text for each of its items", () =>
    withStore(async ({ store }) => {
      await put(store, event("a"), 1);
      await put(store, event("b"), 1);
      const { items } = store.list({ resource: "events" });
      await put(store, event("a"), 2);
      await put(store, event("a"), 3);
      await remove(store, event("b"));
      const [a, b] = store.texts(items.map((item) => item.revision)).map((text) => JSON.parse(text));
      expect([a.spec.value, b.metadata.name]).toEqual([3, "b"]);
    }));

  test("a list at an old revision has the Events that existed then", () =>
    withStore(async ({ store, reopen }) => {
      await put(store, event("a"), 1);
      await put(store, event("b"), 1);
      await put(store, event("a"), 2);
      await remove(store, event("b"));
      await put(store, event("b"), "again");
      await put(store, event("c"), 1);
      for (const each of [store, reopen()]) {
        expect(shown(each.list({ resource: "events", revision: 3 }).items)).toEqual(["default/a@4", "default/b@5"]);
        expect(shown(each.list({ resource: "events", revision: 5 }).items)).toEqual(["default/a@4"]);
        expect(shown(each.list({ resource: "events" }).items)).toEqual(["default/a@4", "default/b@6", "default/c@7"]);
      }
    }));

  test("a resumed watch sees the latest state of each, deletions included, and nothing of what came and went", () =>
    withStore(async ({ store, reopen }) => {
      await put(store, event("a"), 1);
      await put(store, event("b"), 1);
      await put(store, event("a"), 2);
      await put(store, event("a"), 3);
      await remove(store, event("b"));
      await put(store, event("short"), 1);
      await remove(store, event("short"));
      await put(store, event("c"), 1);
      for (const each of [store, reopen()]) {
        expect(told(each.changesAfter(3, "events"))).toEqual(["5 MODIFIED a was 5", "6 DELETED b was 6", "9 ADDED c"]);
        expect(told(each.changesAfter(1))).toEqual(["5 ADDED a", "9 ADDED c"]);
      }
    }));

  test("live one hour after their last write, then are deleted for all watchers to see", () =>
    withStore(async ({ store, clock, commits, storage }) => {
      await put(store, event("a"), 1);
      await put(store, event("b"), 1);
      clock.now += 30 * minutes;
      await put(store, event("a"), 2);
      expect(store.nextEventExpiry).toBe(1_000_000 + 61 * minutes);
      clock.now += 31 * minutes;
      commits.length = 0;
      expect(await store.expireEvents(10)).toEqual({ done: true, expired: 1 });
      expect(commits.map(told)).toEqual([["5 DELETED b was 3"]]);
      expect(shown(store.list({ resource: "events" }).items)).toEqual(["default/a@4"]);
      expect(told(store.changesAfter(4, "events"))).toEqual(["5 DELETED b was 5"]);
      clock.now += 30 * minutes;
      expect(await store.expireEvents(10)).toEqual({ done: true, expired: 1 });
      expect(store.nextEventExpiry).toBeUndefined();
      clock.now += 10 * minutes;
      store.compact(100);
      expect([rowCount(storage, "events"), rowCount(storage, "revisions")]).toEqual([0, 0]);
    }));

  test("expire in small steps", () =>
    withStore(async ({ store, clock }) => {
      await store.write((transaction) => {
        for (let index = 0; index < 5; index++) transaction.put(event(`e${index}`), thing(event(`e${index}`), 1));
      });
      clock.now += 61 * minutes;
      expect(await store.expireEvents(3)).toEqual({ done: false, expired: 3 });
      const [rewritten, step] = await Promise.all([put(store, event("e4"), 2), store.expireEvents(3)]);
      expect(step).toEqual({ done: true, expired: 1 });
      expect(shown(store.list({ resource: "events" }).items)).toEqual([`default/e4@${rewritten.revision}`]);
    }));

  test("written and deleted in one group leave only the deletion", () =>
    withStore(async ({ store, commits, storage, reopen }) => {
      await Promise.all([put(store, event("a"), 1), put(store, event("a"), 2), remove(store, event("a"))]);
      expect(commits.map(told)).toEqual([["2 ADDED a", "3 MODIFIED a was 2", "4 DELETED a was 3"]]);
      expect(rowCount(storage, "events")).toBe(0);
      for (const each of [store, reopen()]) {
        expect(each.list({ resource: "events", revision: 2 }).items).toHaveLength(1);
        expect(told(each.changesAfter(3, "events"))).toEqual(["4 DELETED a was 4"]);
        expect(each.revision).toBe(4);
      }
    }));
});
