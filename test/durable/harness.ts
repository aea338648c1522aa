/** A provisioned cluster to talk to, in real workerd, through the RPC surface that the front desk uses. */
import { env } from "cloudflare:workers";
import type { ClusterApi, ResourceRequest, WatchRequest } from "../../src/durable/protocol.ts";
import { WATCH_HEADER } from "../../src/durable/protocol.ts";

export const CREDENTIAL = { tokenHash: "a".repeat(64) };

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read members of answers of every shape
  body: any;
  warnings: string[];
}

export interface TestCluster {
  readonly id: string;
  stub: DurableObjectStub & ClusterApi;
  send(request: Partial<Omit<ResourceRequest, "body">> & { body?: unknown }): Promise<Answer>;
  create(path: string, body: unknown, query?: Record<string, string>): Promise<Answer>;
  get(path: string, query?: Record<string, string>): Promise<Answer>;
  list(path: string, query?: Record<string, string>): Promise<Answer>;
  update(path: string, body: unknown, query?: Record<string, string>): Promise<Answer>;
  patch(path: string, contentType: string, body: unknown, query?: Record<string, string>): Promise<Answer>;
  delete(path: string, body?: unknown, query?: Record<string, string>): Promise<Answer>;
  watch(path: string, query?: Record<string, string>): Promise<WatchStream>;
}

/** "apps/v1/namespaces/default/deployments/web/status" or "v1/nodes": the group is absent for core. */
export function parsePath(path: string): Pick<ResourceRequest, "group" | "version" | "namespace" | "resource" | "name" | "subresource"> {
  const parts = path.split("/");
  const group = parts[0] === "v1" ? "" : (parts.shift() ?? "");
  const version = parts.shift() ?? "";
  let namespace = "";
  if (parts[0] === "namespaces" && parts.length > 2 && parts[2] !== "status" && parts[2] !== "finalize") {
    parts.shift();
    namespace = parts.shift() ?? "";
  }
  const [resource = "", name = "", subresource = ""] = parts;
  return { group, version, namespace, resource, name, subresource };
}

let made = 0;

/** Makes a cluster of its own for a test. */
export async function newCluster(): Promise<TestCluster> {
  const id = `test/${made++}-${crypto.randomUUID()}`;
  const cluster = connect(id);
  await cluster.stub.provision({
    tenant: "test",
    cluster: id,
    adminTokenHash: CREDENTIAL.tokenHash,
    caCertificate: "PEM",
    endpoint: { host: "127.0.0.1", port: 6443 },
  });
  return cluster;
}

/** A client of an existing cluster; needed anew after its object was aborted. */
export function connect(id: string): TestCluster {
  const namespace = (env as unknown as { CLUSTERS: DurableObjectNamespace }).CLUSTERS;
  const stub = namespace.get(namespace.idFromName(id)) as DurableObjectStub & ClusterApi;
  const send: TestCluster["send"] = async (request) => {
    const { body } = request;
    const response = await stub.handle({
      verb: "get",
      group: "",
      version: "v1",
      resource: "",
      subresource: "",
      namespace: "",
      name: "",
      query: {},
      contentType: "application/json",
      userAgent: "test/1",
      credential: CREDENTIAL,
      ...request,
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = typeof response.body === "string" ? response.body : await new Response(response.body).text();
    return { status: response.status, body: JSON.parse(text), warnings: response.warnings ?? [] };
  };
  return {
    id,
    stub,
    send,
    create: (path, body, query = {}) => send({ verb: "create", ...parsePath(path), body, query }),
    get: (path, query = {}) => send({ verb: "get", ...parsePath(path), query }),
    list: (path, query = {}) => send({ verb: "list", ...parsePath(path), query }),
    update: (path, body, query = {}) => send({ verb: "update", ...parsePath(path), body, query }),
    patch: (path, contentType, body, query = {}) => send({ verb: "patch", ...parsePath(path), contentType, body, query }),
    delete: (path, body, query = {}) => {
      const parsed = parsePath(path);
      return send({ verb: parsed.name ? "delete" : "deletecollection", ...parsed, body, query });
    },
    async watch(path, query = {}) {
      const { group, version, namespace: inNamespace, resource, name: only } = parsePath(path);
      const request: WatchRequest = { group, version, resource, namespace: inNamespace, name: only, query, credential: CREDENTIAL };
      const response = await stub.fetch("https://cluster/watch", { headers: { Upgrade: "websocket", [WATCH_HEADER]: JSON.stringify(request) } });
      return new WatchStream(response);
    },
  };
}

export interface WatchEvent {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read members of objects of every kind
  object: any;
}

/** The messages of one watch, in order. */
export class WatchStream {
  readonly status: number;
  readonly response: Response;
  readonly events: WatchEvent[] = [];
  /** The revision up to which the stream is complete. */
  revision = 0;
  closed = false;
  readonly #socket: WebSocket | null;
  #wake: (() => void) | undefined;

  constructor(response: Response) {
    this.response = response;
    this.status = response.status;
    this.#socket = response.webSocket;
    this.#socket?.accept();
    this.#socket?.addEventListener("message", ({ data }) => {
      const [revision, ...lines] = String(data).split("\n");
      this.revision = Math.max(this.revision, Number(revision));
      for (const line of lines) if (line) this.events.push(JSON.parse(line) as WatchEvent);
      this.#wake?.();
    });
    this.#socket?.addEventListener("close", () => {
      this.closed = true;
      this.#wake?.();
    });
  }

  /** Resolves when `count` events have arrived. */
  async until(count: number): Promise<WatchEvent[]> {
    const deadline = Date.now() + 5_000;
    while (this.events.length < count && !this.closed && Date.now() < deadline) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 50);
      });
    }
    return this.events;
  }

  close(): void {
    this.#socket?.close(1000);
  }
}
