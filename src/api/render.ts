/** A Cluster object's answer → what the client asked for: as it is, indented, YAML, a Table, or metadata only. */
import type { ResourceResponse } from "../durable/protocol.ts";
import type { Kind } from "../kube/kind.ts";
import { StatusError } from "../kube/machinery/status.ts";
import { isObject, type JsonObject } from "../kube/object.ts";
import { JSON_TYPE, type Negotiated, negotiateError, type View } from "./negotiate.ts";
import { addWarnings, headersFor, jsonResponse, type Reply, retryAfter, textBody, valueResponse } from "./respond.ts";
import { builtInTable, customTable, includeObjectOf, metadataOf, partialOf, type TableOptions, type TableShape, tableOf } from "./table.ts";

export interface Rendering {
  reply: Reply;
  negotiated: Negotiated;
  /** The Accept header, for what a failure is answered in. */
  accept: string | null;
  /** undefined for a custom resource. */
  kind: Kind | undefined;
  query: Readonly<Record<string, string>>;
}

/**
 * Plain JSON passes untouched, a long list's stream included. Any other form reads the whole answer first, so it
 * costs memory in proportion to it: clients that want tables page (kubectl asks for 500 at a time).
 */
export async function render(response: ResourceResponse, rendering: Rendering): Promise<Response> {
  const made = await renderBody(response, rendering);
  if (response.warnings && response.warnings.length > 0) addWarnings(made.headers, response.warnings);
  return made;
}

function renderBody(response: ResourceResponse, rendering: Rendering): Response | Promise<Response> {
  const { reply, negotiated } = rendering;
  const { status, body } = response;
  if (status === 204) return new Response(null, { status, headers: { "Audit-Id": reply.auditId, "Cache-Control": "no-cache, private" } });
  const plain = negotiated.media === "json" && !negotiated.view && !negotiated.pretty && !reply.pretty;
  if (!plain) return renderOther(response, rendering);
  const headers = headersFor(reply, JSON_TYPE);
  if (status >= 400) Object.assign(headers, failureHeaders(response));
  if (typeof body === "string") return textBody(reply, status, `${body}\n`, headers);
  if (reply.gzip) {
    headers["Content-Encoding"] = "gzip";
    headers.Vary = "Accept-Encoding";
  }
  return new Response(body, { status, headers });
}

function failureHeaders({ status, retryAfterSeconds }: ResourceResponse): Record<string, string> {
  const headers = retryAfter(retryAfterSeconds, status);
  if (status === 403) headers["X-Content-Type-Options"] = "nosniff";
  return headers;
}

async function renderOther(response: ResourceResponse, { reply, negotiated: wanted, accept, kind, query }: Rendering): Promise<Response> {
  const text = typeof response.body === "string" ? response.body : await new Response(response.body).text();
  const failed = response.status >= 400;
  const more = failed ? failureHeaders(response) : {};
  // A failure has no other view: the client reads it in a format it accepts for objects, else in indented JSON.
  const negotiated: Negotiated = failed ? (negotiateError(accept) ?? { media: "json", view: undefined, pretty: true }) : wanted;
  if (negotiated.view) {
    const object: unknown = JSON.parse(text);
    const value = isObject(object) && object.kind !== "Status" ? viewOf(object, negotiated.view, response, kind, query) : object;
    return valueResponse(reply, response.status, value, negotiated, more);
  }
  if (negotiated.media === "yaml") return valueResponse(reply, response.status, JSON.parse(text), negotiated, more);
  return jsonResponse(reply, response.status, text, more, negotiated.pretty || reply.pretty);
}

function viewOf(object: JsonObject, view: View, response: ResourceResponse, kind: Kind | undefined, query: Readonly<Record<string, string>>): unknown {
  const items = Array.isArray(object.items) ? (object.items as JsonObject[]) : undefined;
  if (view.kind === "Table") {
    const options = { version: view.version, include: includeObjectOf(query.includeObject), now: new Date() };
    return tableOfAnswer(object, items, tableShape(kind, response), options);
  }
  return metadataOnly(object, items, view, kind);
}

function tableShape(kind: Kind | undefined, { customColumns }: ResourceResponse): TableShape {
  return kind && !customColumns ? builtInTable(kind) : customTable(customColumns);
}

function tableOfAnswer(object: JsonObject, items: JsonObject[] | undefined, shape: TableShape, options: TableOptions): unknown {
  if (items) return tableOf(shape, items, metadataOf(object), itemIdentity(object), options);
  return tableOf(shape, [object], { resourceVersion: metadataOf(object).resourceVersion }, undefined, options);
}

/** A list names its items' kind in its own. */
function itemIdentity(list: JsonObject): { apiVersion: string; kind: string } {
  return { apiVersion: String(list.apiVersion), kind: String(list.kind).replace(/List$/, "") };
}

function metadataOnly(object: JsonObject, items: JsonObject[] | undefined, view: View, kind: Kind | undefined): unknown {
  const wantsList = view.kind === "PartialObjectMetadataList";
  if (items && !wantsList) throw wrongView("PartialObjectMetadata", "a list", object, kind);
  if (!items && wantsList) throw wrongView("PartialObjectMetadataList", "not a list", object, kind);
  if (!items) return partialOf(object, view.version);
  return {
    kind: "PartialObjectMetadataList",
    apiVersion: `meta.k8s.io/${view.version}`,
    metadata: metadataOf(object),
    items: items.map((item) => partialOf(item, view.version)),
  };
}

function wrongView(asked: string, got: string, object: JsonObject, kind: Kind | undefined): StatusError {
  const type = kind ? `*${(kind.group || "core").split(".")[0]}.${String(object.kind)}` : "*unstructured.Unstructured";
  return new StatusError(406, "NotAcceptable", `you requested ${asked}, but the requested object is ${got} (${type})`);
}
