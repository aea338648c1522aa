/**
 * Events: many, short-lived, read seldom. One row each in a table ordered by last write, so that a create bills one row,
 * expiry takes rows off the old end, and a resumed watch reads the new end. Where a key's row lies is kept in memory, read
 * from the table at the first use. A deletion is a row of the log. A resumed watch sees only the latest state of each
 * Event, as the states between are not kept.
 */
import { LiveChange, LiveObject } from "./live.ts";
import { keyOf } from "./path.ts";
import { SupersededRevisions } from "./superseded.ts";

/** Events of the core group and of events.k8s.io are one resource. */
export const EVENTS = "events";

interface EventRow {
  /** Moves with each write. */
  revision: number;
  created: number;
}

export class EventTable {
  readonly #sql: SqlStorage;
  readonly #superseded: SupersededRevisions<EventRow>;
  #rows: Map<string, EventRow> | undefined;

  constructor(sql: SqlStorage, window: number) {
    this.#sql = sql;
    this.#superseded = new SupersededRevisions(window);
  }

  get(path: string): LiveObject | undefined {
    const row = this.#index.get(path);
    if (row === undefined) return undefined;
    const { value } = this.#sql.exec<{ value: string }>("SELECT value FROM events WHERE rev = ?", row.revision).one();
    return new LiveObject(keyOf(EVENTS, path), row.revision, row.created, value);
  }

  /** The live Events that existed at `revision` already and lie in the range, unordered, with the revision each has now. */
  *range(from: string, to: string, revision: number): Generator<{ path: string; revision: number }> {
    for (const [path, row] of this.#index) if (path > from && path < to && row.created <= revision) yield { path, revision: row.revision };
  }

  /** Fills in the texts of those `revisions` that are, or within the window were, an Event's: its newest, or its deletion's. */
  addTexts(revisions: readonly number[], texts: Map<number, string>): void {
    const nowAt = new Map(revisions.map((revision) => [revision, this.#superseded.ownerOf(revision)?.revision ?? revision]));
    const values = new Map<number, string>();
    const rows = this.#sql.exec<{ rev: number; value: string }>(
      `SELECT rev, value FROM events WHERE rev IN (SELECT value FROM json_each(?1))
       UNION ALL SELECT rev, value FROM revisions WHERE rev IN (SELECT value FROM json_each(?1))`,
      JSON.stringify([...nowAt.values()]),
    );
    for (const row of rows) values.set(row.rev, row.value);
    for (const [asked, revision] of nowAt) {
      const value = values.get(revision);
      if (value !== undefined) texts.set(asked, value);
    }
  }

  /** Writes a row; part of the transaction of a commit. */
  write(change: LiveChange, at: number): void {
    if (change.type === "DELETED") {
      this.#sql.exec("DELETE FROM events WHERE rev = ?", change.previous?.revision);
    } else if (change.previous === undefined) {
      this.#sql.exec(
        "INSERT INTO events (rev, at, path, created, value) VALUES (?, ?, ?, ?, ?)",
        change.revision,
        at,
        change.path,
        change.live.logRevision,
        change.text,
      );
    } else {
      this.#sql.exec("UPDATE events SET rev = ?, at = ?, value = ? WHERE rev = ?", change.revision, at, change.text, change.previous.revision);
    }
  }

  /** Follows a commit in memory; to be called once its transaction has succeeded. */
  committed(change: LiveChange, at: number): void {
    const row = this.#index.get(change.path);
    if (change.type === "DELETED") {
      if (row !== undefined) this.#superseded.add(row.revision, { revision: change.revision, created: row.created }, at);
      this.#index.delete(change.path);
    } else if (row === undefined) {
      this.#index.set(change.path, { revision: change.revision, created: change.live.logRevision });
    } else {
      this.#superseded.add(row.revision, row, at);
      row.revision = change.revision;
    }
  }

  /** Up to `limit` of the changes after `revision` and up to `upTo`: the latest one of each live Event, in order. */
  changes(revision: number, from: number, upTo: number, limit: number): LiveChange[] {
    const rows = this.#sql.exec<{ rev: number; path: string; created: number; value: string }>(
      "SELECT rev, path, created, value FROM events WHERE rev > ? AND rev <= ? ORDER BY rev LIMIT ?",
      from,
      upTo,
      limit,
    );
    return Array.from(rows, (row) => {
      const key = keyOf(EVENTS, row.path);
      // The state that was replaced is not kept. Nothing that selectors look at in an Event changes in its life.
      const live = new LiveObject(key, row.rev, row.created, row.value);
      return row.created > revision ? new LiveChange("ADDED", row.path, live, undefined) : new LiveChange("MODIFIED", row.path, live, live);
    });
  }

  /** Up to `limit` Events last written at or before `cutoff`, oldest first. */
  expired(cutoff: number, limit: number): LiveObject[] {
    const rows = this.#sql.exec<{ rev: number; at: number; path: string; created: number; value: string }>(
      "SELECT rev, at, path, created, value FROM events ORDER BY rev LIMIT ?",
      limit,
    );
    const expired: LiveObject[] = [];
    for (const row of rows) {
      if (row.at > cutoff) break;
      expired.push(new LiveObject(keyOf(EVENTS, row.path), row.rev, row.created, row.value));
    }
    return expired;
  }

  /** When the Event that has been left alone longest was written, in ms. */
  get oldestWriteAt(): number | undefined {
    return this.#sql.exec<{ at: number }>("SELECT at FROM events ORDER BY rev LIMIT 1").toArray()[0]?.at;
  }

  get #index(): Map<string, EventRow> {
    if (this.#rows === undefined) {
      this.#rows = new Map();
      for (const row of this.#sql.exec<{ rev: number; path: string; created: number }>("SELECT rev, path, created FROM events"))
        this.#rows.set(row.path, { revision: row.rev, created: row.created });
    }
    return this.#rows;
  }
}
