import { beforeEach, describe, expect, it } from "vitest";
import { frontDesk } from "../../src/api/app.ts";
import { tokenHash } from "../../src/api/credential.ts";
import type { ClusterStub, Env } from "../../src/api/env.ts";
import type { ResourceRequest, ResourceResponse } from "../../src/durable/protocol.ts";
import type { TenantCluster } from "../../src/durable/tenant.ts";
import { unauthorized } from "../../src/kube/machinery/status.ts";

const GOOD = "good-token";

/** A platform of objects in memory: names what was asked of whom. */
class Platform {
  readonly requests: (ResourceRequest & { of: string })[] = [];
  readonly clusters = new Map<string, { credentials: Set<string> }>();
  readonly tenants = new Map<string, TenantCluster[]>();
  answer: ResourceResponse = { status: 200, body: '{"kind":"Pod"}' };
  fails: Error | undefined;

  env(more: Partial<Env> = {}): Env {
    const id = (name: string) => ({ name }) as unknown as DurableObjectId;
    return {
      CLUSTERS: { idFromName: id, get: (of) => this.#cluster(of.name ?? "") },
      TENANTS: {
        idFromName: id,
        get: (of) => ({
          addCluster: async (name: string, createdAt: string) => {
            const list = this.tenants.get(of.name ?? "") ?? [];
            this.tenants.set(of.name ?? "", list.some((each) => each.name === name) ? list : [...list, { name, createdAt }]);
          },
          listClusters: async () => this.tenants.get(of.name ?? "") ?? [],
        }),
      },
      ASSETS: { fetch: async () => new Response("{}") },
      PERIGEE_OPERATOR_KEY: "operator",
      ...more,
    };
  }

  #cluster(of: string): ClusterStub {
    const knows = (hash: string | undefined) => hash !== undefined && (this.clusters.get(of)?.credentials.has(hash) ?? false);
    return {
      handle: async (request) => {
        if (this.fails) throw this.fails;
        if (!knows(request.credential.tokenHash)) return { status: 401, body: JSON.stringify(unauthorized().toStatus()) };
        this.requests.push({ ...request, of });
        return this.answer;
      },
      catalog: async ({ tokenHash: hash }) => (knows(hash) ? { revision: "1", resources: [] } : undefined),
      metrics: async () => "# object\n",
      provision: async ({ adminTokenHash }) => {
        const created = !this.clusters.has(of);
        if (created) this.clusters.set(of, { credentials: new Set([adminTokenHash]) });
        return { created };
      },
      addCredential: async (hash) => {
        this.clusters.get(of)?.credentials.add(hash);
      },
      fetch: async () => new Response("{}", { status: 410 }),
    };
  }
}

let platform: Platform;
beforeEach(async () => {
  platform = new Platform();
  platform.clusters.set("demo/main", { credentials: new Set([await tokenHash(GOOD)]) });
});

const CONTEXT = { waitUntil() {}, passThroughOnException() {} } as unknown as ExecutionContext;

async function call(url: string, init: RequestInit & { token?: string } = {}, env = platform.env()) {
  const headers = new Headers(init.headers);
  if (init.token) headers.set("authorization", `Bearer ${init.token}`);
  const response = await frontDesk(new Request(url, { ...init, headers }), env, CONTEXT);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe("which cluster a request is for", () => {
  const asked = () => platform.requests[0];

  it("is in the path", async () => {
    await call("https://perigee.example/clusters/demo/main/api/v1/namespaces/a/pods/b?pretty=0", { token: GOOD });
    expect(asked()).toMatchObject({ of: "demo/main", verb: "get", resource: "pods", namespace: "a", name: "b", query: { pretty: "0" } });
  });

  it("is the one at the root of a socket of its own", async () => {
    await call("https://127.0.0.1:9/api/v1/pods", { token: GOOD, headers: { "x-perigee-root": "1" } }, platform.env({ ROOT_CLUSTER: "demo/main" }));
    expect(asked()).toMatchObject({ of: "demo/main", verb: "list" });
  });

  it("is in the host name below the clusters' domain", async () => {
    await call("https://main--demo.k8s.example:8443/api/v1/pods", { token: GOOD }, platform.env({ CLUSTER_DOMAIN: "k8s.example" }));
    expect(asked()?.of).toBe("demo/main");
  });

  it.each([
    "https://x/",
    "https://x/clusters",
    "https://x/clusters/demo",
    "https://x/clusters//main/api/v1/pods",
    "https://x/clusters/Demo/main/api/v1/pods",
    "https://x/clusters/de%6do/main/api/v1/pods",
    "https://evil--a.b.k8s.example/api/v1/pods",
  ])("%s names none", async (url) => {
    expect((await call(url, { token: GOOD }, platform.env({ CLUSTER_DOMAIN: "k8s.example" }))).status).toBe(404);
    expect(platform.requests).toEqual([]);
  });
});

describe("who asks", () => {
  const base = "https://x/clusters/demo/main";

  it("goes on as a hash", async () => {
    await call(`${base}/api/v1/pods`, { token: GOOD });
    expect(platform.requests[0]?.credential).toEqual({ tokenHash: await tokenHash(GOOD) });
    expect(JSON.stringify(platform.requests)).not.toContain(GOOD);
  });

  it.each(["/api/v1/pods", "/api", "/apis", "/", "/nope", "/openapi/v3", "/metrics", "/livez/ping"])("must be known for %s", async (path) => {
    for (const token of [undefined, "wrong"]) {
      const { status, text } = await call(base + path, token ? { token } : {});
      expect(status).toBe(401);
      expect(JSON.parse(text)).toMatchObject({ kind: "Status", reason: "Unauthorized" });
    }
  });

  it.each(["/version", "/healthz", "/livez", "/readyz"])("need not be known for %s, but not be false either", async (path) => {
    expect((await call(base + path)).status).toBe(200);
    expect((await call(base + path, { token: GOOD })).status).toBe(200);
    expect((await call(base + path, { token: "wrong" })).status).toBe(401);
  });

  it("is asked before anything is said of the request", async () => {
    const post = { method: "POST", body: "x", headers: { "content-type": "text/plain" } };
    expect((await call(`${base}/api/v1/namespaces/a/pods`, { ...post, token: GOOD })).status).toBe(415);
    expect((await call(`${base}/api/v1/namespaces/a/pods`, post)).status).toBe(401);
    expect((await call(`${base}/api/v1/pods`, { headers: { accept: "text/html" } })).status).toBe(401);
  });
});

describe("a cluster's answers", () => {
  const base = "https://x/clusters/demo/main";

  it("echo the audit id and carry warnings", async () => {
    platform.answer = { status: 201, body: "{}", warnings: ["careful"] };
    const { headers, status } = await call(`${base}/api/v1/namespaces`, {
      method: "POST",
      body: "{}",
      token: GOOD,
      headers: { "audit-id": "mine", "content-type": "application/json" },
    });
    expect(status).toBe(201);
    expect(headers.get("audit-id")).toBe("mine");
    expect(headers.get("warning")).toBe('299 - "careful"');
    expect(headers.get("cache-control")).toBe("no-cache, private");
  });

  it.each<[string, string, number]>([
    ["PUT", "/api/v1/namespaces/a/pods", 405],
    ["POST", "/api/v1/namespaces/a/pods/b", 405],
    ["HEAD", "/api/v1/namespaces/a/pods/b", 405],
    ["OPTIONS", "/api/v1/pods", 405],
    ["GET", "/api/v1/namespaces/a/pods/b/log/c", 404],
    ["GET", "/api/v1/pods/b", 404],
    ["GET", "/api/v1//pods", 404],
    ["GET", "/api/v1/nodes/%zz", 400],
    ["GET", "/foo", 404],
    ["POST", "/api", 405],
    ["POST", "/apis", 200],
    ["GET", "/apis/apps/v9", 404],
    ["GET", "/apis/apps/", 200],
  ])("%s %s: %i", async (method, path, status) => {
    expect((await call(base + path, { method, token: GOOD })).status).toBe(status);
  });

  it("hide what went wrong inside", async () => {
    const original = console.error;
    console.error = () => {};
    try {
      platform.fails = new Error("secret detail");
      const { status, text } = await call(`${base}/api/v1/pods`, { token: GOOD });
      expect(status).toBe(500);
      expect(text).not.toContain("secret");
    } finally {
      console.error = original;
    }
  });

  it("ask to come back when the object is overloaded", async () => {
    platform.fails = Object.assign(new Error("busy"), { overloaded: true });
    const { status, headers } = await call(`${base}/api/v1/pods`, { token: GOOD });
    expect(status).toBe(429);
    expect(headers.get("retry-after")).toBe("1");
  });

  it("refuse a watch with the object's own Status", async () => {
    expect((await call(`${base}/api/v1/pods?watch=1`, { token: GOOD })).status).toBe(410);
  });

  it("revalidate aggregated discovery", async () => {
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    const first = await call(`${base}/apis`, { token: GOOD, headers: { accept } });
    expect(first.headers.get("content-type")).toBe("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    expect(first.headers.get("cache-control")).toBe("public");
    const again = await call(`${base}/apis`, { token: GOOD, headers: { accept, "if-none-match": first.headers.get("etag") ?? "" } });
    expect(again).toMatchObject({ status: 304, text: "" });
  });

  it("carry the whole prefix in OpenAPI URLs", async () => {
    const { paths } = JSON.parse((await call(`${base}/openapi/v3`, { token: GOOD })).text);
    expect(paths["apis/apps/v1"].serverRelativeURL).toMatch(/^\/clusters\/demo\/main\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/);
    const moved = await call(`${base}/openapi/v3/apis/apps/v1?hash=OLD`, { token: GOOD });
    expect(moved.status).toBe(301);
    expect(moved.headers.get("location")).toBe(paths["apis/apps/v1"].serverRelativeURL);
    const current = await call(`https://x${paths["apis/apps/v1"].serverRelativeURL}`, { token: GOOD });
    expect(current.headers.get("cache-control")).toBe("public, immutable");
  });
});

describe("the tenants' API", () => {
  const operator = { token: "operator" };

  it("makes a cluster once and shows its token once", async () => {
    const made = await call("https://x/tenants/acme/clusters/prod", { ...operator, method: "PUT", body: "{}" });
    expect(made.status).toBe(201);
    const { server, token } = JSON.parse(made.text);
    expect(server).toBe("https://x/clusters/acme/prod");
    expect((await call(`${server}/api/v1/pods`, { token })).status).toBe(200);
    const again = await call("https://x/tenants/acme/clusters/prod", { ...operator, method: "PUT" });
    expect(again.status).toBe(200);
    expect(JSON.parse(again.text)).not.toHaveProperty("token");
  });

  it("lists a tenant's clusters and makes further keys", async () => {
    await call("https://x/tenants/acme/clusters/prod", { ...operator, method: "PUT" });
    expect(JSON.parse((await call("https://x/tenants/acme/clusters", operator)).text).clusters).toMatchObject([
      { name: "prod", server: "https://x/clusters/acme/prod" },
    ]);
    const key = await call("https://x/tenants/acme/clusters/prod/keys", { ...operator, method: "POST", body: '{"username":"jane","groups":["dev"]}' });
    expect(key.status).toBe(201);
    expect((await call("https://x/clusters/acme/prod/api/v1/pods", { token: JSON.parse(key.text).token })).status).toBe(200);
  });

  it.each<[string, string, string | undefined, number]>([
    ["PUT", "/tenants/acme/clusters/Prod", undefined, 400],
    ["PUT", "/tenants/acme/clusters/a--b", undefined, 400],
    ["PUT", `/tenants/acme/clusters/${"a".repeat(64)}`, undefined, 400],
    ["PUT", "/tenants/-a/clusters/b", undefined, 400],
    ["POST", "/tenants/acme/clusters/none/keys", undefined, 404],
    ["POST", "/tenants/acme/clusters/none/keys", "{", 400],
    ["POST", "/tenants/acme/clusters/none/keys", '{"groups":"x"}', 400],
    ["GET", "/tenants/acme/clusters/none", undefined, 404],
    ["GET", "/tenants/acme/nothing", undefined, 404],
  ])("%s %s with %s is a problem: %i", async (method, path, body, status) => {
    const answer = await call(`https://x${path}`, { ...operator, method, body });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(JSON.parse(answer.text)).toMatchObject({ type: "about:blank", status, detail: expect.any(String) });
  });

  it("is for the operator alone, and closed without a key", async () => {
    expect((await call("https://x/tenants/acme/clusters")).status).toBe(401);
    expect((await call("https://x/tenants/acme/clusters", { token: GOOD })).status).toBe(401);
    expect((await call("https://x/tenants/acme/clusters", operator, platform.env({ PERIGEE_OPERATOR_KEY: undefined }))).status).toBe(403);
  });
});
