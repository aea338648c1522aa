/**
 * Request bodies → JSON text, whatever they came as: JSON passes as it is, YAML and protobuf are turned into it, so
 * that a Cluster object reads one format. Patches keep their own format, except apply patches, which are YAML.
 */
import { badRequest, requestEntityTooLarge, StatusError, unsupportedMediaType } from "../kube/machinery/status.ts";
import { unrecognized } from "../kube/schema/json.ts";
import { decodeProtobuf, isProtobuf, PROTOBUF_MAGIC } from "../kube/schema/protobuf.ts";
import { JSON_TYPE, MEDIA_TYPES, mediaTypeOf, PROTOBUF_TYPE, YAML_TYPE } from "./negotiate.ts";
import { YamlError, type YamlReport, yamlToJson } from "./yaml.ts";

export const MAX_BODY_BYTES = 3 * 1024 * 1024;

export interface ExpectedKind {
  group: string;
  version: string;
  kind: string;
}

export interface RequestBody {
  /** JSON text; undefined = no body. */
  text: string | undefined;
  /** Media type without parameters. */
  contentType: string;
  strictErrors: string[];
}

export interface BodyOptions {
  verb: "create" | "update" | "patch" | "delete" | "deletecollection";
  /** What the body should be, when the object's own words don't say. */
  expected: ExpectedKind;
  /** Custom resources know JSON and YAML only; a DeleteOptions is built in whatever it deletes. */
  protobuf: boolean;
  /** The request's `fieldValidation`. */
  fieldValidation: string | undefined;
}

const APPLY_YAML = "application/apply-patch+yaml";
const PATCH_TYPES = ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", APPLY_YAML];
const CUSTOM_PATCH_TYPES = PATCH_TYPES.filter((type) => !type.startsWith("application/strategic"));

/**
 * Reads and converts the body.
 * @throws StatusError 400 unreadable, 413 above 3 MiB, 415 a media type that the verb does not take.
 */
export async function readBody(request: Request, options: BodyOptions): Promise<RequestBody> {
  const header = request.headers.get("content-type");
  const contentType = header === null || header === "" ? (options.verb === "patch" ? "" : JSON_TYPE) : mediaTypeOf(header);
  if (options.verb === "patch") {
    if (contentType === undefined || !PATCH_TYPES.includes(contentType)) throw options.protobuf ? unsupportedPatch() : unsupportedMediaType(CUSTOM_PATCH_TYPES);
    if (contentType === APPLY_YAML) return applyPatch(await readBytes(request), options);
    return { text: await readText(request), contentType, strictErrors: [] };
  }
  const deletes = options.verb === "delete" || options.verb === "deletecollection";
  if (deletes && (request.body === null || request.headers.get("content-length") === "0")) return { text: undefined, contentType: JSON_TYPE, strictErrors: [] };
  switch (contentType) {
    case JSON_TYPE: {
      const text = await readText(request);
      return { text: deletes && text === "" ? undefined : text, contentType, strictErrors: [] };
    }
    case YAML_TYPE: {
      const bytes = await readBytes(request);
      return deletes && bytes.byteLength === 0 ? { text: undefined, contentType, strictErrors: [] } : yamlObject(bytes, options);
    }
    case PROTOBUF_TYPE: {
      if (!options.protobuf) throw unsupportedMediaType(MEDIA_TYPES);
      const bytes = await readBytes(request);
      if (deletes && bytes.byteLength === 0) return { text: undefined, contentType, strictErrors: [] };
      if (deletes && !isProtobuf(bytes))
        throw badRequest(`provided data does not appear to be a protobuf message, expected prefix [${PROTOBUF_MAGIC.join(" ")}]`);
      return { text: JSON.stringify(decodeProtobuf(bytes, options.expected)), contentType, strictErrors: [] };
    }
    default: {
      if (deletes && (await readBytes(request)).byteLength === 0) return { text: undefined, contentType: JSON_TYPE, strictErrors: [] };
      throw unsupportedMediaType(MEDIA_TYPES);
    }
  }
}

function unsupportedPatch(): StatusError {
  return new StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
}

function yamlObject(bytes: Uint8Array, { verb, expected, fieldValidation }: BodyOptions): RequestBody {
  const report: YamlReport = { duplicates: [] };
  try {
    const json = jsonOfYaml(bytes, report);
    return { text: json, contentType: YAML_TYPE, strictErrors: strictErrors(report, fieldValidation) };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    if (verb === "delete" || verb === "deletecollection") throw badRequest(error.message);
    throw unrecognized(expected.kind, error.message, lenient.decode(bytes));
  }
}

/** A refusal words the YAML reader's errors as one; a warning is made of each. */
function strictErrors({ duplicates }: YamlReport, fieldValidation: string | undefined): string[] {
  if (duplicates.length === 0 || fieldValidation !== "Strict") return duplicates;
  return [unmarshalErrors(duplicates)];
}

function unmarshalErrors(duplicates: readonly string[]): string {
  return `yaml: unmarshal errors:\n  ${duplicates.join("\n  ")}`;
}

function applyPatch(bytes: Uint8Array, { fieldValidation }: BodyOptions): RequestBody {
  const report: YamlReport = { duplicates: [] };
  let json: string;
  try {
    json = jsonOfYaml(bytes, report);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
  }
  // Refused only after what applying finds wrong, which is not known here.
  const strictErrors =
    report.duplicates.length > 0 && fieldValidation === "Strict" ? [`error converting YAML to JSON: ${unmarshalErrors(report.duplicates)}`] : report.duplicates;
  return { text: json, contentType: APPLY_YAML, strictErrors };
}

/** JSON may start with no byte order mark; the rest that is no UTF-8 reads as U+FFFD, as in Go. */
const lenient = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
/** YAML drops the mark and forgives nothing. */
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

async function readText(request: Request): Promise<string> {
  return lenient.decode(await readBytes(request));
}

/** @throws YamlError */
function jsonOfYaml(bytes: Uint8Array, report: YamlReport): string {
  let text: string;
  try {
    text = strict.decode(bytes);
  } catch {
    throw new YamlError("yaml: invalid leading UTF-8 octet");
  }
  return yamlToJson(text, report);
}

/** @throws StatusError 413 when the client says itself that the body is too large. */
function declaredLength(request: Request): number | undefined {
  const header = request.headers.get("content-length");
  if (header === null) return undefined;
  if (Number(header) > MAX_BODY_BYTES) throw requestEntityTooLarge(MAX_BODY_BYTES);
  return Number(header);
}

/** @throws StatusError 413; 400 when the client went away in the middle, which nobody will read. */
async function readBytes(request: Request): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  try {
    return await collect(request, request.body);
  } catch (thrown) {
    if (thrown instanceof StatusError) throw thrown;
    throw badRequest("unexpected EOF");
  }
}

async function collect(request: Request, body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  if (declaredLength(request) !== undefined) return new Uint8Array(await request.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > MAX_BODY_BYTES) throw requestEntityTooLarge(MAX_BODY_BYTES);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
