/** A minimal server around the store, for main.mjs to load and kill: writes, lists and watches as the product has them. */
import { DurableObject } from "cloudflare:workers";
import { CompactedError } from "../../src/durable/store/errors.ts";
import { Store } from "../../src/durable/store/store.ts";
import type { Change, ObjectKey } from "../../src/durable/store/types.ts";
import type { KubeObject } from "../../src/kube/object.ts";

/** Short, so that compaction works while the load runs; longer than any restart takes. */
const HISTORY_WINDOW = 8_000;
const HEARTBEAT_FLUSH_INTERVAL = 500;

interface WriteRequest {
  key: ObjectKey;
  /** undefined = delete. */
  value: number | undefined;
}

export class StoreObject extends DurableObject<Env> {
  readonly #store: Store;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new Store(ctx.storage, {
      now: () => Date.now(),
      historyWindow: HISTORY_WINDOW,
      heartbeatFlushInterval: HEARTBEAT_FLUSH_INTERVAL,
    });
    this.#store.create();
    this.#store.onCommit((changes) => {
      const message = changes.map(lineOf).join("");
      for (const socket of ctx.getWebSockets()) socket.send(message);
    });
  }

  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    try {
      switch (url.pathname) {
        case "/write":
          return Response.json(await this.#write(await request.json()));
        case "/list":
          return Response.json(this.#list(url.searchParams));
        case "/watch":
          return this.#watch(Number(url.searchParams.get("after")));
        case "/chores":
          return Response.json(this.#chores());
        default:
          return new Response(null, { status: 404 });
      }
    } catch (error) {
      return new Response(String(error), { status: error instanceof CompactedError ? 410 : 500 });
    }
  }

  #write({ key, value }: WriteRequest): Promise<{ revision: number }> {
    return this.#store.write((transaction) => {
      const live = transaction.get(key);
      if (value !== undefined) return { revision: transaction.put(key, objectOf(key, value)).revision };
      if (live === undefined) throw new Error("nothing to delete");
      return { revision: transaction.delete(key, structuredClone(live.object)).revision };
    });
  }

  #list(query: URLSearchParams): unknown {
    const resource = query.get("resource") ?? "";
    const at = query.get("revision");
    let after: { namespace: string; name: string } | undefined;
    let revision = at === null ? undefined : Number(at);
    const items: unknown[] = [];
    for (;;) {
      const page = this.#store.list({ resource, revision, after, limit: 7 });
      const texts = this.#store.texts(page.items.map((item) => item.revision));
      for (const [index, item] of page.items.entries()) items.push({ ...item, value: contentOf(JSON.parse(texts[index] ?? "")) });
      revision = page.revision;
      after = page.items.at(-1);
      if (page.remaining === 0) return { revision, items };
    }
  }

  #watch(after: number): Response {
    const changes = [...this.#store.changesAfter(after)];
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    if (changes.length > 0) server.send(changes.map(lineOf).join(""));
    return new Response(null, { status: 101, webSocket: client });
  }

  #chores(): unknown {
    const due = this.#store.nextHeartbeatFlush;
    if (due !== undefined && due <= Date.now()) this.#store.flushHeartbeats();
    return this.#store.compact(500);
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close();
  }
}

function objectOf(key: ObjectKey, value: number): KubeObject {
  const metadata = { namespace: key.namespace, name: key.name };
  // The padding makes a row about as long as a Pod's.
  const spec = key.namespace === "kube-node-lease" ? { renewTime: String(value) } : { value, padding: "x".repeat(1000) };
  return { apiVersion: "v1", kind: "Thing", metadata, spec } as KubeObject;
}

function contentOf(object: KubeObject): number {
  const { spec } = object as KubeObject & { spec: { renewTime?: string; value?: number } };
  return Number(spec.renewTime ?? spec.value);
}

function lineOf({ revision, type, key, object }: Change): string {
  return `${JSON.stringify({ revision, type, key, value: contentOf(object) })}\n`;
}

interface Env {
  STORE: DurableObjectNamespace;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const stub = env.STORE.get(env.STORE.idFromName("store"));
    if (new URL(request.url).pathname !== "/watch") return stub.fetch(request);
    const upgraded = await stub.fetch(request.url, { headers: { upgrade: "websocket" } });
    const socket = upgraded.webSocket;
    if (socket === null) return upgraded;
    socket.accept();
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        // Headers leave with the first bytes.
        controller.enqueue(encoder.encode("\n"));
        socket.addEventListener("message", ({ data }) => controller.enqueue(encoder.encode(String(data))));
        socket.addEventListener("close", () => controller.close());
      },
      cancel: () => socket.close(1000),
    });
    return new Response(body);
  },
};
