/** HTTP responses as the API server words them: headers, warnings, Status bodies, compression. */
import { StatusError } from "../kube/machinery/status.ts";
import { indentJson } from "./json-text.ts";
import { JSON_TYPE, type Negotiated, negotiateError, YAML_TYPE } from "./negotiate.ts";
import { toYaml } from "./yaml.ts";

/** Below this, compressing costs more than it saves (the original's limit too). */
const GZIP_FROM_CHARACTERS = 128 * 1024;

/** What of a request shapes every answer to it. */
export interface Reply {
  auditId: string;
  gzip: boolean;
  /** Indented JSON, by query or user agent. */
  pretty: boolean;
}

/** The headers that every answer carries. */
export function headersFor(reply: Reply, contentType: string): Record<string, string> {
  return { "Audit-Id": reply.auditId, "Cache-Control": "no-cache, private", "Content-Type": contentType };
}

/** JSON text, ended by a newline as the original's encoder does; indented text has none. */
export function jsonResponse(reply: Reply, status: number, text: string, more?: Record<string, string>, indent = reply.pretty): Response {
  return textBody(reply, status, indent ? indentJson(text) : `${text}\n`, { ...headersFor(reply, JSON_TYPE), ...more });
}

export function plainText(reply: Reply, status: number, text: string, more?: Record<string, string>): Response {
  return new Response(text, { status, headers: { ...headersFor(reply, "text/plain; charset=utf-8"), "X-Content-Type-Options": "nosniff", ...more } });
}

/** A path that nothing serves. */
export function pageNotFound(reply: Reply): Response {
  return plainText(reply, 404, "404 page not found\n");
}

/** The runtime compresses a body whose Content-Encoding says so. */
export function textBody(reply: Reply, status: number, text: string, headers: Record<string, string>): Response {
  if (reply.gzip && text.length > GZIP_FROM_CHARACTERS) {
    headers["Content-Encoding"] = "gzip";
    headers.Vary = headers.Vary ? `${headers.Vary}, Accept-Encoding` : "Accept-Encoding";
  }
  return new Response(text, { status, headers });
}

/** A value in the negotiated format. */
export function valueResponse(
  reply: Reply,
  status: number,
  value: unknown,
  negotiated: Pick<Negotiated, "media" | "pretty">,
  more?: Record<string, string>,
): Response {
  if (negotiated.media === "yaml") return textBody(reply, status, toYaml(value), { ...headersFor(reply, YAML_TYPE), ...more });
  return jsonResponse(reply, status, JSON.stringify(value), more, negotiated.pretty || reply.pretty);
}

/** The answer to a failure, in the format that the client accepts for errors; where there is none, indented JSON. */
export function errorResponse(reply: Reply, error: StatusError, accept: string | null): Response {
  const more = retryAfter(error.details?.retryAfterSeconds, error.code);
  if (error.code === 403) more["X-Content-Type-Options"] = "nosniff";
  const negotiated = negotiateError(accept) ?? { media: "json", pretty: true };
  return valueResponse(reply, error.code, error.toStatus(), negotiated, more);
}

/** client-go retries any 429 and 5xx that carries this header, so only an answer that says so itself gets it. */
export function retryAfter(seconds: number | undefined, code: number): Record<string, string> {
  return seconds !== undefined && (code === 429 || code >= 500) ? { "Retry-After": String(seconds) } : {};
}

const MAX_WARNING_CHARACTERS = 4096;
const MAX_TRUNCATED_CHARACTERS = 256;

/**
 * Adds Warning headers (RFC 7234 §5.5, code 299): one per text, quotes and backslashes escaped. Clients refuse heads that
 * are too big, so texts that are too long together are cut, each, and the last ones left out.
 */
export function addWarnings(headers: Headers, warnings: readonly string[]): void {
  const texts = [...new Set(warnings)].map((text) => [...text]);
  const cut = texts.reduce((sum, { length }) => sum + length, 0) > MAX_WARNING_CHARACTERS;
  let written = 0;
  for (const characters of texts) {
    if (written >= MAX_WARNING_CHARACTERS) return;
    const shown = cut ? characters.slice(0, MAX_TRUNCATED_CHARACTERS) : characters;
    written += shown.length;
    headers.append("Warning", `299 - "${escapeWarning(shown.join(""))}"`);
  }
}

/** Header values are single lines of visible characters; the runtime sends those beyond ASCII as UTF-8. */
function escapeWarning(text: string): string {
  let escaped = "";
  for (const char of text) {
    const code = char.charCodeAt(0);
    if (char === '"' || char === "\\") escaped += `\\${char}`;
    else escaped += code < 0x20 || code === 0x7f ? " " : char;
  }
  return escaped;
}

/** Anything thrown → the error a client may see. What was not meant for it is logged here, once, and hidden. */
export function asStatusError(thrown: unknown): StatusError {
  if (thrown instanceof StatusError) return thrown;
  console.error("request failed", thrown);
  const message = "the server could not complete the request";
  return new StatusError(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });
}
