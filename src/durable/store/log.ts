/** Reads of the revision log: the live row of a key, the rows of a snapshot, texts by revision, changes in order. */
import { CompactedError } from "./errors.ts";
import { EVENTS } from "./events.ts";
import { LiveChange, LiveObject } from "./live.ts";
import { keyOf } from "./path.ts";
import { CHANGE_TYPES } from "./schema.ts";
import type { ObjectKey } from "./types.ts";

export interface Row {
  path: string;
  revision: number;
}

/** A part of a resource's keys: the open interval between two paths. */
export interface Range {
  resource: string;
  from: string;
  to: string;
}

export function readLive(sql: SqlStorage, key: ObjectKey, path: string): LiveObject | undefined {
  const row = sql
    .exec<{ rev: number; value: string }>(
      "SELECT o.rev, r.value FROM objects o JOIN revisions r ON r.rev = o.rev WHERE o.resource = ? AND o.path = ?",
      key.resource,
      path,
    )
    .toArray()[0];
  return row && new LiveObject(key, row.rev, row.rev, row.value);
}

/** The live rows of a range, in order, at most `limit` (-1 = all): work in proportion to the rows returned. */
export function liveRows(sql: SqlStorage, { resource, from, to }: Range, limit: number): Row[] {
  return rowsOf(
    sql.exec<{ path: string; rev: number }>(
      "SELECT path, rev FROM objects WHERE resource = ? AND path > ? AND path < ? ORDER BY path LIMIT ?",
      resource,
      from,
      to,
      limit,
    ),
  );
}

export function countLive(sql: SqlStorage, { resource, from, to }: Range): number {
  return sql.exec<{ count: number }>("SELECT COUNT(*) AS count FROM objects WHERE resource = ? AND path > ? AND path < ?", resource, from, to).one().count;
}

/**
 * The rows of a range as they were at `revision`. A live row not younger than `revision` is one of them. Whatever changed
 * since has rows after `revision` in the log, and exactly one of these points back to a row not younger than `revision`:
 * the one that was live then. (A creation points back to nothing.) So the work beyond the live rows is the changes since.
 */
export function rowsAt(sql: SqlStorage, { resource, from, to }: Range, revision: number, limit: number): Row[] {
  return rowsOf(
    sql.exec<{ path: string; rev: number }>(
      `SELECT path, rev FROM objects WHERE resource = ?1 AND path > ?2 AND path < ?3 AND rev <= ?4
       UNION ALL
       SELECT path, prev FROM revisions WHERE rev > ?4 AND resource = ?1 AND path > ?2 AND path < ?3 AND prev > 0 AND prev <= ?4
       ORDER BY path LIMIT ?5`,
      resource,
      from,
      to,
      revision,
      limit,
    ),
  );
}

export function countAt(sql: SqlStorage, { resource, from, to }: Range, revision: number): number {
  return sql
    .exec<{ count: number }>(
      `SELECT (SELECT COUNT(*) FROM objects WHERE resource = ?1 AND path > ?2 AND path < ?3 AND rev <= ?4)
            + (SELECT COUNT(*) FROM revisions WHERE rev > ?4 AND resource = ?1 AND path > ?2 AND path < ?3 AND prev > 0 AND prev <= ?4) AS count`,
      resource,
      from,
      to,
      revision,
    )
    .one().count;
}

/** The Events of a range that existed at `revision` and have been deleted since, as the rows of their deletions. */
export function eventsDeletedSince(sql: SqlStorage, { from, to }: Range, revision: number): Row[] {
  return rowsOf(
    sql.exec<{ path: string; rev: number }>(
      "SELECT path, rev FROM revisions WHERE rev > ?1 AND resource = ?2 AND path > ?3 AND path < ?4 AND prev <= ?1",
      revision,
      EVENTS,
      from,
      to,
    ),
  );
}

/** Fills in the texts of those `revisions` that are in the log. */
export function addTexts(sql: SqlStorage, revisions: readonly number[], texts: Map<number, string>): void {
  const rows = sql.exec<{ rev: number; value: string }>(
    "SELECT rev, value FROM revisions WHERE rev IN (SELECT value FROM json_each(?))",
    JSON.stringify(revisions),
  );
  for (const row of rows) texts.set(row.rev, row.value);
}

/**
 * `frame.before`, the texts of `revisions` in that order and joined by commas, `frame.after`: as UTF-8, made by SQLite, so
 * that no text becomes a string on its way. A text that begins with `frame.omit` begins with "{" instead. undefined when a
 * revision is not in the log, or when the whole is longer than the platform lets a value be.
 */
export function joinTexts(sql: SqlStorage, revisions: readonly number[], { before, omit, after }: TextFrame): ArrayBuffer | undefined {
  try {
    // The cross join keeps the order of the revisions.
    const { count, joined } = sql
      .exec<{ count: number; joined: ArrayBuffer | null }>(
        `SELECT COUNT(*) AS count, CAST(?2 || group_concat(CASE WHEN substr(r.value, 1, ?3) = ?4 THEN '{' || substr(CAST(r.value AS BLOB), ?3 + 1) ELSE r.value END, ',') || ?5 AS BLOB) AS joined
         FROM json_each(?1) AS wanted CROSS JOIN revisions r ON r.rev = wanted.value`,
        JSON.stringify(revisions),
        before,
        omit.length,
        omit,
        after,
      )
      .one();
    return count === revisions.length ? (joined ?? undefined) : undefined;
  } catch (error) {
    if (String(error).includes("TOOBIG")) return undefined;
    throw error;
  }
}

/** What stands around joined texts. */
export interface TextFrame {
  before: string;
  omit: string;
  after: string;
}

/**
 * Up to `limit` rows of the log after `from` and up to `upTo`. `revision` is where the reader began: of an Event created
 * and deleted since, it never knew.
 */
export function changes(sql: SqlStorage, resource: string | undefined, revision: number, from: number, upTo: number, limit: number): LiveChange[] {
  const rows = sql.exec<{ rev: number; resource: string; path: string; type: number; prev: number; value: string; previous: string | null }>(
    `SELECT r.rev, r.resource, r.path, r.type, r.prev, r.value, p.value AS previous FROM revisions r LEFT JOIN revisions p ON p.rev = r.prev
     WHERE r.rev > ?1 AND r.rev <= ?2 AND (?3 IS NULL OR r.resource = ?3) AND NOT (r.resource = '${EVENTS}' AND r.prev > ?4)
     ORDER BY r.rev LIMIT ?5`,
    from,
    upTo,
    resource ?? null,
    revision,
    limit,
  );
  return Array.from(rows, (row) => {
    const key = keyOf(row.resource, row.path);
    const type = CHANGE_TYPES[row.type] ?? "MODIFIED";
    const live = new LiveObject(key, row.rev, row.rev, row.value);
    if (type === "ADDED") return new LiveChange(type, row.path, live, undefined);
    // Only an Event's deletion has no row before it: its last state stands for that.
    if (row.previous === null && row.resource !== EVENTS) throw new CompactedError(row.prev, row.rev);
    return new LiveChange(type, row.path, live, row.previous === null ? live : new LiveObject(key, row.prev, row.prev, row.previous));
  });
}

/** As `changes`, of some resources (a JSON array), and texts are read only when asked for. */
export function changesUnread(sql: SqlStorage, resources: string, revision: number, from: number, upTo: number, limit: number): LiveChange[] {
  const rows = sql.exec<{ rev: number; resource: string; path: string; type: number; prev: number }>(
    `SELECT rev, resource, path, type, prev FROM revisions
     WHERE rev > ?1 AND rev <= ?2 AND resource IN (SELECT value FROM json_each(?3)) AND NOT (resource = '${EVENTS}' AND prev > ?4)
     ORDER BY rev LIMIT ?5`,
    from,
    upTo,
    resources,
    revision,
    limit,
  );
  return Array.from(rows, ({ rev, resource, path, type, prev }) => {
    const key = keyOf(resource, path);
    const live = new LiveObject(key, rev, rev, () => textAt(sql, rev));
    const changeType = CHANGE_TYPES[type] ?? "MODIFIED";
    if (changeType === "ADDED") return new LiveChange(changeType, path, live, undefined);
    return new LiveChange(changeType, path, live, resource === EVENTS ? live : new LiveObject(key, prev, prev, () => textAt(sql, prev)));
  });
}

function textAt(sql: SqlStorage, revision: number): string {
  const row = sql.exec<{ value: string }>("SELECT value FROM revisions WHERE rev = ?", revision).toArray()[0];
  if (row === undefined) throw new CompactedError(revision, revision);
  return row.value;
}

export function anyLive(sql: SqlStorage, resource: string): boolean {
  return sql.exec("SELECT 1 FROM objects WHERE resource = ? LIMIT 1", resource).toArray().length > 0;
}

function rowsOf(cursor: Iterable<{ path: string; rev: number }>): Row[] {
  return Array.from(cursor, (row) => ({ path: row.path, revision: row.rev }));
}
