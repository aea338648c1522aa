/** What the platform binds to the Worker; the names are those of wrangler.toml. */
import type { ClusterApi } from "../durable/protocol.ts";
import type { TenantApi } from "../durable/tenant.ts";

export type ClusterStub = ClusterApi & { fetch(input: string, init?: RequestInit): Promise<Response> };

/** A Durable Object namespace, as little of it as the front desk needs. */
export interface Namespace<Stub> {
  idFromName(name: string): DurableObjectId;
  get(id: DurableObjectId): Stub;
}

export interface Env {
  CLUSTERS: Namespace<ClusterStub>;
  TENANTS: Namespace<TenantApi>;
  /** Generated OpenAPI documents, by path. */
  ASSETS: { fetch(input: string): Promise<Response> };
  /** Key of the tenants' REST API; without one that API is closed. */
  PERIGEE_OPERATOR_KEY?: string;
  /** PEM of the CA that signs this host's certificate. */
  PERIGEE_CA_CERT?: string;
  /** "host:port" where clients reach the API servers. */
  PUBLIC_ENDPOINT?: string;
  /** "tenant/cluster" that is served at the root of a socket of its own. */
  ROOT_CLUSTER?: string;
  /** Hosts named `<cluster>--<tenant>.<this>` serve that cluster at the root. */
  CLUSTER_DOMAIN?: string;
}

/** The Cluster object of a tenant's cluster. Tenant and cluster come from the URL alone, never from a body. */
export function clusterStub(env: Env, tenant: string, cluster: string): ClusterStub {
  return env.CLUSTERS.get(env.CLUSTERS.idFromName(`${tenant}/${cluster}`));
}
