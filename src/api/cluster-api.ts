/**
 * One request to one cluster's Kubernetes API. Resources go to the Cluster object; what is the same for every client
 * (discovery, OpenAPI, version, health) is answered here, for whoever the object knows.
 */
import type { Credential, CustomResourceCatalog, ResourceRequest, ResourceResponse } from "../durable/protocol.ts";
import { scale } from "../kube/autoscaling/scale.ts";
import type { Kind } from "../kube/kind.ts";
import { badRequest, noSuchResource, StatusError, unauthorized } from "../kube/machinery/status.ts";
import { readBody } from "./body.ts";
import { bearerToken, credentialOf, tokenHash } from "./credential.ts";
import {
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  type Discovery,
  type Document,
  discoveryOf,
  discoveryPaths,
  offersAggregated,
} from "./discovery.ts";
import { type ClusterStub, clusterStub, type Env } from "./env.ts";
import { health, healthPath, healthPaths } from "./health.ts";
import { builtInKind, DELETE_OPTIONS, expectedKind, isBuiltInGroup } from "./kinds.ts";
import { countRequest, metricsText } from "./metrics.ts";
import {
  COLLECTION_TYPES,
  checkRepresentable,
  JSON_TYPE,
  type Negotiated,
  negotiate,
  offersMetaViews,
  offersNoView,
  wantsPretty,
  YAML_TYPE,
} from "./negotiate.ts";
import { openApi } from "./openapi.ts";
import { render } from "./render.ts";
import { decodePath, MalformedPath, parseQuery, parseRequestInfo, type RequestInfo, type RequestVerb, verbOf } from "./request-info.ts";
import { asStatusError, errorResponse, headersFor, pageNotFound, type Reply, textBody, valueResponse } from "./respond.ts";
import { VERSION } from "./version.ts";
import { serveWatch } from "./watch-api.ts";
import { toYaml } from "./yaml.ts";

/** Where a request is addressed: the cluster, and the path below it. */
export interface ClusterTarget {
  tenant: string;
  cluster: string;
  /** What stands before `path` in the URL, e.g. "/clusters/demo/main"; "" when the cluster is served at the root. */
  prefix: string;
  /** Percent-encoded, starting with a slash. */
  path: string;
  /** The query without its question mark. */
  search: string;
}

/** A request on its way: what every handler needs. */
export interface Exchange {
  request: Request;
  env: Env;
  target: ClusterTarget;
  stub: ClusterStub;
  reply: Reply;
  query: Record<string, string>;
  accept: string | null;
  userAgent: string;
}

/** Never throws: a failure is a response that carries a Status. */
export async function serveCluster(request: Request, env: Env, target: ClusterTarget): Promise<Response> {
  const { headers } = request;
  const userAgent = headers.get("user-agent") ?? "";
  const query = parseQuery(target.search);
  const acceptEncoding = headers.get("accept-encoding");
  const exchange: Exchange = {
    request,
    env,
    target,
    stub: clusterStub(env, target.tenant, target.cluster),
    reply: {
      auditId: headers.get("audit-id") ?? crypto.randomUUID(),
      gzip: acceptEncoding?.includes("gzip") ?? false,
      pretty: wantsPretty(query, userAgent),
    },
    query,
    accept: headers.get("accept"),
    userAgent,
  };
  try {
    const path = decodePath(target.path);
    const info = parseRequestInfo(path);
    const response = info ? await serveResource(exchange, info) : await serveNonResource(exchange, path);
    countRequest(request.method, response.status);
    return response;
  } catch (thrown) {
    if (thrown instanceof MalformedPath) return new Response("400 Bad Request", { status: 400, headers: { "Content-Type": "text/plain; charset=utf-8" } });
    const error = await authenticatedFirst(exchange, asStatusError(thrown));
    countRequest(request.method, error.code);
    return errorResponse(exchange.reply, error, exchange.accept);
  }
}

/** What the front desk finds wrong by itself is said to those alone whom the cluster knows. */
async function authenticatedFirst({ stub, request }: Exchange, error: StatusError): Promise<StatusError> {
  if (error.code === 401 || error.code >= 500) return error;
  try {
    const token = bearerToken(request.headers.get("authorization"));
    if (token === undefined) return unauthorized();
    return (await stub.catalog({ tokenHash: await tokenHash(token) })) ? error : unauthorized();
  } catch {
    return error;
  }
}

async function serveResource(exchange: Exchange, info: RequestInfo): Promise<Response> {
  const { request, query, accept, reply, userAgent } = exchange;
  // Nobody's request wakes an object, whatever cluster it names.
  if (bearerToken(request.headers.get("authorization")) === undefined) throw unauthorized();
  if (info.resource === "") throw noSuchResource();
  const verb = verbOf(request.method, info, query.watch);
  if (!verb) throw methodNotAllowed();
  const kind = builtInKind(info);
  // Custom resources are behind no router of their own.
  if (kind) {
    if (!isRouted(kind, info)) throw noSuchResource();
    checkRepresentable(accept, request.method === "GET" && info.name === "" ? COLLECTION_TYPES : undefined);
  }
  if (verb === "watch") {
    const negotiated = negotiate(accept, offersMetaViews, true);
    return serveWatch(exchange, info, kind, negotiated);
  }
  const negotiated = negotiate(accept, hasViews(kind, info) ? offersMetaViews : offersNoView);
  const maybeCredential = credentialOf(request.headers);
  const credential = maybeCredential instanceof Promise ? await maybeCredential : maybeCredential;
  const message = resourceRequest(info, verb, query, userAgent, credential);
  if (verb !== "get" && verb !== "list") {
    const deletes = verb === "delete" || verb === "deletecollection";
    const body = await readBody(request, {
      verb,
      expected: deletes ? DELETE_OPTIONS : expectedKind(kind, info),
      protobuf: deletes || kind !== undefined || info.subresource === "scale",
      fieldValidation: query.fieldValidation,
    });
    message.body = body.text;
    message.contentType = body.contentType;
    if (body.strictErrors.length > 0) message.bodyStrictErrors = body.strictErrors;
  }
  if (info.subresource === "") checkPathName(info.name);
  const response = await ask(exchange, message);
  if (response.status === 404 && (await isNobodys(exchange, info, response, credential))) return pageNotFound(reply);
  return render(response, { reply, negotiated, accept, kind: shownKind(kind, info), query });
}

/** No object has such a name, and in a path it may mean something else to others. @throws StatusError 400 */
function checkPathName(name: string): void {
  if (name === "." || name === "..") throw badRequest(`Name parameter invalid: ${JSON.stringify(name)}: may not be '${name}'`);
  if (name.includes("%")) throw badRequest(`Name parameter invalid: ${JSON.stringify(name)}: may not contain '%'`);
}

/** Outside the built-in groups there is nothing but the definitions' resources that could answer as an API. */
async function isNobodys({ stub }: Exchange, { group, version, resource }: RequestInfo, { body }: ResourceResponse, credential: Credential): Promise<boolean> {
  if (group === "" || isBuiltInGroup(group) || typeof body !== "string" || !body.includes('"details":{}')) return false;
  const catalog = await stub.catalog(credential);
  return catalog !== undefined && !catalog.resources.some((each) => each.group === group && each.version === version && each.plural === resource);
}

/** Whether any method leads here: a namespaced object needs its namespace, and only lists go over all of them. */
function isRouted(kind: Kind, { namespace, name, subresource, watchPrefix }: RequestInfo): boolean {
  if (watchPrefix && subresource !== "") return false;
  return kind.scope === "Cluster" || namespace !== "" || (name === "" && kind.verbs.includes("list"));
}

/** What can be read has the views; reviews and actions (SubjectAccessReview, eviction, binding) have none. */
/** The kind of what is answered; undefined where it is not known here. */
function shownKind(kind: Kind | undefined, { subresource }: RequestInfo): Kind | undefined {
  if (subresource === "scale") return scale;
  return subresource === "" || subresource === "status" ? kind : undefined;
}

function hasViews(kind: Kind | undefined, { subresource }: RequestInfo): boolean {
  if (subresource !== "") return subresource === "status" || subresource === "scale";
  return kind === undefined || kind.verbs.includes("get");
}

function methodNotAllowed(): StatusError {
  return new StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});
}

function resourceRequest(
  info: RequestInfo,
  verb: Exclude<RequestVerb, "watch">,
  query: Record<string, string>,
  userAgent: string,
  credential: Credential,
): ResourceRequest {
  const { group, version, resource, subresource, namespace, name, rest } = info;
  const message: ResourceRequest = {
    verb,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    query,
    body: undefined,
    contentType: "",
    userAgent,
    credential,
  };
  if (rest !== undefined) {
    // Only a proxied path goes on below its subresource.
    if (subresource !== "proxy") throw noSuchResource();
    message.path = rest;
  }
  return message;
}

/** Reads are tried again once when the object was just restarting; a write may have happened and is not. */
async function ask(exchange: Exchange, message: ResourceRequest): Promise<ResourceResponse> {
  try {
    return await exchange.stub.handle(message);
  } catch (thrown) {
    if (isOverloaded(thrown)) throw overloaded();
    if (message.verb !== "get" && message.verb !== "list") throw thrown;
    // A stub that has failed once stays broken.
    const { tenant, cluster } = exchange.target;
    return clusterStub(exchange.env, tenant, cluster).handle(message);
  }
}

function isOverloaded(thrown: unknown): boolean {
  return thrown instanceof Error && "overloaded" in thrown && thrown.overloaded === true;
}

function overloaded(): StatusError {
  return new StatusError(429, "TooManyRequests", "too many requests, please try again later", { retryAfterSeconds: 1 });
}

async function serveNonResource(exchange: Exchange, path: string): Promise<Response> {
  const { request, reply, target } = exchange;
  const trimmed = path.length > 2 && path.endsWith("/") ? path.slice(0, -1) : path;
  const found = healthPath(path);
  const open = found?.check === "" || trimmed === "/version";
  const maybeCredential = credentialOf(request.headers);
  const credential = maybeCredential instanceof Promise ? await maybeCredential : maybeCredential;
  // Version and health are for everyone; yet a credential that is presented must be good.
  if (open && credential.tokenHash === undefined) return found ? health(reply, found, target.search, NOTHING_BROKEN) : version(exchange);
  const catalog = credential.tokenHash === undefined ? undefined : await exchange.stub.catalog(credential, trimmed, request.method.toLowerCase());
  if (!catalog) throw unauthorized();
  if (catalog.refused) throw new StatusError(403, "Forbidden", catalog.refused, {});
  if (found) return health(reply, found, target.search, NOTHING_BROKEN);
  if (trimmed === "/version") return version(exchange);
  if (path === "/metrics") return metrics(exchange, credential);
  // Behind a proxy that knows the prefix, old clients join it twice to the URLs of the OpenAPI index.
  const below = target.prefix !== "" && path.startsWith(`${target.prefix}/openapi/`) ? path.slice(target.prefix.length) : path;
  if (below.startsWith("/openapi/")) return openApi(exchange, below, catalog);
  return serveDiscovery(exchange, trimmed, catalog);
}

const NOTHING_BROKEN: ReadonlySet<string> = new Set();

function version({ reply, request, accept }: Exchange): Response {
  if (request.method !== "GET") throw methodNotAllowed();
  checkRepresentable(accept, [JSON_TYPE]);
  return valueResponse(reply, 200, VERSION, { media: "json", pretty: true });
}

async function metrics({ stub, reply }: Exchange, credential: Credential): Promise<Response> {
  const text = await stub.metrics(credential);
  if (text === undefined) throw unauthorized();
  return new Response(metricsText() + text, { status: 200, headers: headersFor(reply, "text/plain; version=0.0.4; charset=utf-8") });
}

async function serveDiscovery(exchange: Exchange, path: string, catalog: CustomResourceCatalog): Promise<Response> {
  const { reply, accept, request } = exchange;
  const discovery = await discoveryOf(catalog);
  if (path === "/") return valueResponse(reply, 200, { paths: allPaths(discovery) }, { media: "json", pretty: true });
  if (path === "/api" || path === "/apis") {
    if (path === "/api") {
      if (request.method !== "GET") throw methodNotAllowed();
      checkRepresentable(accept);
    }
    const negotiated = negotiate(accept, offersAggregated);
    if (negotiated.view) return aggregated(exchange, discovery.aggregated[path === "/api" ? "api" : "apis"], negotiated);
    const value = path === "/api" ? apiVersions(serverAddress(exchange)) : apiGroupList(discovery);
    return valueResponse(reply, 200, value, negotiated);
  }
  const parts = path.split("/");
  const value = discoveryDocument(discovery, parts);
  if (value === undefined) {
    // Below the core or another built-in group the API answers; elsewhere nothing is there at all.
    if (parts[1] === "api" || (parts[1] === "apis" && isBuiltInGroup(parts[2]))) throw noSuchResource();
    return pageNotFound(reply);
  }
  const isGroup = parts[1] === "apis" && parts.length === 3;
  if (!isGroup) {
    if (request.method !== "GET") throw methodNotAllowed();
    checkRepresentable(accept);
  }
  return valueResponse(reply, 200, value, negotiate(accept, offersNoView));
}

function discoveryDocument(discovery: Discovery, parts: readonly string[]): unknown {
  if (parts[1] === "api" && parts.length === 3) return apiResourceList(discovery, "", parts[2] as string);
  if (parts[1] !== "apis") return undefined;
  if (parts.length === 3) return apiGroup(discovery, parts[2] as string);
  return parts.length === 4 && parts[2] !== "" ? apiResourceList(discovery, parts[2] as string, parts[3] as string) : undefined;
}

function serverAddress({ env, request }: Exchange): string {
  return env.PUBLIC_ENDPOINT ?? new URL(request.url).host;
}

/** The aggregated documents revalidate by entity tag, and name their form in the Content-Type. */
function aggregated({ reply, request }: Exchange, { text, etag }: Document, negotiated: Negotiated): Response {
  const type = negotiated.media === "yaml" ? YAML_TYPE : JSON_TYPE;
  const headers = {
    ...headersFor(reply, `${type};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`),
    "Cache-Control": "public",
    ETag: etag,
    Vary: "Accept",
  };
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
  return textBody(reply, 200, negotiated.media === "yaml" ? toYaml(JSON.parse(text)) : `${text}\n`, headers);
}

function allPaths(discovery: Discovery): string[] {
  return [...discoveryPaths(discovery), ...healthPaths(), "/metrics", "/openapi/v2", "/openapi/v3", "/version"].sort();
}
