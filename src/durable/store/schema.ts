/** The tables of the store, their migrations, and the counters that outlive a restart. */

/**
 * Each entry brings the schema one version further; entries are never changed once released. PRAGMA user_version is
 * refused by the platform, so the version is a row. Every index entry is billed as a row written, so there are none
 * beyond the primary keys.
 */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    // `type` is an index into CHANGE_TYPES; `prev` is the row that this one replaced, 0 = none. `at` is the commit time in ms,
    // never descending. The value comes last, so that reading the other columns leaves its overflow pages alone.
    `CREATE TABLE revisions (rev INTEGER PRIMARY KEY, at INTEGER NOT NULL, resource TEXT NOT NULL, path TEXT NOT NULL,
      type INTEGER NOT NULL, prev INTEGER NOT NULL, value TEXT NOT NULL)`,
    "CREATE TABLE objects (resource TEXT NOT NULL, path TEXT NOT NULL, rev INTEGER NOT NULL, PRIMARY KEY (resource, path)) WITHOUT ROWID",
    // `created` is the revision of the Event's creation, `rev` that of its last write.
    "CREATE TABLE events (rev INTEGER PRIMARY KEY, at INTEGER NOT NULL, path TEXT NOT NULL, created INTEGER NOT NULL, value TEXT NOT NULL)",
    // `newest` is the greatest revision on the page.
    "CREATE TABLE heartbeats (page INTEGER PRIMARY KEY, newest INTEGER NOT NULL, value TEXT NOT NULL)",
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
  ],
];

export const CHANGE_TYPES = ["ADDED", "MODIFIED", "DELETED"] as const;

/** etcd too calls its empty store revision 1, so that no list ever has the illegal resource version "0". */
const FIRST_REVISION = 1;

export interface Counters {
  /** The latest revision that may have been seen by anyone. */
  revision: number;
  /** History at revisions before this one is gone. */
  compacted: number;
  /** Revisions up to this one may have been given to heartbeats, which leave no row. */
  reserved: number;
  /** Time of the newest commit, in ms: commit times never descend, even when the clock does. */
  lastCommitAt: number;
}

/** The schema version of a database, 0 when it has no store yet. */
export function schemaVersion(sql: SqlStorage): number {
  if (sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'store_schema'").toArray().length === 0) return 0;
  return sql.exec<{ version: number }>("SELECT version FROM store_schema").one().version;
}

/** Brings the schema from `version` to the newest. @throws when the database was written by a newer release */
export function migrate(storage: DurableObjectStorage, version: number): void {
  if (version > MIGRATIONS.length) throw new Error(`the store has schema version ${version}, this release knows ${MIGRATIONS.length}`);
  if (version === MIGRATIONS.length) return;
  storage.transactionSync(() => {
    if (version === 0) {
      storage.sql.exec("CREATE TABLE store_schema (version INTEGER NOT NULL)");
      storage.sql.exec("INSERT INTO store_schema (version) VALUES (0)");
    }
    for (const statements of MIGRATIONS.slice(version)) for (const statement of statements) storage.sql.exec(statement);
    storage.sql.exec("UPDATE store_schema SET version = ?", MIGRATIONS.length);
  });
}

/** Reads the counters by a few seeks, whatever the size of the store. */
export function readCounters(sql: SqlStorage): Counters {
  const named = new Map<string, number>();
  for (const row of sql.exec<{ name: string; value: number }>("SELECT name, value FROM counters")) named.set(row.name, row.value);
  const newest = [
    ...sql.exec<{ rev: number; at: number }>("SELECT rev, at FROM revisions ORDER BY rev DESC LIMIT 1"),
    ...sql.exec<{ rev: number; at: number }>("SELECT rev, at FROM events ORDER BY rev DESC LIMIT 1"),
  ];
  const heartbeats = sql.exec<{ newest: number }>("SELECT newest FROM heartbeats").toArray();
  const compacted = named.get("compacted") ?? 0;
  const reserved = named.get("reserved") ?? 0;
  return {
    revision: Math.max(FIRST_REVISION, compacted, reserved, ...newest.map((row) => row.rev), ...heartbeats.map((row) => row.newest)),
    compacted,
    reserved,
    lastCommitAt: Math.max(0, ...newest.map((row) => row.at)),
  };
}

export function writeCounter(sql: SqlStorage, name: "compacted" | "reserved", value: number): void {
  sql.exec("INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value);
}
