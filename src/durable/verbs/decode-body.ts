/** Request body → object of the kind, with upstream's refusals and strict decoding errors. */
import type { Kind } from "../../kube/kind.ts";
import { badRequest, type StatusError } from "../../kube/machinery/status.ts";
import { isObject, type JsonObject, type KubeObject } from "../../kube/object.ts";
import { parseJson, unrecognized } from "../../kube/schema/json.ts";
import type { FieldValidation } from "./options.ts";

function handled(kind: Kind, given: { apiVersion: string; kind: string }, why: string): StatusError {
  const version = given.apiVersion.slice(given.apiVersion.indexOf("/") + 1);
  return badRequest(`${given.kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind.kind}: ${why}`);
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

/** The body as a JSON object; `null` is an empty one. @throws StatusError 400 for malformed JSON or another JSON type. */
export function parseBody(text: string | undefined, kind: Kind, strict: string[]): JsonObject {
  const value = parseJson(text ?? "", { strict }, kind.kind) ?? {};
  if (!isObject(value))
    throw unrecognized(
      kind.kind,
      "couldn't get version/kind; json parse error: json: cannot unmarshal " +
        `${Array.isArray(value) ? "array" : typeof value} into Go value of type struct { APIVersion string "json:"apiVersion,omitempty""; Kind string "json:"kind,omitempty"" }`,
      text ?? "",
    );
  return value;
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
  const given = {
    apiVersion: typeof value.apiVersion === "string" && value.apiVersion ? value.apiVersion : kind.apiVersion,
    kind: typeof value.kind === "string" && value.kind ? value.kind : kind.kind,
  };
  if (given.kind !== kind.kind || given.apiVersion !== kind.apiVersion) {
    if (kind.custom) {
      throw badRequest(`the API version in the data (${given.apiVersion}) does not match the expected API version (${kind.apiVersion})`);
    }
    const [group, version] = given.apiVersion.includes("/") ? given.apiVersion.split("/") : ["", given.apiVersion];
    throw handled(
      kind,
      given,
      group === kind.group && given.kind !== kind.kind && version === kind.version
        ? `converting (${given.apiVersion.replace("/", ".")}.${given.kind}) to (${kind.group || "core"}.${kind.kind}): unknown conversion`
        : `no kind ${JSON.stringify(given.kind)} is registered for version ${JSON.stringify(given.apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
    );
  }
  value.apiVersion = given.apiVersion;
  value.kind = given.kind;
  const object = kind.decode(value, { strict });
  reportStrict(kind, strict, validation, warnings);
  return object;
}
