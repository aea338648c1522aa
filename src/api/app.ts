/**
 * The front desk's door: which cluster a request is for. Cluster paths, nearly all of the traffic, are taken apart by
 * hand; the rest is Hono's.
 */
import { Hono } from "hono";
import { type ClusterTarget, serveCluster } from "./cluster-api.ts";
import type { Env } from "./env.ts";
import { tenants } from "./tenants.ts";

const app = new Hono<{ Bindings: Env }>();

/** The platform's own health; a cluster's is below its address. */
app.get("/healthz", (context) => context.text("ok"));
app.route("/tenants", tenants);

const CLUSTERS = "/clusters/";
/** Set by the socket that serves one cluster at its root (cli/workerd-config.ts). */
const ROOT_HEADER = "x-perigee-root";
/** An RFC 1123 label. */
const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** The Worker's fetch handler. */
export function frontDesk(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
  const { url } = request;
  const host = url.indexOf("//") + 2;
  const slash = url.indexOf("/", host);
  const start = slash < 0 ? url.length : slash;
  const question = url.indexOf("?", start);
  const path = url.slice(start, question < 0 ? undefined : question) || "/";
  const search = question < 0 ? "" : url.slice(question + 1);
  const target = pathTarget(path, search) ?? rootTarget(env, request.headers, url.slice(host, start), path, search);
  return target ? serveCluster(request, env, target) : app.fetch(request, env, context);
}

/** `/clusters/<tenant>/<cluster>[/…]` */
function pathTarget(path: string, search: string): ClusterTarget | undefined {
  if (!path.startsWith(CLUSTERS)) return undefined;
  const afterTenant = path.indexOf("/", CLUSTERS.length);
  if (afterTenant < 0) return undefined;
  const slash = path.indexOf("/", afterTenant + 1);
  const end = slash < 0 ? path.length : slash;
  const tenant = path.slice(CLUSTERS.length, afterTenant);
  const cluster = path.slice(afterTenant + 1, end);
  // A name that no cluster can have must not bring an object to life.
  if (!LABEL.test(tenant) || !LABEL.test(cluster)) return undefined;
  return { tenant, cluster, prefix: path.slice(0, end), path: path.slice(end) || "/", search };
}

/** A host name, or a socket, of the cluster's own. */
function rootTarget(env: Env, headers: Headers, hostAndPort: string, path: string, search: string): ClusterTarget | undefined {
  if (env.ROOT_CLUSTER && headers.has(ROOT_HEADER)) {
    const slash = env.ROOT_CLUSTER.indexOf("/");
    return { tenant: env.ROOT_CLUSTER.slice(0, slash), cluster: env.ROOT_CLUSTER.slice(slash + 1), prefix: "", path, search };
  }
  if (!env.CLUSTER_DOMAIN) return undefined;
  const colon = hostAndPort.lastIndexOf(":");
  const host = (colon < 0 ? hostAndPort : hostAndPort.slice(0, colon)).toLowerCase();
  if (!host.endsWith(`.${env.CLUSTER_DOMAIN}`)) return undefined;
  const name = host.slice(0, -env.CLUSTER_DOMAIN.length - 1);
  const hyphens = name.indexOf("--");
  if (hyphens < 0) return undefined;
  const [tenant, cluster] = [name.slice(hyphens + 2), name.slice(0, hyphens)];
  return LABEL.test(tenant) && LABEL.test(cluster) ? { tenant, cluster, prefix: "", path, search } : undefined;
}
