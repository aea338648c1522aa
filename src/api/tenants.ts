/** The tenants' REST API: making clusters and their keys. For the operator's key only; errors are RFC 9457 problems. */
import { Hono } from "hono";
import { z } from "zod";
import { bearerToken, newToken, sameHash, tokenHash } from "./credential.ts";
import { clusterStub, type Env } from "./env.ts";

/** An RFC 1123 label; "--" is kept for host names of the form `<cluster>--<tenant>`. */
const label = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "must be a DNS label: lower case letters, digits and hyphens, at most 63")
  .refine((name) => !name.includes("--"), "must not contain two hyphens in a row");

const clusterNames = z.object({ tenant: label, cluster: label });
const tenantName = z.object({ tenant: label });
const keyRequest = z.object({
  username: z.string().min(1).max(256).default("admin"),
  groups: z.array(z.string().min(1).max(256)).max(32).default(["system:masters"]),
});

class Problem extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

const TITLES: Readonly<Record<number, string>> = { 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error" };

export const tenants = new Hono<{ Bindings: Env }>();

tenants.use(async (context, next) => {
  await requireOperator(context.env, context.req.header("authorization") ?? null);
  await next();
});

/** Makes the cluster when absent. The token is shown this once: only its hash is kept. */
tenants.put("/:tenant/clusters/:cluster", async (context) => {
  const { tenant, cluster } = parse(clusterNames, context.req.param());
  const { env } = context;
  const token = newToken();
  const { created } = await clusterStub(env, tenant, cluster).provision({
    tenant,
    cluster,
    adminTokenHash: await tokenHash(token),
    caCertificate: env.PERIGEE_CA_CERT ?? "",
    endpoint: endpointOf(env, context.req.url),
  });
  await env.TENANTS.get(env.TENANTS.idFromName(tenant)).addCluster(cluster, new Date().toISOString());
  const server = serverUrl(context.req.url, tenant, cluster);
  return created ? context.json({ tenant, cluster, server, token }, 201) : context.json({ tenant, cluster, server }, 200);
});

/** A further key. The cluster must exist. */
tenants.post("/:tenant/clusters/:cluster/keys", async (context) => {
  const { tenant, cluster } = parse(clusterNames, context.req.param());
  const { username, groups } = parse(keyRequest, await optionalJson(context.req.raw));
  await requireCluster(context.env, tenant, cluster);
  const token = newToken();
  await clusterStub(context.env, tenant, cluster).addCredential(await tokenHash(token), username, groups);
  return context.json({ token, username, groups }, 201);
});

tenants.get("/:tenant/clusters", async (context) => {
  const { tenant } = parse(tenantName, context.req.param());
  const clusters = await context.env.TENANTS.get(context.env.TENANTS.idFromName(tenant)).listClusters();
  return context.json({ clusters: clusters.map(({ name, createdAt }) => ({ name, createdAt, server: serverUrl(context.req.url, tenant, name) })) });
});

tenants.get("/:tenant/clusters/:cluster", async (context) => {
  const { tenant, cluster } = parse(clusterNames, context.req.param());
  const { createdAt } = await requireCluster(context.env, tenant, cluster);
  return context.json({ name: cluster, createdAt, server: serverUrl(context.req.url, tenant, cluster) });
});

tenants.all("*", (context) => problem(new Problem(404, `nothing is served at ${context.req.path}`)));

tenants.onError((thrown) => {
  if (thrown instanceof Problem) return problem(thrown);
  console.error("tenants' API request failed", thrown);
  return problem(new Problem(500, "the request could not be completed"));
});

function problem({ status, message }: Problem): Response {
  const body = { type: "about:blank", title: TITLES[status] ?? "Error", status, detail: message };
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/problem+json" } });
}

/** @throws Problem 401 or, on a platform without an operator's key, 403. */
async function requireOperator({ PERIGEE_OPERATOR_KEY: key }: Env, authorization: string | null): Promise<void> {
  if (!key) throw new Problem(403, "this API is closed: no operator key is configured");
  const token = bearerToken(authorization);
  if (token === undefined || !sameHash(await tokenHash(token), await tokenHash(key))) throw new Problem(401, "the operator's key is required");
}

async function requireCluster(env: Env, tenant: string, cluster: string): Promise<{ name: string; createdAt: string }> {
  const clusters = await env.TENANTS.get(env.TENANTS.idFromName(tenant)).listClusters();
  const found = clusters.find(({ name }) => name === cluster);
  if (!found) throw new Problem(404, `tenant ${tenant} has no cluster ${cluster}`);
  return found;
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Problem(400, result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "));
}

async function optionalJson(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, "the body is not JSON");
  }
}

function serverUrl(requestUrl: string, tenant: string, cluster: string): string {
  return new URL(`/clusters/${tenant}/${cluster}`, requestUrl).href;
}

/** Where pods and clients reach the API server: as configured, else where this request came in. */
function endpointOf({ PUBLIC_ENDPOINT }: Env, requestUrl: string): { host: string; port: number } {
  const url = PUBLIC_ENDPOINT ? new URL(`https://${PUBLIC_ENDPOINT}`) : new URL(requestUrl);
  return { host: url.hostname, port: url.port ? Number(url.port) : url.protocol === "http:" ? 80 : 443 };
}
