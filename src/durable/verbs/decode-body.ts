/** Request body → object of the kind, with upstream's refusals and strict decoding errors. */
import type { Kind } from "../../kube/kind.ts";
import { badRequest, type StatusError } from "../../kube/machinery/status.ts";
import { isObject, type JsonObject, type KubeObject } from "../../kube/object.ts";
import { BUILT_IN_KINDS } from "../../kube/registry.ts";
import { DecodeError, decode } from "../../kube/schema/decode.ts";
import { deleteOptionsSchema } from "../../kube/schema/delete-options.ts";
import { parseJson, unrecognized } from "../../kube/schema/json.ts";
import type { FieldValidation } from "./options.ts";

interface TypeMeta {
  apiVersion: string;
  kind: string;
}

const BY_TYPE = new Map(BUILT_IN_KINDS.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind]));
/** Types of every version, which have no resource of their own. */
const DELETE_OPTIONS = { apiVersion: "v1", kind: "DeleteOptions", group: "" };
const META_KINDS = new Set(["CreateOptions", "DeleteOptions", "GetOptions", "ListOptions", "PatchOptions", "UpdateOptions", "WatchEvent"]);
const UNVERSIONED_KINDS = new Set(["List", "Status"]);

function versionOf({ apiVersion }: TypeMeta): string {
  return apiVersion.slice(apiVersion.indexOf("/") + 1);
}

function groupOf({ apiVersion }: TypeMeta): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

function isRegistered(given: TypeMeta): boolean {
  if (BY_TYPE.has(`${given.apiVersion} ${given.kind}`)) return true;
  if (given.kind.endsWith("List") && BY_TYPE.has(`${given.apiVersion} ${given.kind.slice(0, -4)}`)) return true;
  return META_KINDS.has(given.kind) || (given.apiVersion === "v1" && UNVERSIONED_KINDS.has(given.kind));
}

/** Why a document of type `given` is no object of `kind`; undefined when it is one. Built-in kinds only. */
export function typeProblem(given: TypeMeta, kind: Pick<Kind, "apiVersion" | "kind" | "group">): string | undefined {
  if (given.kind === kind.kind && given.apiVersion === kind.apiVersion) return undefined;
  if (!isRegistered(given))
    return `no kind ${JSON.stringify(given.kind)} is registered for version ${JSON.stringify(given.apiVersion)} in scheme "pkg/runtime/scheme.go:111"`;
  const internal = kind.group.split(".", 1)[0] || "core";
  return `converting (${versionOf(given)}.${given.kind}) to (${internal}.${kind.kind}): unknown conversion`;
}

/** Do the type's versions differ alone? Such a body is refused in other words. */
function isOtherVersion(given: TypeMeta, kind: Kind): boolean {
  return given.kind === kind.kind && groupOf(given) === kind.group && given.apiVersion !== kind.apiVersion && isRegistered(given);
}

function handled(kind: Kind, given: TypeMeta, why: string): StatusError {
  return badRequest(`${given.kind} in version ${JSON.stringify(versionOf(given))} cannot be handled as a ${kind.kind}: ${why}`);
}

function otherVersion(given: TypeMeta, kind: Kind): StatusError {
  return badRequest(`the API version in the data (${given.apiVersion}) does not match the expected API version (${kind.apiVersion})`);
}

/** Strict errors refuse (Strict), warn (Warn) or pass (Ignore). @throws StatusError 400 when Strict. */
export function reportStrict(kind: Kind, strict: readonly string[], validation: FieldValidation, warnings: string[]): void {
  if (strict.length === 0 || validation === "Ignore") return;
  if (validation === "Warn") {
    warnings.push(...strict);
    return;
  }
  throw handled(kind, kind, `strict decoding error: ${strict.join(", ")}`);
}

/** JSON type as Go's decoder names it. */
export function goKind(value: unknown): string {
  return Array.isArray(value) ? "array" : value === null ? "null" : typeof value === "boolean" ? "bool" : typeof value;
}

const NO_TYPE_META = String.raw`Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;

/** The body as a JSON object; `null` is an empty one. @throws StatusError 400 for malformed JSON or another JSON type. */
export function parseBody(text: string | undefined, kind: Kind, strict: string[]): JsonObject {
  const value = parseJson(text ?? "", { strict }, kind.kind) ?? {};
  const refuse = (why: string) => unrecognized(kind.kind, `couldn't get version/kind; json parse error: json: cannot unmarshal ${why}`, text ?? "");
  if (!isObject(value)) throw refuse(`${goKind(value)} into ${NO_TYPE_META}`);
  for (const field of ["apiVersion", "kind"] as const) {
    const member = value[field];
    if (member !== undefined && member !== null && typeof member !== "string") throw refuse(`${goKind(member)} into Go struct field .${field} of type string`);
  }
  return value;
}

/** The decoded document keeps what decoding would lose: an empty list of managedFields asks for a reset. */
export function keepReset(object: KubeObject, document: JsonObject): void {
  const entries = isObject(document.metadata) ? document.metadata.managedFields : undefined;
  if (Array.isArray(entries) && entries.length === 0) object.metadata.managedFields = [];
}

/**
 * A created or updated object from its body. An absent apiVersion or kind is the request's own.
 * @throws StatusError 400 when the body is of another type or does not decode.
 */
export function decodeBody(
  text: string | undefined,
  kind: Kind,
  validation: FieldValidation,
  warnings: string[],
  bodyStrict: readonly string[] = [],
): KubeObject {
  const strict: string[] = [...bodyStrict];
  const value = parseBody(text, kind, strict);
  if (kind.custom && !value.kind) throw unrecognized(kind.kind, `Object 'Kind' is missing in '${text ?? ""}'`, text ?? "");
  const given = { apiVersion: String(value.apiVersion || kind.apiVersion).replace(/^\//, ""), kind: String(value.kind || kind.kind) };
  if (given.apiVersion.split("/").length > 2) throw unrecognized(kind.kind, `unexpected GroupVersion string: ${given.apiVersion}`, text ?? "");
  if (given.kind !== kind.kind || given.apiVersion !== kind.apiVersion) {
    if (isOtherVersion(given, kind) || (kind.custom && given.apiVersion !== kind.apiVersion)) throw otherVersion(given, kind);
    // Validation tells a custom resource that it is of another kind.
    if (!kind.custom) throw handled(kind, given, decodeProblem(value, given) ?? typeProblem(given, kind) ?? "");
  }
  value.apiVersion = given.apiVersion;
  value.kind = given.kind;
  const object = kind.decode(value, { strict });
  keepReset(object, value);
  reportStrict(kind, strict, validation, warnings);
  return object;
}

/**
 * The DeleteOptions of a DELETE's body; undefined when it has none.
 * @throws StatusError 400 when it is something else.
 */
export function decodeDeleteOptions(text: string | undefined): JsonObject | undefined {
  if (text === undefined || text === "") return undefined;
  const value = parseJson(text, { strict: [] });
  if (value === null) return undefined;
  if (!isObject(value)) throw badRequest(`couldn't get version/kind; json parse error: json: cannot unmarshal ${goKind(value)} into ${NO_TYPE_META}`);
  if (Object.keys(value).length === 0) return undefined;
  const given = { apiVersion: String(value.apiVersion || "v1"), kind: String(value.kind || "DeleteOptions") };
  if (given.kind !== "DeleteOptions") throw badRequest(typeProblem(given, DELETE_OPTIONS) ?? "");
  return decode(deleteOptionsSchema(), value, { strict: [] }) as JsonObject;
}

/** A body of another known kind is decoded as that before it is found to be of the wrong kind. */
function decodeProblem(value: JsonObject, given: TypeMeta): string | undefined {
  try {
    BY_TYPE.get(`${given.apiVersion} ${given.kind}`)?.decode(value, { strict: [] });
    return undefined;
  } catch (error) {
    if (error instanceof DecodeError) return error.why;
    throw error;
  }
}
