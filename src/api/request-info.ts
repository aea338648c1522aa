/**
 * URL path → what it asks for, as the API conventions lay paths out:
 * `/api/<v>/…` and `/apis/<group>/<v>/…`, then `[watch/][namespaces/<ns>/]<resource>[/<name>[/<subresource>[/<rest>]]]`.
 */

/** A path below a served API version. */
export interface RequestInfo {
  group: string;
  version: string;
  resource: string;
  subresource: string;
  /** "" = cluster-scoped or all namespaces; also for the resource `namespaces`, whose name is in `name`. */
  namespace: string;
  /** "" = the collection. */
  name: string;
  /** What follows the subresource, joined by slashes; undefined when nothing does. */
  rest: string | undefined;
  /** The deprecated `/api/v1/watch/…` form: always a watch. */
  watchPrefix: boolean;
}

/** Percent-encoding that is none. */
export class MalformedPath extends Error {}

/**
 * The path as the router sees it: percent-decoded as a whole, so that an encoded slash separates like any other.
 * @throws MalformedPath
 */
export function decodePath(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    throw new MalformedPath(path);
  }
}

/**
 * @param path decoded, starting with a slash, without the cluster's prefix.
 * @returns undefined when the path is not below an API version (discovery, health, unknown). One trailing slash is
 * ignored, as the original does; an empty segment elsewhere names nothing and so finds nothing.
 */
export function parseRequestInfo(path: string): RequestInfo | undefined {
  const end = path.length > 1 && path.endsWith("/") ? path.length - 1 : path.length;
  const parts = path.slice(1, end).split("/");
  let at: number;
  let group = "";
  if (parts[0] === "api") {
    at = 2;
  } else if (parts[0] === "apis") {
    group = parts[1] ?? "";
    at = 3;
  } else {
    return undefined;
  }
  if (parts.length <= at) return undefined;
  const version = parts[at - 1] as string;
  const watchPrefix = parts[at] === "watch" && parts.length > at + 1;
  if (watchPrefix) at++;
  let namespace = "";
  if (parts[at] === "namespaces" && parts.length > at + 2 && !isNamespaceSubresource(parts[at + 2] as string)) {
    namespace = parts[at + 1] as string;
    at += 2;
  }
  return {
    group,
    version,
    resource: parts[at] as string,
    name: parts[at + 1] ?? "",
    subresource: parts[at + 2] ?? "",
    namespace,
    rest: parts.length > at + 3 ? parts.slice(at + 3).join("/") : undefined,
    watchPrefix,
  };
}

/** `/namespaces/<ns>/status` is the namespace's own; `/namespaces/<ns>/pods` is not. */
function isNamespaceSubresource(segment: string): boolean {
  return segment === "status" || segment === "finalize";
}

export type RequestVerb = "create" | "get" | "list" | "watch" | "update" | "patch" | "delete" | "deletecollection";

/** @returns undefined when no verb has this method on this path (405). `watch` is the query parameter. */
export function verbOf(method: string, info: RequestInfo, watch: string | undefined): RequestVerb | undefined {
  const named = info.name !== "";
  switch (method) {
    case "GET":
      if (info.watchPrefix) return "watch";
      if (named) return "get";
      return isTruthy(watch) ? "watch" : "list";
    case "POST":
      return !named || info.subresource ? "create" : undefined;
    case "PUT":
      return named ? "update" : undefined;
    case "PATCH":
      return named ? "patch" : undefined;
    case "DELETE":
      return named ? "delete" : "deletecollection";
    default:
      return undefined;
  }
}

/** A boolean query parameter: present and neither "false" nor "0". */
export function isTruthy(value: string | undefined): boolean {
  if (value === undefined) return false;
  const lower = value.toLowerCase();
  return lower !== "false" && lower !== "0";
}

const NO_QUERY: Readonly<Record<string, string>> = Object.freeze({});

/** The first value of each parameter; `search` without its question mark. */
export function parseQuery(search: string): Record<string, string> {
  if (search === "") return { ...NO_QUERY };
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) if (!Object.hasOwn(query, name)) query[name] = value;
  return query;
}
