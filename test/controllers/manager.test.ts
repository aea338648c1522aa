import { describe, expect, it } from "vitest";
import { type Context, type Controller, defineController, type ObjectChange } from "../../src/controllers/controller.ts";
import { backoff, type Journal, Manager, type Timer } from "../../src/controllers/manager.ts";

class CompactedAway extends Error {}

/** A journal in memory, with a clock that only moves when told. */
class World {
  time = 1_000;
  log: ObjectChange[] = [];
  position = 0;
  compacted = 0;
  readonly timers = new Map<string, Timer>();
  /** Resources of which there are objects. */
  readonly present = new Set<string>();

  readonly journal: Journal = {
    cursor: () => this.position,
    setCursor: (revision) => {
      this.position = revision;
    },
    latest: () => this.log.at(-1)?.revision ?? 0,
    changesAfter: (revision, resources) => {
      if (revision < this.compacted) throw new CompactedAway();
      return this.log.filter((change) => change.revision > revision && resources.includes(change.key.resource));
    },
    any: (resource) => this.present.has(resource),
    isCompacted: (error) => error instanceof CompactedAway,
    dueTimers: (now) => [...this.timers.values()].filter((timer) => timer.at <= now),
    setTimer: (timer) => void this.timers.set(`${timer.controller}/${timer.key}`, timer),
    clearTimer: (controller, key) => void this.timers.delete(`${controller}/${key}`),
    nextTimer: () => (this.timers.size === 0 ? undefined : Math.min(...[...this.timers.values()].map((timer) => timer.at))),
  };

  commit(name: string): void {
    const revision = (this.log.at(-1)?.revision ?? 0) + 1;
    this.log.push({
      revision,
      type: "ADDED",
      key: { resource: "things", namespace: "", name },
      object: { apiVersion: "v1", kind: "Thing", metadata: { name } },
      previous: undefined,
    });
  }

  manager(...controllers: Controller[]): Manager {
    return new Manager(controllers, this.journal, { now: () => this.time } as Context);
  }
}

function recorder(name: string, reconcile: Controller["reconcile"] = async () => undefined) {
  const seen: string[] = [];
  const controller = defineController({
    name,
    watches: [{ resource: "things", keys: (change) => [change.key.name] }],
    resync: async () => ["resynced"],
    reconcile: async (key, context) => {
      seen.push(key);
      return reconcile(key, context);
    },
  });
  return { controller, seen };
}

describe("the manager", () => {
  it("turns every change after the cursor into a key, once, and moves the cursor", async () => {
    const world = new World();
    const { controller, seen } = recorder("a");
    const manager = world.manager(controller);
    world.commit("x");
    world.commit("x");
    world.commit("y");
    await manager.run(1_000);
    expect(seen).toEqual(["x", "y"]);
    expect(world.position).toBe(3);
    await manager.run(1_000);
    expect(seen).toEqual(["x", "y"]);
    expect(manager.next()).toBeUndefined();
  });

  it("loses nothing when the object dies between reading the log and reconciling", async () => {
    const world = new World();
    const dying = recorder("a", async () => new Promise(() => {}));
    world.commit("x");
    void world.manager(dying.controller).run(1_000);
    await Promise.resolve();
    const { controller, seen } = recorder("a");
    await world.manager(controller).run(1_000);
    expect(seen).toEqual(["x"]);
  });

  it("retries a failing key with growing delays and lets the others go on", async () => {
    const world = new World();
    const { controller, seen } = recorder("a", async (key) => {
      if (key === "bad") throw new Error("no");
      return undefined;
    });
    const manager = world.manager(controller);
    world.commit("bad");
    world.commit("good");
    await manager.run(1_000);
    expect(seen).toEqual(["bad", "good"]);
    expect(manager.next()).toBe(world.time + backoff(1));
    world.time += backoff(1);
    await manager.run(1_000);
    expect(manager.next()).toBe(world.time + backoff(2));
    expect(manager.metrics.get("a")).toMatchObject({ errors: 2, retries: 2 });
  });

  it("comes back to a key that asked for it, and not before", async () => {
    const world = new World();
    const { controller, seen } = recorder("a", async () => (seen.length === 1 ? { requeueAfter: 60_000 } : undefined));
    const manager = world.manager(controller);
    world.commit("x");
    await manager.run(1_000);
    world.time += 59_999;
    await manager.run(1_000);
    expect(seen).toEqual(["x"]);
    world.time += 1;
    await manager.run(1_000);
    expect(seen).toEqual(["x", "x"]);
    expect(manager.next()).toBeUndefined();
  });

  it("gives each controller its turn: one with many keys does not hold up another", async () => {
    const world = new World();
    const order: string[] = [];
    const busy = recorder("busy", async (key) => void order.push(`busy ${key}`));
    const other = recorder("other", async (key) => void order.push(`other ${key}`));
    for (let at = 0; at < 3; at++) world.commit(String(at));
    await world.manager(busy.controller, other.controller).run(1_000);
    expect(order).toEqual(["busy 0", "other 0", "busy 1", "other 1", "busy 2", "other 2"]);
  });

  it("keeps what the time budget did not reach as work that is due at once", async () => {
    const world = new World();
    const { controller, seen } = recorder("a", async () => {
      world.time += 600;
      return undefined;
    });
    const manager = world.manager(controller);
    for (const key of ["x", "y", "z"]) world.commit(key);
    await manager.run(1_000);
    expect(seen).toEqual(["x", "y"]);
    expect(manager.next()).toBeLessThanOrEqual(world.time);
    await manager.run(1_000);
    expect(seen).toEqual(["x", "y", "z"]);
  });

  it("looks at everything when the history it needs has been compacted away", async () => {
    const world = new World();
    const { controller, seen } = recorder("a");
    world.commit("x");
    world.compacted = 1;
    await world.manager(controller).run(1_000);
    expect(seen).toEqual(["resynced"]);
    expect(world.position).toBe(1);
  });

  it("wants no alarm for changes that no controller watches", () => {
    const world = new World();
    const { controller } = recorder("a");
    const manager = world.manager(controller);
    world.commit("x");
    expect(manager.concerns(world.log)).toBe(true);
    expect(manager.concerns(world.log.map((change) => ({ ...change, key: { ...change.key, resource: "others" } })))).toBe(false);
  });

  it("wakes for changes that matter only beside other objects when there are any", () => {
    const world = new World();
    const { controller } = recorder("a");
    const manager = world.manager({ ...controller, watches: [{ resource: "things", whileAny: "budgets", keys: (change) => [change.key.name] }] });
    world.commit("x");
    expect(manager.concerns(world.log)).toBe(false);
    world.present.add("budgets");
    expect(manager.concerns(world.log)).toBe(true);
  });
});
