/**
 * Compaction: history older than the window goes, live rows stay. The log is walked once, in order, a few rows a step. A
 * row that enters the compacted part takes with it the row that it replaced, and itself when it is a deletion. So no step
 * looks at live rows again, and what is left below `compacted` is exactly the rows that are live at `compacted`.
 */
import { writeCounter } from "./schema.ts";

export interface CompactionResult {
  compacted: number;
  rowsDeleted: number;
  /** Commit time of the oldest row not compacted yet, in ms; undefined = the whole log is compacted. */
  oldestAt: number | undefined;
}

/** Compacts up to `budgetRows` rows of the log that were committed at or before `cutoff`. */
export function compactStep(storage: DurableObjectStorage, compacted: number, cutoff: number, budgetRows: number): CompactionResult {
  const { sql } = storage;
  const rows = sql
    .exec<{ rev: number; at: number; type: number; prev: number }>(
      "SELECT rev, at, type, prev FROM revisions WHERE rev > ? ORDER BY rev LIMIT ?",
      compacted,
      budgetRows,
    )
    .toArray();
  const due = rows.filter((row) => row.at <= cutoff);
  const last = due.at(-1);
  if (last === undefined) return { compacted, rowsDeleted: 0, oldestAt: rows[0]?.at };
  const obsolete: number[] = [];
  for (const row of due) {
    if (row.prev > 0) obsolete.push(row.prev);
    if (row.type === 2) obsolete.push(row.rev);
  }
  const rowsDeleted = storage.transactionSync(() => {
    writeCounter(sql, "compacted", last.rev);
    if (obsolete.length === 0) return 0;
    return sql.exec("DELETE FROM revisions WHERE rev IN (SELECT value FROM json_each(?))", JSON.stringify(obsolete)).rowsWritten;
  });
  return { compacted: last.rev, rowsDeleted, oldestAt: oldestUncompactedAt(sql, last.rev) };
}

export function oldestUncompactedAt(sql: SqlStorage, compacted: number): number | undefined {
  return sql.exec<{ at: number }>("SELECT at FROM revisions WHERE rev > ? ORDER BY rev LIMIT 1", compacted).toArray()[0]?.at;
}
