import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { CompactedError, FutureRevisionError, ObjectTooLargeError } from "../../../src/durable/store/errors.ts";
import { Store } from "../../../src/durable/store/store.ts";
import type { Transaction } from "../../../src/durable/store/types.ts";
import { key, newStub, pod, put, remove, rowCount, shown, thing, told, withStore } from "./fixture.ts";

describe("opening", () => {
  test("creates nothing until asked to", () =>
    runInDurableObject(newStub(), (_instance, state) => {
      const store = new Store(state.storage, { now: () => 0 });
      expect(store.exists).toBe(false);
      expect(store.revision).toBe(0);
      expect(state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray()).toEqual([]);
      store.create();
      store.create();
      expect(store.exists).toBe(true);
      expect(new Store(state.storage, { now: () => 0 }).exists).toBe(true);
    }));

  test("an empty store is at revision 1, as etcd's: no list may have the resource version 0", () =>
    withStore(async ({ store }) => {
      expect(store.revision).toBe(1);
      expect(store.list({ resource: "pods" })).toEqual({ revision: 1, items: [], remaining: 0 });
      expect((await put(store, pod("a"), 1)).revision).toBe(2);
    }));

  test("refuses a database of a newer release", () =>
    withStore(async ({ storage, reopen }) => {
      storage.sql.exec("UPDATE store_schema SET version = 1000");
      expect(reopen).toThrow("schema version 1000");
    }));

  test("reads no more of a big store than of a small one", () =>
    withStore(async ({ store, storage, reopen }) => {
      await store.write((transaction) => {
        for (let index = 0; index < 2000; index++) transaction.put(pod(`p${index}`), thing(pod(`p${index}`), "x".repeat(1000)));
      });
      let rowsRead = 0;
      const counted = new Proxy(storage, {
        get(target, property) {
          if (property !== "sql") return Reflect.get(target, property);
          return {
            exec(query: string, ...bindings: unknown[]) {
              const cursor = target.sql.exec(query, ...bindings);
              const rows = cursor.toArray();
              rowsRead += cursor.rowsRead;
              return { toArray: () => rows, one: () => rows[0], [Symbol.iterator]: () => rows[Symbol.iterator]() };
            },
          };
        },
      });
      expect(new Store(counted, { now: () => 0 }).revision).toBe(reopen().revision);
      expect(rowsRead).toBeLessThan(50);
    }));
});

describe("write", () => {
  test("numbers every write from one counter and puts the number into the object", () =>
    withStore(async ({ store }) => {
      const first = await put(store, pod("a"), 1);
      const second = await put(store, key("deployments.apps", "default", "d"), 1);
      expect([first.revision, second.revision, store.revision]).toEqual([2, 3, 3]);
      expect(JSON.parse(second.text).metadata.resourceVersion).toBe("3");
      expect(store.get(pod("a"))).toEqual(first);
      expect(store.get(pod("b"))).toBeUndefined();
    }));

  test("commits what waits together as one group, in the order of the calls, each operation seeing those before it", () =>
    withStore(async ({ store, commits }) => {
      const seen: unknown[] = [];
      const increment = (transaction: Transaction) => {
        const live = transaction.get(pod("a")) as { object: { spec?: { value: number } } } | undefined;
        const value = (live?.object.spec?.value ?? 0) + 1;
        seen.push(value);
        return transaction.put(pod("a"), thing(pod("a"), value));
      };
      const written = await Promise.all([store.write(increment), store.write(increment), store.write(increment)]);
      expect(seen).toEqual([1, 2, 3]);
      expect(written.map((stored) => stored.revision)).toEqual([2, 3, 4]);
      expect(commits.map(told)).toEqual([["2 ADDED a", "3 MODIFIED a was 2", "4 MODIFIED a was 3"]]);
      expect(JSON.parse(store.get(pod("a"))?.text ?? "").spec.value).toBe(3);
      expect(told(store.changesAfter(1))).toEqual(["2 ADDED a", "3 MODIFIED a was 2", "4 MODIFIED a was 3"]);
    }));

  test("an operation that throws fails alone and leaves nothing, not even a gap in the revisions", () =>
    withStore(async ({ store, commits }) => {
      const results = await Promise.allSettled([
        put(store, pod("a"), 1),
        store.write((transaction) => {
          transaction.put(pod("a"), thing(pod("a"), "lost"));
          transaction.put(pod("b"), thing(pod("b"), "lost"));
          throw new Error("conflict");
        }),
        store.write((transaction) => {
          expect(transaction.get(pod("b"))).toBeUndefined();
          return transaction.put(pod("c"), thing(pod("c"), 1));
        }),
      ]);
      expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(commits.map(told)).toEqual([["2 ADDED a", "3 ADDED c"]]);
      expect(shown(store.list({ resource: "pods" }).items)).toEqual(["default/a@2", "default/c@3"]);
    }));

  test("an unexpected failure of the flush rejects everyone, writes nothing, and the store goes on", () =>
    withStore(async ({ store, storage, commits }) => {
      await put(store, pod("a"), 1);
      storage.sql.exec("ALTER TABLE objects RENAME TO elsewhere");
      storage.sql.exec("CREATE VIEW objects AS SELECT * FROM elsewhere");
      const results = await Promise.allSettled([put(store, pod("a"), 2), put(store, pod("b"), 1)]);
      expect(results.map((result) => result.status)).toEqual(["rejected", "rejected"]);
      storage.sql.exec("DROP VIEW objects");
      storage.sql.exec("ALTER TABLE elsewhere RENAME TO objects");
      expect(store.revision).toBe(2);
      expect((await put(store, pod("b"), 1)).revision).toBe(3);
      expect(commits.map(told)).toEqual([["2 ADDED a"], ["3 ADDED b"]]);
    }));

  test("tells listeners before the writer, and a listener that throws harms neither writer nor other listeners", () =>
    withStore(async ({ store }) => {
      const order: string[] = [];
      const reported: unknown[] = [];
      const original = globalThis.reportError;
      globalThis.reportError = (error: unknown) => void reported.push(error);
      store.onCommit(() => {
        throw new Error("a bad listener");
      });
      store.onCommit((changes) => order.push(`told ${changes.length}`));
      await put(store, pod("a"), 1).then(() => order.push("written"));
      globalThis.reportError = original;
      expect(order).toEqual(["told 1", "written"]);
      expect(reported).toHaveLength(1);
    }));

  test("an operation that writes nothing commits nothing", () =>
    withStore(async ({ store, commits }) => {
      expect(await store.write((transaction) => transaction.get(pod("a")))).toBeUndefined();
      expect([store.revision, commits.length]).toEqual([1, 0]);
    }));

  test("a transaction is of no use after its operation", () =>
    withStore(async ({ store }) => {
      const kept = await store.write((transaction) => transaction);
      expect(() => kept.get(pod("a"))).toThrow("the transaction is over");
      expect(() => kept.put(pod("a"), thing(pod("a"), 1))).toThrow("the transaction is over");
    }));

  test("deleting what does not exist is a mistake of the caller", () =>
    withStore(async ({ store }) => {
      await expect(store.write((transaction) => transaction.delete(pod("a"), thing(pod("a"), 1)))).rejects.toThrow("does not exist");
    }));

  test.each([
    ["ASCII", "x", 1_572_700, true],
    ["ASCII", "x", 1_572_900, false],
    ["three-byte", "€", 524_200, true],
    ["three-byte", "€", 524_300, false],
  ])("holds objects up to 1.5 MiB of UTF-8: %s %s times %i", (_title, character, count, fits) =>
    withStore(async ({ store }) => {
      const written = put(store, pod("a"), character.repeat(count));
      if (fits) expect((await written).revision).toBe(2);
      else await expect(written).rejects.toThrow(ObjectTooLargeError);
      expect(store.revision).toBe(fits ? 2 : 1);
    }),
  );

  test("a transaction lists the live objects with what the group and the operation have written, in order", () =>
    withStore(async ({ store }) => {
      for (const name of ["b", "d", "f"]) await put(store, pod(name), "old");
      await put(store, key("pods", "other", "z"), "old");
      const names = (transaction: Transaction, namespace: string) =>
        Array.from(transaction.list("pods", namespace), ({ key: at, object }) => `${at.name} ${(object as unknown as { spec: { value: string } }).spec.value}`);
      const [, listed, everywhere] = await Promise.all([
        store.write((transaction) => transaction.put(pod("c"), thing(pod("c"), "group"))),
        store.write((transaction) => {
          transaction.put(pod("d"), thing(pod("d"), "own"));
          transaction.delete(pod("f"), thing(pod("f"), "gone"));
          transaction.put(pod("g"), thing(pod("g"), "own"));
          return names(transaction, "default");
        }),
        store.write((transaction) => names(transaction, "").length),
      ]);
      expect(listed).toEqual(["b old", "c group", "d own", "g own"]);
      expect(everywhere).toBe(5);
    }));
});

describe("list", () => {
  test("orders by namespace/name bytewise, as etcd's keys do: a-b before a", () =>
    withStore(async ({ store }) => {
      for (const [namespace, name] of [
        ["a", "x"],
        ["a-b", "x"],
        ["a", "B"],
        ["a", "x-1"],
        ["a", "x.1"],
        ["", "cluster"],
        ["a", "é"],
      ] as const)
        await put(store, key("things", namespace, name), 1);
      const paths = store.list({ resource: "things" }).items.map((item) => `${item.namespace}/${item.name}`);
      expect(paths).toEqual(["/cluster", "a-b/x", "a/B", "a/x", "a/x-1", "a/x.1", "a/é"]);
      expect(store.list({ resource: "things", namespace: "a" }).items).toHaveLength(5);
      expect(store.list({ resource: "thing" }).items).toEqual([]);
    }));

  test("pages count what remains exactly and stay in one snapshot while others write", () =>
    withStore(async ({ store }) => {
      for (const name of ["a", "b", "c", "d", "e"]) await put(store, pod(name), 1);
      const first = store.list({ resource: "pods", limit: 2 });
      expect([first.revision, shown(first.items), first.remaining]).toEqual([6, ["default/a@2", "default/b@3"], 3]);
      await remove(store, pod("c"));
      await put(store, pod("d"), 2);
      await put(store, pod("bb"), 1);
      await remove(store, pod("e"));
      await put(store, pod("e"), "again");
      const second = store.list({ resource: "pods", limit: 2, revision: 6, after: { namespace: "default", name: "b" } });
      expect([shown(second.items), second.remaining]).toEqual([["default/c@4", "default/d@5"], 1]);
      const third = store.list({ resource: "pods", limit: 2, revision: 6, after: { namespace: "default", name: "d" } });
      expect([shown(third.items), third.remaining]).toEqual([["default/e@6"], 0]);
      expect(store.texts([6, 4]).map((text) => JSON.parse(text).metadata.name)).toEqual(["e", "c"]);
      expect(shown(store.list({ resource: "pods" }).items)).toEqual(["default/a@2", "default/b@3", "default/bb@9", "default/d@8", "default/e@11"]);
    }));

  test("a full page with nothing after it remains 0, and a limit of 0 only counts", () =>
    withStore(async ({ store }) => {
      for (const name of ["a", "b"]) await put(store, pod(name), 1);
      expect(store.list({ resource: "pods", limit: 2 }).remaining).toBe(0);
      expect(store.list({ resource: "pods", limit: 0 })).toEqual({ revision: 3, items: [], remaining: 2 });
    }));

  test("refuses revisions that are not there yet", () =>
    withStore(async ({ store }) => {
      expect(() => store.list({ resource: "pods", revision: 2 })).toThrow(FutureRevisionError);
    }));

  test("costs rows in proportion to the live keys, not to history", () =>
    withStore(async ({ store, storage }) => {
      for (let round = 0; round < 50; round++) {
        await store.write((transaction) => {
          for (const name of ["a", "b", "c"]) transaction.put(pod(name), thing(pod(name), round));
        });
      }
      let rowsRead = 0;
      const exec = storage.sql.exec.bind(storage.sql);
      const counted = new Store(
        new Proxy(storage, {
          get: (target, property) =>
            property === "sql"
              ? {
                  exec(query: string, ...bindings: unknown[]) {
                    const cursor = exec(query, ...bindings);
                    const rows = cursor.toArray();
                    rowsRead += cursor.rowsRead;
                    return { toArray: () => rows, one: () => rows[0], [Symbol.iterator]: () => rows[Symbol.iterator]() };
                  },
                }
              : Reflect.get(target, property),
        }),
        { now: () => 0 },
      );
      rowsRead = 0;
      const { items } = counted.list({ resource: "pods" });
      counted.texts(items.map((item) => item.revision));
      expect(items).toHaveLength(3);
      expect(rowsRead).toBeLessThanOrEqual(15);
    }));

  test("gives texts by the hundreds in the order asked for", () =>
    withStore(async ({ store }) => {
      await store.write((transaction) => {
        for (let index = 0; index < 250; index++) transaction.put(pod(`p${index}`), thing(pod(`p${index}`), index));
      });
      const revisions = Array.from({ length: 250 }, (_, index) => 251 - index);
      const joined = store.joinedTexts(revisions, { before: "[", omit: '{"apiVersion":"v1",', after: "]" });
      const items = JSON.parse(new TextDecoder().decode(joined)) as { metadata: { resourceVersion: string } }[];
      expect(items.map((item) => Number(item.metadata.resourceVersion))).toEqual(revisions);
      expect(items.some((item) => "apiVersion" in item)).toBe(false);
      expect(store.joinedTexts([...revisions, 5000], { before: "", omit: "", after: "" })).toBeUndefined();
      expect(store.texts(revisions).map((text) => Number(JSON.parse(text).metadata.resourceVersion))).toEqual(revisions);
      expect(() => store.texts([5000])).toThrow(CompactedError);
    }));
});

describe("changesAfter", () => {
  test("gives every change once in order, of one resource or of all, with the state before", () =>
    withStore(async ({ store }) => {
      await put(store, pod("a"), 1);
      await put(store, key("services", "default", "s"), 1);
      await put(store, pod("a"), 2);
      await remove(store, pod("a"));
      await put(store, pod("a"), 3);
      expect(told(store.changesAfter(1, "pods"))).toEqual(["2 ADDED a", "4 MODIFIED a was 2", "5 DELETED a was 4", "6 ADDED a"]);
      expect(told(store.changesAfter(4))).toEqual(["5 DELETED a was 4", "6 ADDED a"]);
      expect(told(store.changesAfter(6))).toEqual([]);
      expect(told(store.changesAfter(60))).toEqual([]);
      const deleted = [...store.changesAfter(4, "pods")][0];
      expect(deleted?.object).toMatchObject({ metadata: { resourceVersion: "5" }, spec: { value: 2 } });
      expect(deleted?.previous?.object).toMatchObject({ metadata: { resourceVersion: "4" }, spec: { value: 2 } });
    }));

  test("reads long histories in chunks and ends at the revision of the call", () =>
    withStore(async ({ store }) => {
      for (let round = 0; round < 5; round++) {
        await store.write((transaction) => {
          for (let index = 0; index < 50; index++) transaction.put(pod(`p${index}`), thing(pod(`p${index}`), round));
        });
      }
      const seen: number[] = [];
      for (const change of store.changesAfter(1)) {
        if (seen.length === 20) await put(store, pod("late"), 1);
        seen.push(change.revision);
      }
      expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => index + 2));
    }));
});

describe("restart", () => {
  test("finds everything that was acknowledged, and counts on", async () => {
    const id = newStub().id;
    await withStore(
      async ({ store }) => {
        await put(store, pod("a"), 1);
        await put(store, pod("a"), 2);
        await put(store, pod("b"), 1);
        await remove(store, pod("b"));
      },
      {},
      id,
    );
    await abortAllDurableObjects();
    await withStore(
      async ({ store }) => {
        expect(store.revision).toBe(5);
        expect(shown(store.list({ resource: "pods" }).items)).toEqual(["default/a@3"]);
        expect(told(store.changesAfter(2))).toEqual(["3 MODIFIED a was 2", "4 ADDED b", "5 DELETED b was 4"]);
        expect((await put(store, pod("b"), 2)).revision).toBe(6);
      },
      {},
      id,
    );
  });
});

describe("compaction", () => {
  const minutes = 60_000;

  test("follows the example in the documentation of the store", () =>
    withStore(async ({ store, clock, storage }) => {
      const at = (name: string) => key("pods", "x", name);
      await put(store, at("a"), "first");
      await put(store, at("b"), "first");
      await put(store, at("a"), "second");
      expect(shown(store.list({ resource: "pods", revision: 3 }).items)).toEqual(["x/a@2", "x/b@3"]);
      await remove(store, at("b"));
      clock.now += 2 * minutes;
      await put(store, at("b"), "new");
      expect(shown(store.list({ resource: "pods", revision: 3 }).items)).toEqual(["x/a@2", "x/b@3"]);
      clock.now += 4 * minutes;
      expect(store.compact(100)).toEqual({ done: true, compactedRevision: 5, rowsDeleted: 3, lag: 0 });
      expect(Array.from(storage.sql.exec<{ rev: number }>("SELECT rev FROM revisions"), (row) => row.rev)).toEqual([4, 6]);
      expect(store.compactedRevision).toBe(5);
      expect(shown(store.list({ resource: "pods", revision: 5 }).items)).toEqual(["x/a@4"]);
      expect(() => store.list({ resource: "pods", revision: 4 })).toThrow(CompactedError);
      expect(told(store.changesAfter(5))).toEqual(["6 ADDED b"]);
      expect(() => store.changesAfter(4)).toThrow(CompactedError);
    }));

  test("keeps five minutes of history, goes in small steps and reports its lag", () =>
    withStore(async ({ store, clock, storage }) => {
      for (let value = 0; value < 10; value++) {
        await put(store, pod("a"), value);
        clock.now += minutes;
      }
      // Commits at minutes 0 to 9; it is minute 10, so those of minutes 0 to 5 are out of the window.
      expect(store.nextCompaction).toBe(1_000_000 + 5 * minutes + minutes);
      expect(store.compact(4)).toEqual({ done: false, compactedRevision: 5, rowsDeleted: 3, lag: minutes });
      expect(store.compact(4)).toEqual({ done: true, compactedRevision: 7, rowsDeleted: 2, lag: 0 });
      expect(store.compact(4)).toEqual({ done: true, compactedRevision: 7, rowsDeleted: 0, lag: 0 });
      expect(rowCount(storage, "revisions")).toBe(5);
      expect(told(store.changesAfter(7))).toHaveLength(4);
      clock.now += 60 * minutes;
      store.compact(100);
      expect(rowCount(storage, "revisions")).toBe(1);
      expect(store.nextCompaction).toBeUndefined();
      expect(store.get(pod("a"))?.revision).toBe(11);
    }));

  test("does not give out revisions again whose rows are gone", () =>
    withStore(async ({ store, clock, storage, reopen }) => {
      await put(store, pod("a"), 1);
      await remove(store, pod("a"));
      clock.now += 10 * minutes;
      store.compact(100);
      expect(rowCount(storage, "revisions")).toBe(0);
      const again = reopen();
      expect([again.revision, again.compactedRevision]).toEqual([3, 3]);
      expect((await put(again, pod("a"), 1)).revision).toBe(4);
    }));

  test("a clock that steps back neither shortens the window nor blocks compaction for ever", () =>
    withStore(async ({ store, clock, reopen }) => {
      await put(store, pod("a"), 1);
      clock.now -= 30 * minutes;
      const later = reopen();
      await put(later, pod("a"), 2);
      clock.now += 34 * minutes;
      expect(later.compact(10).compactedRevision).toBe(0);
      clock.now += 2 * minutes;
      expect(later.compact(10).compactedRevision).toBe(3);
    }));
});
