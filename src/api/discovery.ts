/**
 * Discovery: which groups, versions and resources a cluster serves, as legacy documents (`/api`, `/apis`,
 * `/apis/<group>`, `/apis/<group>/<version>`) and as one aggregated document (KEP-3352). Built from the kinds and the
 * custom resources; nothing here is asked of the store.
 */
import type { CustomResourceCatalog, ServedCustomResource } from "../durable/protocol.ts";
import type { Kind, Verb } from "../kube/kind.ts";
import { BUILT_IN_KINDS } from "../kube/registry.ts";
import type { View } from "./negotiate.ts";

/** The built-in groups in the order of their priority; custom groups follow by name. */
const GROUP_ORDER = [
  "apiregistration.k8s.io",
  "apps",
  "events.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "networking.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "storage.k8s.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "scheduling.k8s.io",
  "coordination.k8s.io",
  "node.k8s.io",
  "discovery.k8s.io",
  "resource.k8s.io",
  "flowcontrol.apiserver.k8s.io",
];

interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

interface Subresource {
  name: string;
  responseKind: GroupVersionKind;
  verbs: readonly string[];
}

/** A served resource with what both kinds of document say of it. */
interface Resource {
  name: string;
  singular: string;
  kind: string;
  /** As the aggregated document names it: built-in ones leave out their own group version. */
  responseKind: GroupVersionKind;
  namespaced: boolean;
  verbs: readonly string[];
  shortNames: readonly string[];
  categories: readonly string[];
  storageVersionHash: string | undefined;
  subresources: readonly Subresource[];
}

interface GroupVersion {
  version: string;
  resources: Resource[];
}

interface Group {
  name: string;
  /** In order of preference. */
  versions: GroupVersion[];
}

/** A finished document. */
export interface Document {
  text: string;
  /** Quoted upper-case hex SHA-512 of the text. */
  etag: string;
}

/** Every discovery document of one state of a cluster's custom resources. */
export interface Discovery {
  groups: readonly Group[];
  /** Aggregated: "api" = the core group, "apis" = all others. */
  aggregated: { api: Document; apis: Document };
}

const STATUS_VERBS = ["get", "patch", "update"];
/** In the original's order for custom resources. */
const CUSTOM_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

const MAX_CACHED = 64;
/** By catalog revision: clusters without custom resources share one entry. */
const cache = new Map<string, Promise<Discovery>>();

export function discoveryOf(catalog: CustomResourceCatalog): Promise<Discovery> {
  const key = cacheKey(catalog);
  const known = cache.get(key);
  if (known) return known;
  const made = build(catalog);
  if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value as string);
  cache.set(key, made);
  return made;
}

/**
 * Revisions are a cluster's own, and one tenant's documents must never be a function of another's: so the key says
 * everything that the documents say.
 */
function cacheKey({ resources }: CustomResourceCatalog): string {
  return resources.length === 0 ? "" : JSON.stringify(resources.map(({ schema: _, selectableFields: __, ...shown }) => shown));
}

async function build({ resources }: CustomResourceCatalog): Promise<Discovery> {
  const groups = new Map<string, Map<string, Resource[]>>();
  const add = async (group: string, version: string, resource: Promise<Resource>) => {
    const versions = groups.get(group) ?? new Map<string, Resource[]>();
    groups.set(group, versions);
    const list = versions.get(version) ?? [];
    versions.set(version, list);
    list.push(await resource);
  };
  for (const kind of BUILT_IN_KINDS) await add(kind.group, kind.version, builtIn(kind));
  for (const resource of resources) await add(resource.group, resource.version, custom(resource));
  const ordered = [...groups]
    .map(([name, versions]) => ({
      name,
      versions: [...versions]
        .map(([version, list]) => ({ version, resources: list.sort((a, b) => (a.name < b.name ? -1 : 1)) }))
        .sort((a, b) => compareVersions(a.version, b.version)),
    }))
    .sort((a, b) => groupRank(a.name) - groupRank(b.name) || (a.name < b.name ? -1 : 1));
  const [core, others] = [ordered.filter(({ name }) => name === ""), ordered.filter(({ name }) => name !== "")];
  return { groups: ordered, aggregated: { api: await document(aggregate(core)), apis: await document(aggregate(others)) } };
}

function groupRank(name: string): number {
  if (name === "") return -1;
  const rank = GROUP_ORDER.indexOf(name);
  return rank < 0 ? GROUP_ORDER.length : rank;
}

/** Preference: GA before beta before alpha, then the higher number; names that are no versions last, by name. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionRank(a), versionRank(b)];
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : 1;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return (right[i] as number) - (left[i] as number);
  return 0;
}

function versionRank(version: string): number[] | undefined {
  const parts = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version);
  if (!parts) return undefined;
  const stability = parts[2] === undefined ? 2 : parts[2] === "beta" ? 1 : 0;
  return [stability, Number(parts[1]), Number(parts[3] ?? 0)];
}

async function builtIn(kind: Kind): Promise<Resource> {
  const own = { group: "", version: "", kind: kind.kind };
  const subresources: Subresource[] = [];
  const { status, scale, others = {} } = kind.subresources ?? {};
  if (status) subresources.push({ name: "status", responseKind: own, verbs: STATUS_VERBS });
  if (scale) subresources.push({ name: "scale", responseKind: SCALE, verbs: STATUS_VERBS });
  for (const [name, other] of Object.entries(others)) {
    const responseKind = { group: other.group ?? "", version: other.version ?? "", kind: other.kind ?? kind.kind };
    // An own kind of the enclosing group version is named without them.
    if (responseKind.group === kind.group && responseKind.version === kind.version) Object.assign(responseKind, { group: "", version: "" });
    subresources.push({ name, responseKind, verbs: [...other.verbs].sort() });
  }
  return {
    name: kind.plural,
    singular: kind.singular,
    kind: kind.kind,
    responseKind: own,
    namespaced: kind.scope === "Namespaced",
    verbs: [...kind.verbs].sort(),
    shortNames: kind.shortNames ?? [],
    categories: kind.categories ?? [],
    storageVersionHash: await builtInHash(kind),
    subresources: subresources.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

const SCALE = { group: "autoscaling", version: "v1", kind: "Scale" };

/** What can be neither listed nor deleted is not stored and has none. */
async function builtInHash(kind: Kind): Promise<string | undefined> {
  if (kind.storedVersion === "" || !(kind.verbs.includes("list") || kind.verbs.includes("delete"))) return undefined;
  let { group, version } = kind;
  if (kind.storage) ({ group, version } = kind.storage);
  if (kind.storedVersion) {
    const slash = kind.storedVersion.indexOf("/");
    if (slash >= 0) group = kind.storedVersion.slice(0, slash);
    version = kind.storedVersion.slice(slash + 1);
  }
  return storageVersionHash(group, version, kind.kind);
}

async function custom(resource: ServedCustomResource): Promise<Resource> {
  const own = { group: resource.group, version: resource.version, kind: resource.kind };
  const subresources: Subresource[] = [];
  if (resource.hasStatus) subresources.push({ name: "status", responseKind: own, verbs: STATUS_VERBS });
  if (resource.hasScale) subresources.push({ name: "scale", responseKind: SCALE, verbs: STATUS_VERBS });
  const verbs = resource.deletable ? CUSTOM_VERBS : CUSTOM_VERBS.filter((verb) => verb !== "create" && verb !== "update" && verb !== "patch");
  return {
    name: resource.plural,
    singular: resource.singular,
    kind: resource.kind,
    responseKind: own,
    namespaced: resource.scope === "Namespaced",
    verbs: verbs as Verb[],
    shortNames: resource.shortNames,
    categories: resource.categories,
    storageVersionHash: await storageVersionHash(resource.group, resource.storageVersion, resource.kind),
    subresources,
  };
}

const encoder = new TextEncoder();

/** base64 of the first 8 bytes of SHA-256("<group>/<version>/<kind>"). */
export async function storageVersionHash(group: string, version: string, kind: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", encoder.encode(`${group}/${version}/${kind}`));
  return btoa(String.fromCharCode(...new Uint8Array(digest, 0, 8)));
}

/** A document and its entity tag. */
export async function document(value: unknown): Promise<Document> {
  const text = JSON.stringify(value);
  return { text, etag: `"${await sha512(text)}"` };
}

/** Upper-case hex. */
export async function sha512(text: string | Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-512", typeof text === "string" ? encoder.encode(text) : text);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}

function aggregate(groups: readonly Group[]): unknown {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name === "" ? {} : { name },
      versions: versions.map(({ version, resources }) => ({ version, resources: resources.map(aggregateResource), freshness: "Current" })),
    })),
  };
}

function aggregateResource(resource: Resource): unknown {
  return {
    resource: resource.name,
    responseKind: resource.responseKind,
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
    ...(resource.subresources.length > 0
      ? { subresources: resource.subresources.map(({ name, responseKind, verbs }) => ({ subresource: name, responseKind, verbs })) }
      : {}),
  };
}

/** `/api` */
export function apiVersions(serverAddress: string): unknown {
  return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }] };
}

/** `/apis` */
export function apiGroupList({ groups }: Discovery): unknown {
  return { kind: "APIGroupList", apiVersion: "v1", groups: groups.filter(({ name }) => name !== "").map(groupSummary) };
}

/** `/apis/<group>`; undefined when the group is not served. */
export function apiGroup({ groups }: Discovery, name: string): unknown {
  const group = groups.find((each) => each.name === name && name !== "");
  return group && { kind: "APIGroup", apiVersion: "v1", ...groupSummary(group) };
}

function groupSummary({ name, versions }: Group): { name: string; versions: unknown[]; preferredVersion: unknown } {
  const all = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: all, preferredVersion: all[0] };
}

/** `/api/v1` and `/apis/<group>/<version>`; undefined when not served. */
export function apiResourceList({ groups }: Discovery, groupName: string, version: string): unknown {
  const served = groups.find(({ name }) => name === groupName)?.versions.find((each) => each.version === version);
  if (!served) return undefined;
  const groupVersion = groupName ? `${groupName}/${version}` : version;
  const resources = served.resources.flatMap((resource) => [
    legacyResource(resource.name, resource.singular, resource.namespaced, { group: "", version: "", kind: resource.kind }, resource.verbs, resource),
    ...resource.subresources.map(({ name, responseKind, verbs }) => {
      const own = responseKind.group === groupName && responseKind.version === version;
      return legacyResource(`${resource.name}/${name}`, "", resource.namespaced, own ? { ...responseKind, group: "", version: "" } : responseKind, verbs);
    }),
  ]);
  // The core list is the one document whose kind comes without a version.
  return { kind: "APIResourceList", ...(groupName === "" ? {} : { apiVersion: "v1" }), groupVersion, resources };
}

function legacyResource(
  name: string,
  singularName: string,
  namespaced: boolean,
  { group, version, kind }: GroupVersionKind,
  verbs: readonly string[],
  resource?: Resource,
): unknown {
  return {
    name,
    singularName,
    namespaced,
    ...(version ? { group, version } : {}),
    kind,
    verbs,
    ...(resource && resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
    ...(resource && resource.categories.length > 0 ? { categories: resource.categories } : {}),
    ...(resource?.storageVersionHash ? { storageVersionHash: resource.storageVersionHash } : {}),
  };
}

/** The view that asks for the aggregated form of `/api` and `/apis`. */
export function offersAggregated({ group, version, kind }: View): boolean {
  return group === "apidiscovery.k8s.io" && version === "v2" && kind === "APIGroupDiscoveryList";
}

/** Every path below `/api` and `/apis`, for `GET /`. */
export function discoveryPaths({ groups }: Discovery): string[] {
  return [
    "/api",
    "/apis",
    "/apis/",
    ...groups.flatMap(({ name, versions }) =>
      (name === "" ? [] : [`/apis/${name}`]).concat(versions.map(({ version }) => (name === "" ? `/api/${version}` : `/apis/${name}/${version}`))),
    ),
  ];
}
