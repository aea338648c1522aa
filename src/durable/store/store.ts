/** The store of one cluster: multi-version objects in the SQLite database of a Durable Object. */
import { compactStep, oldestUncompactedAt } from "./compaction.ts";
import { CompactedError, FutureRevisionError } from "./errors.ts";
import { EVENTS, EventTable } from "./events.ts";
import { HEARTBEATS, HeartbeatTable, mayHaveHeartbeats } from "./heartbeats.ts";
import { type LiveChange, LiveObject } from "./live.ts";
import { LiveCache } from "./live-cache.ts";
import * as log from "./log.ts";
import { comparePaths, keyOf, pathOf, pathRange } from "./path.ts";
import { migrate, readCounters, schemaVersion } from "./schema.ts";
import { Group, type LiveReader } from "./transaction.ts";
import type { Change, CompactionStep, ListQuery, ObjectKey, Snapshot, Stored, Transaction } from "./types.ts";

export interface StoreOptions {
  /** The clock, in ms since 1970. */
  now: () => number;
  /** How long history is kept, in ms. Default 5 minutes. */
  historyWindow?: number;
  /** How long an Event lives after its last write, in ms. Default 1 hour. */
  eventTimeToLive?: number;
  /** How long heartbeats may stay in memory only, in ms. Default 1 minute. */
  heartbeatFlushInterval?: number;
}

/** Chores are due this much after they become possible, in ms, so that one alarm does many rows. */
const CHORE_SLACK = 60_000;

/** How many texts, or changes, one SQL query reads. */
const CHUNK = 100;

interface Waiting {
  /** Runs the operation in the group; the returned function settles its promise. */
  run: (group: Group) => () => void;
  reject: (reason: unknown) => void;
}

/**
 * Every commit appends a row to `revisions`, under a revision that is the cluster's one counter, and points `objects` at
 * it. A row is never changed. `prev` is the row that it replaced. For example, in a new store (revision 1):
 *
 *     put pods x/a, put pods x/b, put pods x/a again, delete pods x/b, put pods x/b again
 *
 *     revisions: rev  path  type      prev  value            objects: path  rev
 *                2    x/a   ADDED     0     a, first                  x/a   4
 *                3    x/b   ADDED     0     b, first                  x/b   6
 *                4    x/a   MODIFIED  2     a, second
 *                5    x/b   DELETED   3     b, first
 *                6    x/b   ADDED     0     b, new
 *
 * The latest list is `objects` in order: {a4, b6}. The list at 3 is {a2, b3}: neither live row is that old, and of the rows
 * after 3, row 4 points back to 2 and row 5 to 3, while row 6, a creation, points back to nothing. A watch from 3 is the
 * rows 4, 5, 6, each with the row it replaced.
 *
 * Compaction to 5 walks the rows 2 to 5 and drops what each replaced, and the deletion itself:
 *
 *     revisions: 4    x/a   MODIFIED  2     a, second        objects: x/a   4
 *                6    x/b   ADDED     0     b, new                    x/b   6
 *
 * Now reads at a revision before 5 and watches from before 5 throw CompactedError; the list at 5 is {a4}, the watch from 5
 * is row 6. As in etcd, the compacted revision itself stays readable.
 *
 * Two kinds of objects live beside the log, for their price: Events (events.ts) and the renewals of node Leases
 * (heartbeats.ts). Both share the counter and the changes; neither keeps superseded states.
 *
 * A revision is never used twice. After a restart the counter begins at the greatest of the newest rows, the compacted
 * revision (its row may be gone) and the end of the block reserved for heartbeats (most of which leave no row).
 */
export class Store {
  readonly #storage: DurableObjectStorage;
  readonly #options: Required<StoreOptions>;
  readonly #events: EventTable;
  readonly #heartbeats: HeartbeatTable;
  readonly #listeners: ((changes: readonly Change[]) => void)[] = [];
  readonly #liveReader: LiveReader;
  readonly #cache = new LiveCache();
  #exists: boolean;
  #revision = 0;
  #compacted = 0;
  #reserved = 0;
  #lastCommitAt = 0;
  #queue: Waiting[] = [];

  /** Opens the store, whose work does not depend on its size; creates nothing. */
  constructor(storage: DurableObjectStorage, options: StoreOptions) {
    this.#storage = storage;
    this.#options = { historyWindow: 300_000, eventTimeToLive: 3_600_000, heartbeatFlushInterval: 60_000, ...options };
    this.#events = new EventTable(storage.sql, this.#options.historyWindow);
    this.#heartbeats = new HeartbeatTable(storage.sql, this.#options.historyWindow, this.#options.heartbeatFlushInterval);
    this.#liveReader = {
      get: (key, path) => this.#live(key, path),
      rows: (resource, namespace) => this.#liveRows(resource, namespace),
      objects: (resource, rows) => this.#liveObjects(resource, rows),
    };
    const version = schemaVersion(storage.sql);
    this.#exists = version > 0;
    if (this.#exists) this.#open(version);
  }

  /** Whether the store has been created. Before that, only `create` may be called. */
  get exists(): boolean {
    return this.#exists;
  }

  /** Creates the tables; idempotent. */
  create(): void {
    if (this.#exists) return;
    this.#open(0);
    this.#exists = true;
  }

  /** The latest revision; 1 when nothing has been written yet, 0 when the store does not exist. */
  get revision(): number {
    return this.#revision;
  }

  /** The oldest revision that can be listed, and that changes can be asked after. */
  get compactedRevision(): number {
    return this.#compacted;
  }

  /** Size of the database file in bytes. Freed pages are reused, but the file never shrinks. */
  size(): number {
    return this.#storage.sql.databaseSize;
  }

  /** Has `listener` called with the changes of each commit, in order, before the promise of any of its writes resolves. */
  onCommit(listener: (changes: readonly Change[]) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Runs `operation`, synchronously and alone, and commits what it has written, together with the other writes that wait
   * at this moment. If it throws, nothing of it is written and only this promise rejects. When the promise resolves, the
   * platform's output gate holds back whatever leaves the object until the commit is on disk.
   */
  write<T>(operation: (transaction: Transaction) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ run: (group) => runIn(group, operation, resolve, reject), reject });
      // A finished sync() is the earliest moment at which the requests that arrived together have all been queued; timers
      // are coarser and slower on newer runtimes.
      if (this.#queue.length === 1)
        this.#storage.sync().then(
          () => this.#flush(),
          (error) => this.#rejectAll(error),
        );
    });
  }

  /** The live object. */
  get(key: ObjectKey): Stored | undefined {
    const live = this.#live(key, pathOf(key.namespace, key.name));
    return live && { revision: live.revision, text: live.text };
  }

  /**
   * The keys of the snapshot at a revision in order of "namespace/name", bytewise as in etcd. Events and heartbeats have no
   * history: they are listed if they existed at that revision, with the revision and text they have now.
   * @throws CompactedError, FutureRevisionError
   */
  list(query: ListQuery): Snapshot {
    const revision = query.revision ?? this.#revision;
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    if (revision < this.#compacted) throw new CompactedError(revision, this.#compacted);
    const range = { resource: query.resource, ...pathRange(query.namespace ?? "", query.after) };
    const limit = query.limit ?? -1;
    if (query.resource === EVENTS) {
      const rows = this.#rows(query.resource, range, revision, -1);
      const page = limit < 0 ? rows : rows.slice(0, limit);
      return { revision, items: page.map(itemOf), remaining: rows.length - page.length };
    }
    const rows = this.#rows(query.resource, range, revision, limit);
    const last = rows.at(-1);
    let remaining = 0;
    if (rows.length === limit) {
      const rest = last === undefined ? range : { ...range, from: last.path };
      remaining = revision === this.#revision ? log.countLive(this.#storage.sql, rest) : log.countAt(this.#storage.sql, rest, revision);
    }
    return { revision, items: rows.map(itemOf), remaining };
  }

  /**
   * The texts of revisions got from `list`, in the order given. Of an Event or heartbeat written again since, the newest.
   * @throws CompactedError when one is gone, which takes more than the history window between the list and this call
   */
  texts(revisions: readonly number[]): string[] {
    const texts = new Map<number, string>();
    for (let start = 0; start < revisions.length; start += CHUNK) {
      const chunk = revisions.slice(start, start + CHUNK);
      log.addTexts(this.#storage.sql, chunk, texts);
      for (const table of [this.#events, this.#heartbeats]) {
        const missing = chunk.filter((revision) => !texts.has(revision));
        if (missing.length > 0) table.addTexts(missing, texts);
      }
    }
    return revisions.map((revision) => {
      const text = texts.get(revision);
      if (text === undefined) throw new CompactedError(revision, this.#compacted);
      return text;
    });
  }

  /** The texts of revisions got from `list`, joined as `frame` says, in UTF-8; undefined when they have to be read by `texts`. */
  joinedTexts(revisions: readonly number[], frame: log.TextFrame): ArrayBuffer | undefined {
    return log.joinTexts(this.#storage.sql, revisions, frame);
  }

  /**
   * Every change of `resource` (undefined = of all) after `revision`, in order, up to the latest at the time of the call.
   * Of Events and heartbeats only the latest change. Read in chunks, so that it can be consumed in one turn or, within the
   * history window, over several.
   * @throws CompactedError
   */
  changesAfter(revision: number, resource?: string): Iterable<Change> {
    if (revision < this.#compacted) throw new CompactedError(revision, this.#compacted);
    const { sql } = this.#storage;
    const upTo = this.#revision;
    const sources: Iterator<LiveChange>[] = [];
    if (resource === undefined || resource === EVENTS) sources.push(inChunks(revision, (from) => this.#events.changes(revision, from, upTo, CHUNK)));
    if (resource === undefined || resource === HEARTBEATS.resource) sources.push(this.#heartbeats.changesAfter(revision).values());
    sources.push(inChunks(revision, (from) => log.changes(sql, resource, revision, from, upTo, CHUNK)));
    return mergeByRevision(sources);
  }

  /**
   * As `changesAfter`, of these resources, for a reader that is mostly interested in keys: a change's texts are read when
   * asked for, which must be in the turn of the call.
   * @throws CompactedError at the call, or when a text is asked for
   */
  changesUnreadAfter(revision: number, resources: readonly string[]): Iterable<Change> {
    if (revision < this.#compacted) throw new CompactedError(revision, this.#compacted);
    const upTo = this.#revision;
    const wanted = JSON.stringify(resources);
    const sources: Iterator<LiveChange>[] = [];
    if (resources.includes(EVENTS)) sources.push(inChunks(revision, (from) => this.#events.changes(revision, from, upTo, CHUNK)));
    if (resources.includes(HEARTBEATS.resource)) sources.push(this.#heartbeats.changesAfter(revision).values());
    sources.push(inChunks(revision, (from) => log.changesUnread(this.#storage.sql, wanted, revision, from, upTo, CHUNK)));
    return mergeByRevision(sources);
  }

  /** Is there any live object of this resource (other than Events)? */
  any(resource: string): boolean {
    return this.#cache.list(resource, "") === undefined ? log.anyLive(this.#storage.sql, resource) : this.#liveRows(resource, "").length > 0;
  }

  /** When `compact` should next be called, in ms; undefined = there is nothing to compact. */
  get nextCompaction(): number | undefined {
    const oldest = oldestUncompactedAt(this.#storage.sql, this.#compacted);
    return oldest === undefined ? undefined : oldest + this.#options.historyWindow + CHORE_SLACK;
  }

  /** Compacts a little: walks at most `budgetRows` rows of the log that are older than the history window. */
  compact(budgetRows: number): CompactionStep {
    const cutoff = this.#options.now() - this.#options.historyWindow;
    const step = compactStep(this.#storage, this.#compacted, cutoff, budgetRows);
    this.#compacted = step.compacted;
    const done = step.oldestAt === undefined || step.oldestAt > cutoff;
    return {
      done,
      compactedRevision: step.compacted,
      rowsDeleted: step.rowsDeleted,
      lag: done ? 0 : cutoff - (step.oldestAt ?? cutoff),
    };
  }

  /** When `expireEvents` should next be called, in ms; undefined = there are no Events. */
  get nextEventExpiry(): number | undefined {
    const oldest = this.#events.oldestWriteAt;
    return oldest === undefined ? undefined : oldest + this.#options.eventTimeToLive + CHORE_SLACK;
  }

  /** Deletes at most `budget` Events whose time to live is over, as an ordinary commit that watches see. */
  async expireEvents(budget: number): Promise<{ done: boolean; expired: number }> {
    const cutoff = this.#options.now() - this.#options.eventTimeToLive;
    const expired = await this.write((transaction) => {
      const events = this.#events.expired(cutoff, budget);
      let count = 0;
      for (const { key, revision } of events) {
        const live = transaction.get(key);
        // Written again, or deleted, by an earlier operation of this group.
        if (live?.revision !== revision) continue;
        transaction.delete(key, structuredClone(live.object));
        count++;
      }
      return count;
    });
    const oldest = this.#events.oldestWriteAt;
    return { done: oldest === undefined || oldest > cutoff, expired };
  }

  /** When `flushHeartbeats` should next be called, in ms; undefined = all are on disk. */
  get nextHeartbeatFlush(): number | undefined {
    return this.#heartbeats.nextFlush;
  }

  /** Writes the heartbeats kept in memory to disk. */
  flushHeartbeats(): void {
    if (this.#heartbeats.nextFlush !== undefined) this.#storage.transactionSync(() => this.#heartbeats.flush());
  }

  #open(version: number): void {
    migrate(this.#storage, version);
    const counters = readCounters(this.#storage.sql);
    this.#revision = counters.revision;
    this.#compacted = counters.compacted;
    this.#reserved = counters.reserved;
    this.#lastCommitAt = counters.lastCommitAt;
  }

  /** Commits all waiting writes as one group and tells the listeners, all in this turn; then settles the promises. */
  #flush(): void {
    const waiting = this.#queue;
    this.#queue = [];
    const at = Math.max(this.#lastCommitAt, this.#options.now());
    const { writesThrough } = this.#heartbeats;
    try {
      const { group, settle, reserved } = this.#storage.transactionSync(() => {
        const group = new Group(this.#liveReader, this.#revision);
        const settle = waiting.map(({ run }) => run(group));
        return { group, settle, reserved: group.apply(this.#storage.sql, this.#events, at, this.#reserved, writesThrough) };
      });
      const { changes } = group;
      if (changes.length > 0) {
        group.committed(this.#events, this.#heartbeats, this.#cache, at);
        this.#revision = group.revision;
        this.#reserved = reserved;
        this.#lastCommitAt = at;
        // What one turn writes reaches the disk as one.
        if (writesThrough) this.flushHeartbeats();
        this.#tell(changes);
      }
      for (const settleOne of settle) settleOne();
    } catch (error) {
      // Without this, everyone in the group would wait for ever.
      for (const { reject } of waiting) reject(error);
    }
  }

  /** A listener's failure is the listener's: the commit has happened, and its writers are to know. */
  #tell(changes: readonly Change[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(changes);
      } catch (error) {
        reportError(error);
      }
    }
  }

  #rejectAll(error: unknown): void {
    const waiting = this.#queue;
    this.#queue = [];
    for (const { reject } of waiting) reject(error);
  }

  #live(key: ObjectKey, path: string): LiveObject | undefined {
    if (key.resource === EVENTS) return this.#events.get(path);
    if (mayHaveHeartbeats(key)) return this.#heartbeats.get(path) ?? log.readLive(this.#storage.sql, key, path);
    const cached = this.#cache.get(key.resource, path);
    if (cached !== undefined) return cached;
    const live = log.readLive(this.#storage.sql, key, path);
    if (live !== undefined) this.#cache.set(path, live);
    return live;
  }

  #liveRows(resource: string, namespace: string): readonly log.Row[] {
    const cached = this.#cache.list(resource, namespace);
    if (cached !== undefined) return cached;
    const rows = this.#rows(resource, { resource, ...pathRange(namespace, undefined) }, this.#revision, -1);
    this.#cache.setList(resource, namespace, rows);
    return rows;
  }

  #liveObjects(resource: string, rows: readonly log.Row[]): LiveObject[] {
    const cached = rows.map((row) => this.#cache.get(resource, row.path));
    const missing = rows.filter((_, index) => cached[index] === undefined).map((row) => row.revision);
    const texts = missing.length > 0 ? this.texts(missing) : [];
    let next = 0;
    return rows.map((row, index) => {
      const known = cached[index];
      if (known !== undefined) return known;
      const live = new LiveObject(keyOf(resource, row.path), row.revision, row.revision, texts[next++] ?? "");
      if (resource !== EVENTS && !mayHaveHeartbeats(live.key)) this.#cache.set(row.path, live);
      return live;
    });
  }

  /** The rows of a snapshot in order, at most `limit` of them (-1 = all; Events: always all). */
  #rows(resource: string, range: log.Range, revision: number, limit: number): log.Row[] {
    const { sql } = this.#storage;
    if (resource === EVENTS) {
      const rows = [...this.#events.range(range.from, range.to, revision)];
      if (revision < this.#revision) rows.push(...log.eventsDeletedSince(sql, range, revision));
      return rows.sort((a, b) => comparePaths(a.path, b.path));
    }
    const rows = revision === this.#revision ? log.liveRows(sql, range, limit) : log.rowsAt(sql, range, revision, limit);
    if (resource !== HEARTBEATS.resource) return rows;
    return rows.map((row) => ({ path: row.path, revision: this.#heartbeats.over(row.path, row.revision)?.revision ?? row.revision }));
  }
}

/** Runs one operation of a group and returns what settles its promise once the group is committed. */
function runIn<T>(group: Group, operation: (transaction: Transaction) => T, resolve: (value: T) => void, reject: (reason: unknown) => void): () => void {
  try {
    const result = group.run(operation);
    return () => resolve(result);
  } catch (error) {
    return () => reject(error);
  }
}

function itemOf(row: log.Row): Snapshot["items"][number] {
  const { namespace, name } = keyOf("", row.path);
  return { namespace, name, revision: row.revision };
}

function* inChunks(after: number, read: (from: number) => LiveChange[]): Generator<LiveChange, undefined> {
  for (let from = after; ; ) {
    const chunk = read(from);
    yield* chunk;
    from = chunk.at(-1)?.revision ?? from;
    if (chunk.length < CHUNK) return undefined;
  }
}

function* mergeByRevision(sources: Iterator<LiveChange>[]): Generator<LiveChange> {
  const heads = sources.map((source) => source.next());
  for (;;) {
    let first = -1;
    let revision = Number.POSITIVE_INFINITY;
    for (const [index, head] of heads.entries()) {
      if (!head.done && head.value.revision < revision) {
        first = index;
        revision = head.value.revision;
      }
    }
    const head = heads[first];
    const source = sources[first];
    if (head === undefined || head.done || source === undefined) return;
    yield head.value;
    heads[first] = source.next();
  }
}
