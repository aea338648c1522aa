/**
 * What the front desk and a Cluster object say to each other. Requests cross by RPC as plain data; a
 * Cluster never throws across the border: a failure is a response that carries a Status.
 */
import type { ServedResource } from "../kube/apiextensions/served-resources.ts";
import type { Column } from "../kube/kind.ts";

export type { ServedResource as ServedCustomResource };

export interface Credential {
  /** Hex SHA-256 of the bearer token; undefined = anonymous. The token itself never reaches the object. */
  tokenHash: string | undefined;
  impersonate?: { user: string; uid?: string; groups: string[]; extra: Record<string, string[]> };
}

export interface ResourceRequest {
  verb: "create" | "get" | "list" | "update" | "patch" | "delete" | "deletecollection";
  group: string;
  version: string;
  /** Plural, as in the URL. */
  resource: string;
  subresource: string;
  /** "" = cluster-scoped or all namespaces. */
  namespace: string;
  /** "" = the collection. */
  name: string;
  /** Rest of the path after a subresource (proxy). */
  path?: string;
  /** Query parameters as sent, first value of each. */
  query: Record<string, string>;
  /** JSON text: the front desk has turned YAML and protobuf into it. undefined = no body. */
  body: string | undefined;
  /** Media type as sent, parameters stripped; for patches it chooses the patch's kind. */
  contentType: string;
  /** Strict decoding errors found while turning YAML into JSON (duplicate keys). */
  bodyStrictErrors?: string[];
  /** True when the body came as protobuf: unknown fields can't be reported. */
  userAgent: string;
  credential: Credential;
}

export interface ResourceResponse {
  status: number;
  /** JSON text of the object, list or Status; a stream of its UTF-8 bytes when a list is long. */
  body: string | ReadableStream<Uint8Array>;
  /** Texts for Warning headers. */
  warnings?: string[];
  /** Set for custom resources, so that the front desk can render a Table. `jsonPath` as in the definition. */
  customColumns?: (Column & { jsonPath: string })[];
  retryAfterSeconds?: number;
}

/**
 * A watch is a WebSocket: `fetch("https://cluster/watch")` with `Upgrade: websocket` and a WatchRequest as JSON in
 * the `x-perigee-watch` header. A refusal is an HTTP response whose body is a Status. Every text message from
 * the object is `<revision>\n` followed by zero or more watch event lines, each `{"type":…,"object":…}\n`:
 * the stream is complete up to <revision> when the message has been written. No lines = progress only.
 * The client's end closes with 1000; the object closes with 1000 after an ERROR event. Any other end means
 * that the object restarted: reconnect from the last revision.
 */
export interface WatchRequest {
  group: string;
  version: string;
  resource: string;
  namespace: string;
  name: string;
  query: Record<string, string>;
  credential: Credential;
}

export const WATCH_HEADER = "x-perigee-watch";

export interface CustomResourceCatalog {
  /** Changes whenever any served definition changes; part of every discovery and OpenAPI ETag. */
  revision: string;
  resources: ServedResource[];
  /** Why the credential may not do `verb` to the path it was asked for; then the rest is empty. */
  refused?: string;
}

/** What the front desk calls on a Cluster stub. */
export interface ClusterApi {
  handle(request: ResourceRequest): Promise<ResourceResponse>;
  /** What is served, or undefined for an unknown credential (401). With a path, authorizes it first. */
  catalog(credential: Credential, path?: string, verb?: string): Promise<CustomResourceCatalog | undefined>;
  /** Prometheus text, or undefined when not authenticated. */
  metrics(credential: Credential): Promise<string | undefined>;
  /** Makes the cluster when absent and returns whether it was made. Idempotent. */
  provision(options: ProvisionOptions): Promise<{ created: boolean }>;
  /** Registers a further admin credential by its hash. */
  addCredential(tokenHash: string, username: string, groups: string[]): Promise<void>;
}

export interface ProvisionOptions {
  tenant: string;
  cluster: string;
  adminTokenHash: string;
  /** PEM of the CA that serves this host; becomes kube-root-ca.crt. */
  caCertificate: string;
  /** Where clients reach the API server: host and port for the `kubernetes` Endpoints. */
  endpoint: { host: string; port: number };
}
