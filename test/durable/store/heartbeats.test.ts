import { describe, expect, test } from "vitest";
import type { Store } from "../../../src/durable/store/store.ts";
import { lease, leaseObject, remove, rowCount, shown, told, withStore } from "./fixture.ts";

const renew = (store: Store, node: string, time: string, holder?: string) =>
  store.write((transaction) => transaction.put(lease(node), leaseObject(lease(node), time, holder)));

const renewTime = (store: Store, node: string) => JSON.parse(store.get(lease(node))?.text ?? "{}").spec?.renewTime;

/** The block of revisions that one row reserves. */
const block = 1000;

describe("node heartbeats", () => {
  test("write no row, are told to watchers one by one, and every read gives the newest", () =>
    withStore(async ({ store, storage, commits }) => {
      await renew(store, "n1", "t0");
      await renew(store, "n1", "t1");
      await renew(store, "n1", "t2");
      expect(rowCount(storage, "heartbeats")).toBe(1);
      const rows = rowCount(storage, "revisions") + rowCount(storage, "objects") + rowCount(storage, "counters");
      await Promise.all([renew(store, "n1", "t3"), renew(store, "n1", "t4")]);
      expect(rowCount(storage, "revisions") + rowCount(storage, "objects") + rowCount(storage, "counters")).toBe(rows);
      expect(commits.flatMap(told)).toEqual(["2 ADDED n1", "3 MODIFIED n1 was 2", "4 MODIFIED n1 was 3", "5 MODIFIED n1 was 4", "6 MODIFIED n1 was 5"]);
      expect(renewTime(store, "n1")).toBe("t4");
      const list = store.list({ resource: "leases.coordination.k8s.io" });
      expect(shown(list.items)).toEqual(["kube-node-lease/n1@6"]);
      expect(JSON.parse(store.texts([6])[0] ?? "").spec.renewTime).toBe("t4");
      expect(told(store.changesAfter(4))).toEqual(["6 MODIFIED n1 was 5"]);
      const seen = await store.write((transaction) => Array.from(transaction.list("leases.coordination.k8s.io", ""), (item) => item.revision));
      expect(seen).toEqual([6]);
    }));

  test("a list that streams while a node renews still gets a text: the newest", () =>
    withStore(async ({ store }) => {
      await renew(store, "n1", "t0");
      await renew(store, "n1", "t1");
      const { items } = store.list({ resource: "leases.coordination.k8s.io" });
      await renew(store, "n1", "t2");
      expect(JSON.parse(store.texts(items.map((item) => item.revision))[0] ?? "").spec.renewTime).toBe("t2");
      await remove(store, lease("n1"));
      expect(JSON.parse(store.texts(items.map((item) => item.revision))[0] ?? "").metadata.name).toBe("n1");
    }));

  test("are flushed when due, all in one row, and found after a restart; what came after the flush is lost", () =>
    withStore(async ({ store, clock, storage, reopen }) => {
      await renew(store, "n1", "t0");
      await renew(store, "n2", "t0");
      await renew(store, "n1", "flushed at once");
      expect(store.nextHeartbeatFlush).toBeUndefined();
      await renew(store, "n1", "t1");
      clock.now += 10_000;
      await renew(store, "n2", "t1");
      expect(store.nextHeartbeatFlush).toBe(1_060_000);
      store.flushHeartbeats();
      expect(store.nextHeartbeatFlush).toBeUndefined();
      expect(rowCount(storage, "heartbeats")).toBe(1);
      await renew(store, "n1", "t2");
      const again = reopen();
      expect([renewTime(again, "n1"), renewTime(again, "n2")]).toEqual(["t1", "t1"]);
      expect(told(again.changesAfter(3))).toEqual(["5 MODIFIED n1 was 5", "6 MODIFIED n2 was 6"]);
    }));

  test("never share a revision with anything, though a crash forgets them", () =>
    withStore(async ({ store, reopen }) => {
      await renew(store, "n1", "t0");
      expect((await renew(store, "n1", "t1")).revision).toBe(3);
      const second = reopen();
      expect(second.revision).toBe(3);
      await renew(second, "n1", "t2");
      expect((await renew(second, "n1", "t3")).revision).toBe(5);
      const third = reopen();
      expect(third.revision).toBe(5 + block);
      expect((await renew(third, "n1", "t4")).revision).toBe(6 + block);
      expect(third.list({ resource: "leases.coordination.k8s.io", revision: 3 }).revision).toBe(3);
    }));

  test("reach the disk even when the object is evicted between any two of them", () =>
    withStore(async ({ store, reopen }) => {
      await renew(store, "n1", "t0");
      let awake = store;
      for (const time of ["t1", "t2", "t3"]) {
        await renew(awake, "n1", time);
        awake = reopen();
        expect(renewTime(awake, "n1")).toBe(time);
      }
    }));

  test("a change of more than the time is an ordinary commit, which a restart keeps", () =>
    withStore(async ({ store, storage, reopen }) => {
      await renew(store, "n1", "t0");
      await renew(store, "n1", "t1");
      store.flushHeartbeats();
      const changed = await renew(store, "n1", "t2", "another");
      expect(rowCount(storage, "revisions")).toBe(2);
      expect(told(store.changesAfter(changed.revision - 1))).toEqual([`${changed.revision} MODIFIED n1 was 2`]);
      expect(renewTime(reopen(), "n1")).toBe("t2");
      await renew(store, "n1", "t3", "another");
      expect(renewTime(store, "n1")).toBe("t3");
    }));

  test("deleting and making a Lease again forgets the heartbeats of the old one", () =>
    withStore(async ({ store, reopen }) => {
      await renew(store, "n1", "t0");
      await renew(store, "n1", "t1");
      store.flushHeartbeats();
      const deleted = await remove(store, lease("n1"));
      expect(JSON.parse(deleted.text).spec.renewTime).toBe("t1");
      for (const each of [store, reopen()]) {
        expect(each.get(lease("n1"))).toBeUndefined();
        expect(shown(each.list({ resource: "leases.coordination.k8s.io", revision: 3 }).items)).toEqual(["kube-node-lease/n1@2"]);
      }
      await renew(store, "n1", "t5");
      expect([renewTime(store, "n1"), renewTime(reopen(), "n1")]).toEqual(["t5", "t5"]);
    }));

  test("survive compaction: the row that they started from stays", () =>
    withStore(async ({ store, clock, reopen }) => {
      await renew(store, "n1", "t0");
      await renew(store, "n1", "t1");
      store.flushHeartbeats();
      clock.now += 600_000;
      store.compact(100);
      expect(renewTime(reopen(), "n1")).toBe("t1");
    }));

  test("of a thousand nodes take a few rows a flush", () =>
    withStore(async ({ store, storage, reopen }) => {
      const nodes = Array.from({ length: 1000 }, (_, index) => `node-${index}`);
      for (const time of ["t0", "t1"]) await Promise.all(nodes.map((node) => renew(store, node, time, `${node}-${"x".repeat(600)}`)));
      store.flushHeartbeats();
      expect(rowCount(storage, "heartbeats")).toBe(2);
      const again = reopen();
      expect(nodes.every((node) => renewTime(again, node) === "t1")).toBe(true);
      for (const node of nodes.slice(10)) await remove(again, lease(node));
      await renew(again, "node-1", "t2", `node-1-${"x".repeat(600)}`);
      again.flushHeartbeats();
      expect(rowCount(storage, "heartbeats")).toBe(1);
    }));

  test("leases elsewhere are ordinary objects", () =>
    withStore(async ({ store, storage }) => {
      const election = { ...lease("scheduler"), namespace: "kube-system" };
      for (const time of ["t0", "t1"]) await store.write((transaction) => transaction.put(election, leaseObject(election, time)));
      expect(rowCount(storage, "revisions")).toBe(2);
      expect(store.nextHeartbeatFlush).toBeUndefined();
    }));
});
