/** The manager's memory in the cluster's database: the cursor into the revision log, and the timers. */
import type { Journal, Timer } from "../controllers/manager.ts";
import { CompactedError } from "./store/errors.ts";
import type { Store } from "./store/store.ts";

/** Creates the tables; part of making a cluster. */
export function createJournal(sql: SqlStorage): void {
  sql.exec("CREATE TABLE IF NOT EXISTS cursor (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL)");
  sql.exec("INSERT OR IGNORE INTO cursor VALUES (1, 0)");
  sql.exec(
    "CREATE TABLE IF NOT EXISTS timers (controller TEXT, key TEXT, at INTEGER NOT NULL, failures INTEGER NOT NULL, PRIMARY KEY (controller, key)) WITHOUT ROWID",
  );
}

export function sqlJournal(sql: SqlStorage, store: Store): Journal {
  return {
    cursor: () => Number(sql.exec("SELECT revision FROM cursor").one().revision),
    setCursor(revision) {
      sql.exec("UPDATE cursor SET revision = ?", revision);
    },
    latest: () => store.revision,
    changesAfter: (revision, resources) => store.changesUnreadAfter(revision, resources),
    any: (resource) => store.any(resource),
    isCompacted: (error) => error instanceof CompactedError,
    dueTimers: (now) =>
      sql
        .exec("SELECT controller, key, at, failures FROM timers WHERE at <= ? ORDER BY at", now)
        .toArray()
        .map((row) => ({ controller: String(row.controller), key: String(row.key), at: Number(row.at), failures: Number(row.failures) })),
    setTimer({ controller, key, at, failures }: Timer) {
      sql.exec("INSERT OR REPLACE INTO timers VALUES (?, ?, ?, ?)", controller, key, at, failures);
    },
    clearTimer(controller, key) {
      sql.exec("DELETE FROM timers WHERE controller = ? AND key = ?", controller, key);
    },
    nextTimer() {
      const at = sql.exec("SELECT min(at) AS at FROM timers").one().at;
      return at === null ? undefined : Number(at);
    },
  };
}
