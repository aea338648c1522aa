/**
 * Drives the controllers from the revision log. The log is the work queue: a durable cursor says up to which
 * revision changes have been turned into keys, and durable timers hold what is to be looked at later (requeues
 * and retries). So a crash, an eviction or a deploy loses no work, and nothing is relisted on waking.
 *
 *   commit 7, 8, 9   cursor 6: the alarm reads 7..9, maps them to keys, reconciles, moves the cursor to 9
 *   crash at any point before that: the next alarm reads 7..9 again; reconciles are idempotent
 */
import type { Context, Controller, ObjectChange, Watch } from "./controller.ts";

export interface Timer {
  controller: string;
  key: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** Failures in a row, for the backoff. */
  failures: number;
}

/** Where the manager keeps what must survive. */
export interface Journal {
  cursor(): number;
  setCursor(revision: number): void;
  /** The revision up to which `changesAfter` can read now. */
  latest(): number;
  /** The changes of these resources, to be consumed in one turn. @throws when the history after `revision` has been compacted away. */
  changesAfter(revision: number, resources: readonly string[]): Iterable<ObjectChange>;
  /** Is there any object of this resource? */
  any(resource: string): boolean;
  isCompacted(error: unknown): boolean;
  dueTimers(now: number): Timer[];
  setTimer(timer: Timer): void;
  clearTimer(controller: string, key: string): void;
  nextTimer(): number | undefined;
}

export interface ControllerMetrics {
  reconciles: number;
  errors: number;
  retries: number;
  /** Total time in reconciles, milliseconds. */
  elapsed: number;
  depth: number;
}

const FIRST_RETRY = 5;
const LAST_RETRY = 1_000_000;

/** Milliseconds before the n-th retry: doubling from 5 ms to about 17 minutes, as client-go's default rate limiter. */
export function backoff(failures: number): number {
  return Math.min(LAST_RETRY, FIRST_RETRY * 2 ** (failures - 1));
}

export class Manager {
  readonly #controllers: ReadonlyMap<string, Controller>;
  readonly #byResource = new Map<string, { controller: Controller; watch: Watch }[]>();
  readonly #journal: Journal;
  readonly #context: Context;
  /** Keys to reconcile now, by controller; the value is the count of failures so far. */
  readonly #queues = new Map<string, Map<string, number>>();
  readonly metrics = new Map<string, ControllerMetrics>();

  constructor(controllers: readonly Controller[], journal: Journal, context: Context) {
    this.#controllers = new Map(controllers.map((controller) => [controller.name, controller]));
    this.#journal = journal;
    this.#context = context;
    for (const controller of controllers) {
      this.#queues.set(controller.name, new Map());
      this.metrics.set(controller.name, { reconciles: 0, errors: 0, retries: 0, elapsed: 0, depth: 0 });
      for (const watch of controller.watches) {
        const list = this.#byResource.get(watch.resource) ?? [];
        list.push({ controller, watch });
        this.#byResource.set(watch.resource, list);
      }
    }
  }

  /** Does any controller care for these changes? Only then is the alarm worth its price. */
  concerns(changes: readonly ObjectChange[]): boolean {
    const changed = new Set(changes.map((change) => change.key.resource));
    for (const resource of changed) {
      for (const { watch } of this.#byResource.get(resource) ?? []) {
        if (watch.whileAny !== undefined && !this.#journal.any(watch.whileAny)) continue;
        if (changes.some((change) => change.key.resource === resource && watch.keys(change).length > 0)) return true;
      }
    }
    return false;
  }

  /** When there is something to do next, in milliseconds since the epoch; undefined = never. */
  next(): number | undefined {
    return this.#journal.nextTimer();
  }

  /**
   * Reads the log from the cursor and reconciles until nothing is left or `budget` milliseconds are spent; what
   * is left over then becomes timers that are due at once. Controllers take turns, one key each.
   */
  async run(budget: number): Promise<void> {
    const deadline = this.#context.now() + budget;
    for (;;) {
      await this.#collect();
      const worked = await this.#round(deadline);
      if (!worked || this.#context.now() >= deadline) break;
    }
    for (const [controller, queue] of this.#queues) {
      for (const [key, failures] of queue) this.#journal.setTimer({ controller, key, at: this.#context.now(), failures });
      queue.clear();
    }
  }

  /** Turns log entries and due timers into keys. */
  async #collect(): Promise<void> {
    const cursor = this.#journal.cursor();
    const latest = this.#journal.latest();
    if (latest > cursor) {
      try {
        for (const change of this.#journal.changesAfter(cursor, [...this.#byResource.keys()])) {
          for (const { controller, watch } of this.#byResource.get(change.key.resource) ?? []) {
            for (const key of watch.keys(change)) this.#enqueue(controller.name, key, 0);
          }
        }
      } catch (error) {
        if (!this.#journal.isCompacted(error)) throw error;
        await this.#resyncAll();
      }
      // Until the queue has been worked off the keys live in memory only: make them durable before the cursor moves.
      for (const [controller, queue] of this.#queues) {
        for (const [key, failures] of queue) this.#journal.setTimer({ controller, key, at: this.#context.now(), failures });
      }
      this.#journal.setCursor(latest);
    }
    for (const timer of this.#journal.dueTimers(this.#context.now())) this.#enqueue(timer.controller, timer.key, timer.failures);
  }

  async #resyncAll(): Promise<void> {
    for (const controller of this.#controllers.values()) {
      for (const key of await controller.resync(this.#context)) this.#enqueue(controller.name, key, 0);
    }
  }

  #enqueue(controller: string, key: string, failures: number): void {
    const queue = this.#queues.get(controller);
    if (queue && !queue.has(key)) queue.set(key, failures);
  }

  /** One key of each controller in turn, until all queues are empty or the time is up. */
  async #round(deadline: number): Promise<boolean> {
    let worked = false;
    for (let busy = true; busy && this.#context.now() < deadline; ) {
      busy = false;
      for (const [name, queue] of this.#queues) {
        const next = queue.entries().next();
        const controller = this.#controllers.get(name);
        if (next.done || !controller) continue;
        const [key, failures] = next.value;
        queue.delete(key);
        busy = true;
        worked = true;
        await this.#reconcile(controller, key, failures);
      }
    }
    return worked;
  }

  async #reconcile(controller: Controller, key: string, failures: number): Promise<void> {
    const metrics = this.metrics.get(controller.name);
    const started = this.#context.now();
    try {
      const result = await controller.reconcile(key, this.#context);
      if (result?.requeueAfter !== undefined)
        this.#journal.setTimer({ controller: controller.name, key, at: this.#context.now() + result.requeueAfter, failures: 0 });
      else this.#journal.clearTimer(controller.name, key);
    } catch (error) {
      // One failing key must not stop the others: it comes back by its own timer.
      const count = failures + 1;
      this.#journal.setTimer({ controller: controller.name, key, at: this.#context.now() + backoff(count), failures: count });
      if (metrics) {
        metrics.errors++;
        metrics.retries++;
      }
      console.warn(`controller ${controller.name}: ${key}: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (metrics) {
      metrics.reconciles++;
      metrics.elapsed += this.#context.now() - started;
      metrics.depth = this.#queues.get(controller.name)?.size ?? 0;
    }
  }
}
