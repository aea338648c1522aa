/** Secret (v1): typed key/value data of at most 1 MiB, optionally frozen. stringData is folded into data on write. */
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { setField } from "../machinery/json-value.ts";
import { isConfigMapKey } from "../machinery/names.ts";
import type { Secret } from "../schema/generated/types/core.v1.ts";
import { syntaxProblem } from "../schema/json.ts";
import { sameJson } from "./equality.ts";
import { base64Bytes } from "./sizes.ts";
import { AGE, ageCell, column, NAME, nameCell } from "./table.ts";

const MAX_BYTES = 1024 * 1024;
const SERVICE_ACCOUNT_NAME = "kubernetes.io/service-account.name";

export const secret = defineKind<Secret>({
  group: "",
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  scope: "Namespaced",
  applyDefaults(object) {
    foldStringData(object);
    object.type ||= "Opaque";
  },
  prepareForUpdate(object, old) {
    // Clients older than types leave the type out.
    object.type ||= old.type;
  },
  validate: validateSecret,
  validateUpdate(object, old, errors, at) {
    if (object.type !== old.type) errors.invalid(at.child("type"), object.type, "field is immutable");
    if (!old.immutable) return;
    const detail = "field is immutable when `immutable` is set";
    if (!object.immutable) errors.forbidden(at.child("immutable"), detail);
    if (!sameJson(object.data, old.data)) errors.forbidden(at.child("data"), detail);
  },
  warnings: (object) => certificateWarnings(object),
  columns: [NAME, column("Type"), column("Data"), AGE],
  cells: (object, now) => [nameCell(object), object.type ?? "", Object.keys(object.data ?? {}).length, ageCell(object, now)],
  selectableFields: { type: (object) => object.type ?? "" },
});

/** stringData is write-only: each value lands in data, over what is there. */
function foldStringData(object: Secret): void {
  if (!object.stringData) return;
  const data: Record<string, string> = { ...object.data };
  for (const [key, value] of Object.entries(object.stringData)) setField(data, key, base64OfText(value));
  if (Object.keys(data).length > 0) object.data = data;
  delete object.stringData;
}

function base64OfText(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function textOfBase64(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
}

/** Certificates that a TLS server could not load are stored all the same. */
function certificateWarnings(object: Secret): string[] {
  if (object.type !== "kubernetes.io/tls") return [];
  const hasBlock = (key: string) => /-----BEGIN [^-]+-----/.test(textOfBase64(object.data?.[key] ?? ""));
  if (!hasBlock("tls.crt")) return ["tls: failed to find any PEM data in certificate input"];
  if (!hasBlock("tls.key")) return ["tls: failed to find any PEM data in key input"];
  return [];
}

function validateSecret(object: Secret, errors: FieldErrors, at: FieldPath): void {
  const dataAt = at.child("data");
  const data = object.data ?? {};
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    for (const problem of isConfigMapKey(key)) errors.invalid(dataAt.key(key), key, problem);
    bytes += base64Bytes(value);
  }
  if (bytes > MAX_BYTES) errors.tooLong(dataAt, MAX_BYTES);

  const requireKey = (key: string) => {
    if (!(key in data)) errors.required(dataAt.key(key));
  };
  const requireJson = (key: string) => {
    if (!(key in data)) return errors.required(dataAt.key(key));
    const text = textOfBase64(data[key] ?? "");
    const problem = jsonObjectProblem(text);
    if (problem) errors.invalid(dataAt.key(key), "<secret contents redacted>", problem);
  };

  switch (object.type) {
    case "kubernetes.io/service-account-token":
      if (!object.metadata.annotations?.[SERVICE_ACCOUNT_NAME]) errors.required(at.child("metadata", "annotations").key(SERVICE_ACCOUNT_NAME));
      break;
    case "kubernetes.io/dockercfg":
      requireJson(".dockercfg");
      break;
    case "kubernetes.io/dockerconfigjson":
      requireJson(".dockerconfigjson");
      break;
    case "kubernetes.io/basic-auth":
      if (!("username" in data) && !("password" in data)) {
        errors.required(dataAt.key("username"));
        errors.required(dataAt.key("password"));
      }
      break;
    case "kubernetes.io/ssh-auth":
      if (!data["ssh-privatekey"]) errors.required(dataAt.key("ssh-privatekey"));
      break;
    case "kubernetes.io/tls":
      requireKey("tls.crt");
      requireKey("tls.key");
      break;
    default:
  }
}

/** What Go's decoder says of a text that is not a JSON object. */
function jsonObjectProblem(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return syntaxProblem(text);
  }
  if (value === null || (typeof value === "object" && !Array.isArray(value))) return undefined;
  const name = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return `json: cannot unmarshal ${name} into Go value of type map[string]interface {}`;
}
