/**
 * Content negotiation (RFC 9110 §12.5.1 as the API machinery reads it): the Accept header decides between JSON and
 * YAML and asks for another view of the object (`as=Table`, `as=PartialObjectMetadata`, aggregated discovery).
 */
import { notAcceptable, StatusError } from "../kube/machinery/status.ts";

export const JSON_TYPE = "application/json";
export const YAML_TYPE = "application/yaml";
export const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";
/** What bodies may be sent as, and what the original can answer with. */
export const MEDIA_TYPES = [JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE];
/** Protobuf is read but never written. */
const ANSWERED_TYPES = [JSON_TYPE, YAML_TYPE];
/** What a collection is available as. */
export const COLLECTION_TYPES = [...MEDIA_TYPES, `${JSON_TYPE};stream=watch`, `${PROTOBUF_TYPE};stream=watch`];
const WATCH_TYPES = [`${JSON_TYPE};stream=watch`, `${PROTOBUF_TYPE};stream=watch`];

/** Another form in which a client wants the object. */
export interface View {
  group: string;
  version: string;
  kind: string;
}

export interface Negotiated {
  media: "json" | "yaml";
  /** undefined = the object itself. */
  view: View | undefined;
  /** The `pretty` parameter of the media type. */
  pretty: boolean;
}

/** Which views an endpoint offers. */
export type OffersView = (view: View) => boolean;

interface Clause {
  type: string;
  subtype: string;
  parameters: ReadonlyMap<string, string>;
}

const PLAIN_JSON: Negotiated = { media: "json", view: undefined, pretty: false };

/**
 * @throws StatusError 406 when nothing the client accepts can be made.
 * @param watch a stream: JSON only.
 */
export function negotiate(accept: string | null, offers: OffersView, watch = false): Negotiated {
  if (accept === null || accept === "" || accept === "*/*" || accept === JSON_TYPE) return PLAIN_JSON;
  for (const { type, subtype, parameters } of parseAccept(accept)) {
    for (const media of watch ? [JSON_TYPE] : ANSWERED_TYPES) {
      const slash = media.indexOf("/");
      if (type !== "*" && type !== media.slice(0, slash)) continue;
      if (subtype !== "*" && subtype !== media.slice(slash + 1)) continue;
      const chosen = choose(media === JSON_TYPE ? "json" : "yaml", parameters, offers);
      if (chosen) return chosen;
    }
  }
  if (watch) throw notAcceptable(WATCH_TYPES);
  throw notAcceptable(parseAccept(accept).some((clause) => `${clause.type}/${clause.subtype}` === PROTOBUF_TYPE) ? ANSWERED_TYPES : MEDIA_TYPES);
}

function choose(media: "json" | "yaml", parameters: ReadonlyMap<string, string>, offers: OffersView): Negotiated | undefined {
  const stream = parameters.get("stream");
  if (stream !== undefined && stream !== "watch") return undefined;
  const kind = parameters.get("as");
  const pretty = parameters.get("pretty") === "1";
  if (kind === undefined) return media === "json" && !pretty ? PLAIN_JSON : { media, view: undefined, pretty };
  const view = { group: parameters.get("g") ?? "", version: parameters.get("v") ?? "", kind };
  return offers(view) ? { media, view, pretty } : undefined;
}

/**
 * The router's own check, before any endpoint's: some clause names a type that the path is available as, or anything.
 * @throws StatusError 406 in the router's words.
 */
export function checkRepresentable(accept: string | null, available: readonly string[] = MEDIA_TYPES): void {
  if (accept === null || accept === "" || accept === "*/*" || accept === JSON_TYPE) return;
  for (const { type, subtype } of parseAccept(accept)) {
    if (type === "*" && subtype === "*") return;
    if (available.includes(`${type}/${subtype}`)) return;
  }
  throw new StatusError(406, "NotAcceptable", `406: Not Acceptable\n\nAvailable representations: ${available.join(", ")}`, {});
}

const MAX_CACHED_HEADERS = 256;
const MAX_CACHED_LENGTH = 1024;
/** Accept headers are few and long: each is parsed once an isolate. */
const parsed = new Map<string, readonly Clause[]>();

/** Clauses in order of preference: by q, then the more specific first, then as written. */
export function parseAccept(accept: string): readonly Clause[] {
  const known = parsed.get(accept);
  if (known) return known;
  const clauses = accept
    .split(",")
    .map(parseClause)
    .filter((clause) => clause !== undefined)
    .sort((a, b) => b.q - a.q || wildness(a) - wildness(b));
  if (accept.length > MAX_CACHED_LENGTH) return clauses;
  if (parsed.size >= MAX_CACHED_HEADERS) parsed.delete(parsed.keys().next().value as string);
  parsed.set(accept, clauses);
  return clauses;
}

function wildness({ type, subtype }: Clause): number {
  return (type === "*" ? 2 : 0) + (subtype === "*" ? 1 : 0);
}

function parseClause(text: string): (Clause & { q: number }) | undefined {
  const [range = "", ...rest] = text.split(";");
  const [type = "", subtype = ""] = range.trim().split("/");
  if (type === "" || (subtype === "" && type !== "*")) return undefined;
  const parameters = new Map<string, string>();
  let q = 1;
  for (const parameter of rest) {
    const equals = parameter.indexOf("=");
    if (equals < 0) continue;
    const name = parameter.slice(0, equals).trim().toLowerCase();
    const value = parameter.slice(equals + 1).trim();
    if (name === "q") q = Number.isFinite(Number(value)) ? Number(value) : 1;
    else parameters.set(name, value);
  }
  return { type: type.toLowerCase(), subtype: (subtype || "*").toLowerCase(), parameters, q };
}

/** How a failure is answered: in a format the client accepts without any view, else undefined (indented JSON). */
export function negotiateError(accept: string | null): Negotiated | undefined {
  try {
    return negotiate(accept, offersNoView);
  } catch {
    return undefined;
  }
}

/** The views every readable resource offers; both versions of them have one shape. */
export function offersMetaViews({ group, version, kind }: View): boolean {
  if (group !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1")) return false;
  return kind === "Table" || kind === "PartialObjectMetadata" || kind === "PartialObjectMetadataList";
}

export function offersNoView(): boolean {
  return false;
}

/** Indented output: asked by the query, else given to people's tools. */
export function wantsPretty(query: Readonly<Record<string, string>>, userAgent: string): boolean {
  const asked = query.pretty;
  if (asked !== undefined) return asked === "1" || asked === "t" || asked === "T" || asked === "true" || asked === "TRUE" || asked === "True";
  return userAgent.startsWith("curl") || userAgent.startsWith("Wget") || userAgent.startsWith("Mozilla/5.0");
}

/** A Content-Type without its parameters; undefined when it cannot be one. */
export function mediaTypeOf(contentType: string): string | undefined {
  const semicolon = contentType.indexOf(";");
  if (semicolon < 0) return contentType.trim().toLowerCase();
  // A parameter without a name or value makes the whole header unreadable.
  for (const parameter of contentType.slice(semicolon + 1).split(";")) {
    if (parameter.trim() !== "" && parameter.indexOf("=") < 1) return undefined;
    if (parameter.trim() === "" && contentType.slice(semicolon + 1).trim() !== "") return undefined;
  }
  return contentType.slice(0, semicolon).trim().toLowerCase();
}
