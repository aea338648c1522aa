/** A tenant: the list of its clusters. */
import { DurableObject } from "cloudflare:workers";

export interface TenantCluster {
  name: string;
  /** RFC 3339. */
  createdAt: string;
}

/** What the front desk calls on a Tenant stub. */
export interface TenantApi {
  /** Records a cluster of the tenant. Idempotent: the first time counts. */
  addCluster(name: string, createdAt: string): Promise<void>;
  /** In order of their names. */
  listClusters(): Promise<TenantCluster[]>;
}

export class Tenant extends DurableObject implements TenantApi {
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec("CREATE TABLE IF NOT EXISTS clusters (name TEXT PRIMARY KEY, created_at TEXT NOT NULL) WITHOUT ROWID");
  }

  async addCluster(name: string, createdAt: string): Promise<void> {
    this.#sql.exec("INSERT INTO clusters (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, createdAt);
  }

  async listClusters(): Promise<TenantCluster[]> {
    return this.#sql
      .exec<{ name: string; created_at: string }>("SELECT name, created_at FROM clusters ORDER BY name")
      .toArray()
      .map(({ name, created_at }) => ({ name, createdAt: created_at }));
  }
}
