/** What a cluster knows of itself, set when it is provisioned. */
import type { ProvisionOptions } from "./protocol.ts";

export interface Settings extends Omit<ProvisionOptions, "adminTokenHash"> {
  /** All start objects have been written; false after a crash in the middle of making the cluster. */
  bootstrapped: boolean;
}

export function writeSettings(sql: SqlStorage, { tenant, cluster, caCertificate, endpoint }: ProvisionOptions, bootstrapped: boolean): void {
  const settings: Settings = { tenant, cluster, caCertificate, endpoint, bootstrapped };
  sql.exec("CREATE TABLE IF NOT EXISTS settings (id INTEGER PRIMARY KEY CHECK (id = 1), value TEXT NOT NULL)");
  sql.exec("INSERT OR REPLACE INTO settings VALUES (1, ?)", JSON.stringify(settings));
}

export function readSettings(sql: SqlStorage): Settings {
  return JSON.parse(String(sql.exec("SELECT value FROM settings WHERE id = 1").one().value)) as Settings;
}
