/**
 * `/openapi/v2` and `/openapi/v3`: the generated documents of the built-in kinds, with the parts of the cluster's
 * custom resources merged in. Documents are known by entity tag; a path with the right `hash` may be cached for ever.
 */
import type { CustomResourceCatalog, ServedCustomResource } from "../durable/protocol.ts";
import { publishV2, publishV3 } from "../kube/apiextensions/openapi.ts";
import { noSuchResource } from "../kube/machinery/status.ts";
import type { JsonObject } from "../kube/object.ts";
import { OPENAPI_V2_HASH, OPENAPI_V3_HASHES } from "../kube/schema/generated/openapi-index.ts";
import { encodeOpenApiV2 } from "../kube/schema/openapi-v2-protobuf.ts";
import type { Exchange } from "./cluster-api.ts";
import { sha512 } from "./discovery.ts";
import type { Env } from "./env.ts";
import { JSON_TYPE, parseAccept } from "./negotiate.ts";
import { headersFor, plainText, type Reply } from "./respond.ts";

const V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
/** Clients up to 1.26 write an "@", which no media type may hold. */
const V2_PROTOBUF_OLD = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
const YEAR_MS = 365 * 24 * 3600 * 1000;

/** @param path decoded and without the cluster's prefix. */
export async function openApi(exchange: Exchange, path: string, catalog: CustomResourceCatalog): Promise<Response> {
  if (path === "/openapi/v2") return openApiV2(exchange, catalog);
  if (path === "/openapi/v3") return openApiV3Index(exchange, catalog);
  const base = "/openapi/v3/";
  if (path.startsWith(base)) return openApiV3(exchange, path.slice(base.length), catalog);
  throw noSuchResource();
}

/** A finished document: text is read only when its tag does not match the client's. */
interface Served {
  etag: string;
  read(): Promise<BodyInit>;
}

async function openApiV2({ accept, env, reply, request }: Exchange, { resources }: CustomResourceCatalog): Promise<Response> {
  const type = v2Type(accept);
  if (!type) return notAcceptable(reply);
  const protobuf = type === V2_PROTOBUF;
  const served = resources.length === 0 ? builtInV2(env, protobuf) : await mergedV2(env, resources, protobuf);
  return documentResponse(reply, request, served, type, {});
}

/** undefined = 406. */
function v2Type(accept: string | null): string | undefined {
  if (!accept) return JSON_TYPE;
  for (const { type, subtype } of parseAccept(accept)) {
    const name = `${type}/${subtype}`;
    if (name === "*/*" || name === "application/*" || name === JSON_TYPE) return JSON_TYPE;
    if (name === V2_PROTOBUF || name === V2_PROTOBUF_OLD) return V2_PROTOBUF;
  }
  return undefined;
}

function builtInV2(env: Env, protobuf: boolean): Served {
  // Two forms of one document have two tags.
  const etag = protobuf ? `"${OPENAPI_V2_HASH}-PB"` : `"${OPENAPI_V2_HASH}"`;
  return { etag, read: () => asset(env, protobuf ? "v2.pb" : "v2.json") };
}

interface MergedV2 {
  json: { text: string; etag: string };
  /** Encoded when first asked for. */
  protobuf: { bytes: Uint8Array; etag: string } | undefined;
  document: () => JsonObject;
}

/** A merged document is some 4 MB of text, so few are kept. */
const MAX_MERGED = 2;
const merged = new Map<string, Promise<MergedV2>>();

async function mergedV2(env: Env, resources: readonly ServedCustomResource[], protobuf: boolean): Promise<Served> {
  const key = JSON.stringify(resources);
  const making = merged.get(key) ?? mergeV2(env, resources);
  if (!merged.has(key)) {
    if (merged.size >= MAX_MERGED) merged.delete(merged.keys().next().value as string);
    merged.set(key, making);
    making.catch(() => merged.delete(key));
  }
  const made = await making;
  if (!protobuf) return { etag: made.json.etag, read: async () => made.json.text };
  if (!made.protobuf) {
    const bytes = encodeOpenApiV2(made.document());
    made.protobuf = { bytes, etag: `"${await sha512(bytes)}"` };
  }
  const { bytes, etag } = made.protobuf;
  return { etag, read: async () => bytes as BodyInit };
}

async function mergeV2(env: Env, resources: readonly ServedCustomResource[]): Promise<MergedV2> {
  const document = JSON.parse(await new Response(await asset(env, "v2.json")).text()) as JsonObject;
  const custom = publishV2(resources);
  const text = JSON.stringify({
    ...document,
    paths: { ...(document.paths as JsonObject), ...custom.paths },
    definitions: { ...(document.definitions as JsonObject), ...custom.definitions },
  });
  return { json: { text, etag: `"${await sha512(text)}"` }, protobuf: undefined, document: () => JSON.parse(text) as JsonObject };
}

/** The paths below /openapi/v3 and the tag of each. URLs carry the cluster's whole prefix: some clients join nothing. */
async function openApiV3Index({ env, reply, target }: Exchange, catalog: CustomResourceCatalog): Promise<Response> {
  const paths: Record<string, { serverRelativeURL: string }> = {};
  const add = (path: string, hash: string) => {
    paths[path] = { serverRelativeURL: `${target.prefix}/openapi/v3/${path}?hash=${hash}` };
  };
  // Static files may not begin with a dot on every platform, so those documents are not offered.
  for (const [path, hash] of Object.entries(OPENAPI_V3_HASHES)) if (!path.startsWith(".")) add(path, hash);
  for (const [path, resources] of customGroupVersions(catalog)) add(path, (await customV3(env, resources)).hash);
  const sorted = Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1)));
  return plainText(reply, 200, JSON.stringify({ paths: sorted }), { "Content-Type": JSON_TYPE });
}

async function openApiV3({ accept, env, reply, request, target, query }: Exchange, path: string, catalog: CustomResourceCatalog): Promise<Response> {
  const builtIn = path.startsWith(".") ? undefined : OPENAPI_V3_HASHES[path];
  const custom = customGroupVersions(catalog).get(path);
  let hash: string;
  let read: Served["read"];
  if (builtIn !== undefined) {
    hash = builtIn;
    read = () => asset(env, `v3/${path}.json`);
  } else if (custom) {
    const document = await customV3(env, custom);
    hash = document.hash;
    read = async () => document.text;
  } else {
    return new Response(null, { status: 404, headers: { "Audit-Id": reply.auditId, "Cache-Control": "no-cache, private" } });
  }
  if (!acceptsJson(accept)) return notAcceptable(reply);
  if (query.hash !== undefined && query.hash !== hash) {
    const location = `${target.prefix}/openapi/v3/${path}?hash=${hash}`;
    return new Response(null, { status: 301, headers: { ...headersFor(reply, JSON_TYPE), ETag: `"${hash}"`, Location: location, Vary: "Accept" } });
  }
  const forever: Record<string, string> =
    query.hash === undefined ? {} : { "Cache-Control": "public, immutable", Expires: new Date(Date.now() + YEAR_MS).toUTCString() };
  return documentResponse(reply, request, { etag: `"${hash}"`, read }, JSON_TYPE, forever);
}

function acceptsJson(accept: string | null): boolean {
  if (!accept) return true;
  return parseAccept(accept).some(({ type, subtype }) => (type === "*" || type === "application") && (subtype === "*" || subtype === "json"));
}

/** "apis/<group>/<version>" → its custom resources. */
function customGroupVersions({ resources }: CustomResourceCatalog): Map<string, ServedCustomResource[]> {
  const found = new Map<string, ServedCustomResource[]>();
  for (const resource of resources) {
    const path = `apis/${resource.group}/${resource.version}`;
    const list = found.get(path);
    if (list) list.push(resource);
    else found.set(path, [resource]);
  }
  return found;
}

const MAX_CUSTOM = 64;
const customDocuments = new Map<string, Promise<{ text: string; hash: string }>>();

/** By content, so that no cluster's document can stand for another's. */
function customV3(env: Env, resources: readonly ServedCustomResource[]): Promise<{ text: string; hash: string }> {
  const key = JSON.stringify(resources);
  const known = customDocuments.get(key);
  if (known) return known;
  const making = makeCustomV3(env, resources);
  if (customDocuments.size >= MAX_CUSTOM) customDocuments.delete(customDocuments.keys().next().value as string);
  customDocuments.set(key, making);
  return making;
}

/** The built-in types that custom resources refer to, in the words of a document that has them all. */
async function builtInSchemas(env: Env): Promise<Record<string, JsonObject>> {
  const document = JSON.parse(await new Response(await asset(env, "v3/apis/apps/v1.json")).text()) as { components: { schemas: Record<string, JsonObject> } };
  return document.components.schemas;
}

async function makeCustomV3(env: Env, resources: readonly ServedCustomResource[]): Promise<{ text: string; hash: string }> {
  const text = JSON.stringify(publishV3(resources, await builtInSchemas(env)));
  return { text, hash: await sha512(text) };
}

function notAcceptable(reply: Reply): Response {
  return new Response(null, { status: 406, headers: { ...headersFor(reply, JSON_TYPE), Vary: "Accept" } });
}

async function documentResponse(reply: Reply, request: Request, { etag, read }: Served, type: string, more: Record<string, string>): Promise<Response> {
  const headers: Record<string, string> = { ...headersFor(reply, type), ETag: etag, Vary: "Accept, Accept-Encoding", ...more };
  if (matches(request.headers.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  if (reply.gzip) headers["Content-Encoding"] = "gzip";
  return new Response(await read(), { status: 200, headers });
}

function matches(ifNoneMatch: string | null, etag: string): boolean {
  return ifNoneMatch?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag) ?? false;
}

/** A generated document. A missing one is the installation's fault. */
async function asset(env: Env, path: string): Promise<BodyInit> {
  const response = await env.ASSETS.fetch(`https://assets/openapi/${path}`);
  if (!response.ok || !response.body) throw new Error(`asset openapi/${path} answered ${response.status}`);
  return response.body as unknown as BodyInit;
}
