/**
 * One group commit. Operations run one after another on buffered writes: an operation's writes join the group only when it
 * returns, so a failing one leaves nothing behind and needs no savepoint; then the whole group is written to the tables.
 */
import type { KubeObject } from "../../kube/object.ts";
import { ObjectTooLargeError } from "./errors.ts";
import { EVENTS, type EventTable } from "./events.ts";
import { type HeartbeatTable, isHeartbeat, mayHaveHeartbeats } from "./heartbeats.ts";
import { LiveChange, LiveObject } from "./live.ts";
import type { LiveCache } from "./live-cache.ts";
import type { Row } from "./log.ts";
import { comparePaths, pathOf } from "./path.ts";
import { CHANGE_TYPES, writeCounter } from "./schema.ts";
import type { ObjectKey, Stored, StoredObject, Transaction } from "./types.ts";

/** No object above 1.5 MiB, etcd's own limit; the platform's for one value is 2 MB. */
const MAX_BYTES = 1_572_864;

/** Revisions reserved by one row for heartbeats, which leave no row to find the counter by after a crash. */
const RESERVATION = 1000;

/** What a group reads beneath itself: the state before it. */
export interface LiveReader {
  get(key: ObjectKey, path: string): LiveObject | undefined;
  /** Live rows in order; namespace "" = all. */
  rows(resource: string, namespace: string): readonly Row[];
  /** The objects of such rows, in the same order. */
  objects(resource: string, rows: readonly Row[]): LiveObject[];
}

interface Write {
  change: LiveChange;
  table: "log" | "events" | "memory";
}

/** The newest state of keys by resource and path; undefined = not there. */
class Overlay {
  readonly #resources = new Map<string, Map<string, LiveObject | undefined>>();

  of(resource: string): Map<string, LiveObject | undefined> {
    let paths = this.#resources.get(resource);
    if (paths === undefined) {
      paths = new Map();
      this.#resources.set(resource, paths);
    }
    return paths;
  }

  addAll(other: Overlay): void {
    for (const [resource, paths] of other.#resources) {
      const mine = this.of(resource);
      for (const [path, live] of paths) mine.set(path, live);
    }
  }
}

export class Group {
  readonly writes: Write[] = [];
  readonly #state = new Overlay();
  readonly #reader: LiveReader;
  #revision: number;

  constructor(reader: LiveReader, revision: number) {
    this.#reader = reader;
    this.#revision = revision;
  }

  /** The latest revision that the group has used. */
  get revision(): number {
    return this.#revision;
  }

  get changes(): LiveChange[] {
    return this.writes.map((write) => write.change);
  }

  /** Runs one operation; if it throws, the group is as if it had never run. */
  run<T>(operation: (transaction: Transaction) => T): T {
    const transaction = new OperationTransaction(this.#reader, this.#state, this.#revision);
    try {
      const result = operation(transaction);
      this.#state.addAll(transaction.state);
      this.writes.push(...transaction.writes);
      this.#revision = transaction.revision;
      return result;
    } finally {
      transaction.close();
    }
  }

  /**
   * Writes the tables; part of the SQL transaction. `reserved` and the result: up to where revisions are reserved. The
   * caller flushes heartbeats right after the transaction when it says that they write through.
   */
  apply(sql: SqlStorage, events: EventTable, at: number, reserved: number, heartbeatsWriteThrough: boolean): number {
    const pointers = new Map<string, LiveChange>();
    let reservedNow = reserved;
    for (const { change, table } of this.writes) {
      if (table === "events") events.write(change, at);
      if (table === "memory" && !heartbeatsWriteThrough && change.revision > reservedNow) {
        reservedNow = change.revision + RESERVATION;
        writeCounter(sql, "reserved", reservedNow);
      }
      if (table === "log" || change.type === "DELETED") {
        sql.exec(
          "INSERT INTO revisions (rev, at, resource, path, type, prev, value) VALUES (?, ?, ?, ?, ?, ?, ?)",
          change.revision,
          at,
          change.key.resource,
          change.path,
          CHANGE_TYPES.indexOf(change.type),
          change.previous?.logRevision ?? 0,
          change.text,
        );
      }
      if (table === "log") pointers.set(`${change.key.resource}\n${change.path}`, change);
    }
    for (const change of pointers.values()) {
      if (change.type === "DELETED") {
        sql.exec("DELETE FROM objects WHERE resource = ? AND path = ?", change.key.resource, change.path);
      } else {
        sql.exec(
          "INSERT INTO objects (resource, path, rev) VALUES (?, ?, ?) ON CONFLICT (resource, path) DO UPDATE SET rev = excluded.rev",
          change.key.resource,
          change.path,
          change.revision,
        );
      }
    }
    return reservedNow;
  }

  /** Follows the commit in memory, once the SQL transaction has succeeded. */
  committed(events: EventTable, heartbeats: HeartbeatTable, cache: LiveCache, at: number): void {
    for (const { change, table } of this.writes) {
      const { key, path, live } = change;
      cache.committed(key.resource, path, table === "log" && change.type !== "DELETED" && !mayHaveHeartbeats(key) ? live : undefined);
      if (table === "events") events.committed(change, at);
      else if (table === "memory" && change.previous !== undefined) heartbeats.renewed(change.path, change.live, change.previous, at);
      else if (mayHaveHeartbeats(change.key)) heartbeats.replaced(change.path, change.live, at);
    }
  }
}

class OperationTransaction implements Transaction {
  readonly writes: Write[] = [];
  readonly state = new Overlay();
  revision: number;
  readonly #reader: LiveReader;
  readonly #group: Overlay;
  #open = true;

  constructor(reader: LiveReader, group: Overlay, revision: number) {
    this.#reader = reader;
    this.#group = group;
    this.revision = revision;
  }

  close(): void {
    this.#open = false;
  }

  get(key: ObjectKey): LiveObject | undefined {
    this.#assertOpen();
    const path = pathOf(key.namespace, key.name);
    const own = this.state.of(key.resource);
    if (own.has(path)) return own.get(path);
    const group = this.#group.of(key.resource);
    if (group.has(path)) return group.get(path);
    const live = this.#reader.get(key, path);
    // Nothing changes beneath a group, so that what one operation has read is good for all of them.
    group.set(path, live);
    return live;
  }

  list(resource: string, namespace: string): Iterable<StoredObject & { key: ObjectKey }> {
    this.#assertOpen();
    const overlay = new Map(this.#group.of(resource));
    for (const [path, live] of this.state.of(resource)) overlay.set(path, live);
    const below = this.#reader.rows(resource, namespace).filter((row) => !overlay.has(row.path));
    const above = [...overlay.values()].filter((live) => live !== undefined && (namespace === "" || live.key.namespace === namespace));
    return merge(this.#reader, resource, below, above as LiveObject[]);
  }

  put(key: ObjectKey, object: KubeObject): Stored {
    const previous = this.get(key);
    const revision = ++this.revision;
    object.metadata.resourceVersion = String(revision);
    const text = textOf(object);
    const table = tableOf(key, previous, object);
    const logRevision = table === "log" ? revision : (previous?.logRevision ?? revision);
    const live = new LiveObject(key, revision, logRevision, text, object);
    this.#write(new LiveChange(previous ? "MODIFIED" : "ADDED", pathOf(key.namespace, key.name), live, previous), table, live);
    return { revision, text };
  }

  delete(key: ObjectKey, last: KubeObject): Stored {
    const previous = this.get(key);
    if (previous === undefined) throw new Error(`cannot delete ${key.resource} ${pathOf(key.namespace, key.name)}: it does not exist`);
    const revision = ++this.revision;
    last.metadata.resourceVersion = String(revision);
    const live = new LiveObject(key, revision, revision, textOf(last), last);
    this.#write(new LiveChange("DELETED", pathOf(key.namespace, key.name), live, previous), key.resource === EVENTS ? "events" : "log", undefined);
    return { revision, text: live.text };
  }

  #write(change: LiveChange, table: Write["table"], live: LiveObject | undefined): void {
    this.writes.push({ change, table });
    this.state.of(change.key.resource).set(change.path, live);
  }

  #assertOpen(): void {
    if (!this.#open) throw new Error("the transaction is over: an operation must do all of its work before it returns");
  }
}

function tableOf(key: ObjectKey, previous: LiveObject | undefined, object: KubeObject): Write["table"] {
  if (key.resource === EVENTS) return "events";
  return previous !== undefined && mayHaveHeartbeats(key) && isHeartbeat(previous.object, object) ? "memory" : "log";
}

function textOf(object: KubeObject): string {
  const text = JSON.stringify(object);
  // A UTF-16 unit takes at most three bytes: most objects need no counting.
  if (text.length * 3 > MAX_BYTES) {
    const bytes = new TextEncoder().encode(text).byteLength;
    if (bytes > MAX_BYTES) throw new ObjectTooLargeError(bytes, MAX_BYTES);
  }
  return text;
}

/** Rows whose objects are read as they are reached, a hundred at a time, and objects at hand, in key order. */
function* merge(reader: LiveReader, resource: string, below: readonly Row[], above: LiveObject[]): Generator<LiveObject> {
  const pathOfLive = (live: LiveObject) => pathOf(live.key.namespace, live.key.name);
  above.sort((a, b) => comparePaths(pathOfLive(a), pathOfLive(b)));
  let next = 0;
  for (let start = 0; start < below.length; start += 100) {
    const chunk = below.slice(start, start + 100);
    for (const object of reader.objects(resource, chunk)) {
      for (let live = above[next]; live !== undefined && pathOfLive(live) < pathOfLive(object); live = above[next]) {
        yield live;
        next++;
      }
      yield object;
    }
  }
  yield* above.slice(next);
}
