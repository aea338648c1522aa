/** The bearer tokens that a cluster knows, by the SHA-256 of each: the tokens themselves are never kept. */
import { AUTHENTICATED, type UserInfo } from "./identity.ts";
import type { Credential } from "./protocol.ts";

export class Credentials {
  readonly #sql: SqlStorage;
  #known: Map<string, UserInfo> | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  static create(sql: SqlStorage): void {
    sql.exec("CREATE TABLE IF NOT EXISTS credentials (token_hash TEXT PRIMARY KEY, username TEXT NOT NULL, groups TEXT NOT NULL) WITHOUT ROWID");
  }

  add(tokenHash: string, username: string, groups: readonly string[]): void {
    this.#sql.exec("INSERT OR REPLACE INTO credentials VALUES (?, ?, ?)", tokenHash, username, JSON.stringify(groups));
    this.#known = undefined;
  }

  /** Who the credential is; undefined when it is none of ours. Impersonation is the caller's to allow. */
  authenticate(credential: Credential): UserInfo | undefined {
    if (!credential.tokenHash) return undefined;
    this.#known ??= new Map(
      this.#sql
        .exec("SELECT token_hash, username, groups FROM credentials")
        .toArray()
        .map((row) => [String(row.token_hash), { username: String(row.username), groups: [...(JSON.parse(String(row.groups)) as string[]), AUTHENTICATED] }]),
    );
    return this.#known.get(credential.tokenHash);
  }
}
