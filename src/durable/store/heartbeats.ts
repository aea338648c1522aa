/**
 * Node heartbeats are not history. A renewal of a node's Lease replaces the copy in memory and writes no row; about once a
 * minute all copies go to the `heartbeats` table, some hundreds to a row. What a crash loses is at most the renewals since
 * the last flush: the Lease is then read in its last flushed state and the node renews it within ten seconds.
 *
 * The first renewal after a start is flushed at once. The platform evicts an object after ten seconds of quiet, which is as
 * often as a node renews: the object of a small cluster may lose its memory between any two renewals, and then would never
 * show a fresh one.
 *
 * The log keeps the row that the renewals started from (`LiveObject.logRevision`); it is live as far as `objects` and
 * compaction are concerned. A copy counts only as long as `objects` points at that same row, so the table may hold
 * leftovers of Leases deleted or truly changed since.
 */
import type { KubeObject } from "../../kube/object.ts";
import { LiveChange, LiveObject } from "./live.ts";
import { keyOf, pathOf, pathRange } from "./path.ts";
import { SupersededRevisions } from "./superseded.ts";
import type { ObjectKey } from "./types.ts";

export const HEARTBEATS = { resource: "leases.coordination.k8s.io", namespace: "kube-node-lease" } as const;

/** Well below the 2 MB that a value may have. */
const PAGE_CHARACTERS = 500_000;

export function mayHaveHeartbeats(key: ObjectKey): boolean {
  return key.resource === HEARTBEATS.resource && key.namespace === HEARTBEATS.namespace;
}

/** Whether replacing `previous` by `next` only renews: nothing but the time and who set it differs. */
export function isHeartbeat(previous: KubeObject, next: KubeObject): boolean {
  return JSON.stringify(withoutRenewal(previous)) === JSON.stringify(withoutRenewal(next));
}

function withoutRenewal(lease: KubeObject & { spec?: object }): unknown {
  return {
    ...lease,
    metadata: { ...lease.metadata, resourceVersion: undefined, managedFields: undefined },
    spec: { ...lease.spec, renewTime: undefined },
  };
}

interface Heartbeat {
  live: LiveObject;
  previous: LiveObject;
}

export class HeartbeatTable {
  readonly #sql: SqlStorage;
  readonly #flushInterval: number;
  readonly #superseded: SupersededRevisions<Heartbeat>;
  #loaded: Map<string, Heartbeat> | undefined;
  #nextFlush: number | undefined;
  #flushedSinceStart = false;

  constructor(sql: SqlStorage, window: number, flushInterval: number) {
    this.#sql = sql;
    this.#superseded = new SupersededRevisions(window);
    this.#flushInterval = flushInterval;
  }

  /** When the copies in memory should go to disk, in ms; undefined = they are there already. */
  get nextFlush(): number | undefined {
    return this.#nextFlush;
  }

  /** Whether the next renewal is to be flushed with its commit. */
  get writesThrough(): boolean {
    return !this.#flushedSinceStart;
  }

  get(path: string): LiveObject | undefined {
    return this.#copies.get(path)?.live;
  }

  /** The copy that stands for the row `logRevision`, if there is one. */
  over(path: string, logRevision: number): LiveObject | undefined {
    const live = this.get(path);
    return live?.logRevision === logRevision ? live : undefined;
  }

  /** Fills in the texts of those `revisions` that are, or within the window were, a heartbeat's: the newest of that Lease. */
  addTexts(revisions: readonly number[], texts: Map<number, string>): void {
    const current = new Map<number, string>();
    for (const { live } of this.#copies.values()) current.set(live.revision, live.text);
    for (const revision of revisions) {
      const text = current.get(revision) ?? this.#superseded.ownerOf(revision)?.live.text;
      if (text !== undefined) texts.set(revision, text);
    }
  }

  /** The latest heartbeat of every Lease that has one after `revision`, in order. */
  changesAfter(revision: number): LiveChange[] {
    return [...this.#copies.values()]
      .filter(({ live }) => live.revision > revision)
      .sort((a, b) => a.live.revision - b.live.revision)
      .map(({ live, previous }) => new LiveChange("MODIFIED", pathOf(live.key.namespace, live.key.name), live, previous));
  }

  /** Takes over a heartbeat once it is committed. */
  renewed(path: string, live: LiveObject, previous: LiveObject, at: number): void {
    const copy = this.#copies.get(path);
    if (copy === undefined) {
      this.#copies.set(path, { live, previous });
    } else {
      this.#superseded.add(copy.live.revision, copy, at);
      copy.previous = previous;
      copy.live = live;
    }
    this.#nextFlush ??= at + this.#flushInterval;
  }

  /** Forgets the copy: the log has a newer row, or a deletion. */
  replaced(path: string, live: LiveObject, at: number): void {
    const copy = this.#copies.get(path);
    if (copy === undefined) return;
    this.#superseded.add(copy.live.revision, copy, at);
    copy.live = live;
    this.#copies.delete(path);
  }

  /** Writes all copies, some hundreds to a row. */
  flush(): void {
    if (this.#nextFlush === undefined) return;
    let page = 0;
    let entries: string[] = [];
    let characters = 0;
    let newest = 0;
    const write = () => {
      if (entries.length === 0) return;
      const value = `[${entries.join(",")}]`;
      this.#sql.exec(
        `INSERT INTO heartbeats (page, newest, value) VALUES (?, ?, ?)
         ON CONFLICT (page) DO UPDATE SET newest = excluded.newest, value = excluded.value`,
        page,
        newest,
        value,
      );
      page++;
      entries = [];
      characters = 0;
      newest = 0;
    };
    for (const [path, { live }] of this.#copies) {
      if (characters + live.text.length > PAGE_CHARACTERS) write();
      entries.push(`[${JSON.stringify(path)},${live.revision},${live.logRevision},${live.text}]`);
      characters += live.text.length;
      newest = Math.max(newest, live.revision);
    }
    write();
    this.#sql.exec("DELETE FROM heartbeats WHERE page >= ?", page);
    this.#nextFlush = undefined;
    this.#flushedSinceStart = true;
  }

  get #copies(): Map<string, Heartbeat> {
    if (this.#loaded !== undefined) return this.#loaded;
    const copies = new Map<string, Heartbeat>();
    const pages = this.#sql.exec<{ value: string }>("SELECT value FROM heartbeats").toArray();
    if (pages.length > 0) {
      const { from, to } = pathRange(HEARTBEATS.namespace, undefined);
      const logged = new Map<string, number>();
      const rows = this.#sql.exec<{ path: string; rev: number }>(
        "SELECT path, rev FROM objects WHERE resource = ? AND path > ? AND path < ?",
        HEARTBEATS.resource,
        from,
        to,
      );
      for (const row of rows) logged.set(row.path, row.rev);
      for (const { value } of pages) {
        for (const [path, revision, logRevision, object] of JSON.parse(value) as [string, number, number, KubeObject][]) {
          if (logged.get(path) !== logRevision) continue;
          const live = new LiveObject(keyOf(HEARTBEATS.resource, path), revision, logRevision, JSON.stringify(object), object);
          // The state before is not kept; nothing that selectors look at differs from it.
          copies.set(path, { live, previous: live });
        }
      }
    }
    this.#loaded = copies;
    return copies;
  }
}
