/** The least that an API server on this platform could do: a bare Worker in front of a bare Durable Object. */
import { DurableObject } from "cloudflare:workers";

interface Env {
  FLOOR: DurableObjectNamespace<Floor>;
}

export class Floor extends DurableObject<Env> {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    state.storage.sql.exec("CREATE TABLE IF NOT EXISTS log (rev INTEGER PRIMARY KEY, value TEXT)");
    state.storage.sql.exec("CREATE TABLE IF NOT EXISTS current (name TEXT PRIMARY KEY, rev INTEGER) WITHOUT ROWID");
  }

  ping(): string {
    return "pong";
  }

  /** One request, one transaction, two rows: an object's text and the pointer to it. */
  write(name: string, value: string): number {
    const { rev } = this.ctx.storage.sql.exec<{ rev: number }>("INSERT INTO log (value) VALUES (?) RETURNING rev", value).one();
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO current (name, rev) VALUES (?, ?)", name, rev);
    return rev;
  }

  read(name: string): string {
    return this.ctx.storage.sql.exec<{ value: string }>("SELECT value FROM log JOIN current USING (rev) WHERE name = ?", name).one().value;
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const floor = env.FLOOR.get(env.FLOOR.idFromName("floor"));
    const path = new URL(request.url).pathname;
    if (path === "/ping") return new Response(await floor.ping());
    if (request.method === "GET") return new Response(await floor.read(path));
    return new Response(String(await floor.write(path, await request.text())));
  },
} satisfies ExportedHandler<Env>;
