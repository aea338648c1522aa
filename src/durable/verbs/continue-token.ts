/** Continue tokens: opaque to clients, the position and the snapshot's revision to us. */
import { jsonKind } from "../../kube/machinery/json-value.ts";
import { badRequest, type StatusError } from "../../kube/machinery/status.ts";
import { isObject } from "../../kube/object.ts";
import { JsonError, parseJson } from "../../kube/schema/json.ts";

export interface ContinuePosition {
  /** The snapshot that all pages read; -1 = go on at the latest revision (after an expired token). */
  revision: number;
  /** The last key that was returned. */
  after: { namespace: string; name: string };
}

export function encodeContinue(position: ContinuePosition): string {
  const json = JSON.stringify({ v: "meta.k8s.io/v1", rv: position.revision, start: `${position.after.namespace}/${position.after.name}\u0000` });
  return btoa(json).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function refuse(why: string): StatusError {
  return badRequest(`invalid continue token: continue key is not valid: ${why}`);
}

/** @throws StatusError 400 for anything but a token that `encodeContinue` made. */
export function decodeContinue(token: string): ContinuePosition {
  const { v, rv, start } = decodeJson(token);
  if (v !== undefined && typeof v !== "string") throw refuse(mistyped(v, "v", "string"));
  if (rv !== undefined && !Number.isInteger(rv)) throw refuse(mistyped(rv, "rv", "int64"));
  if (start !== undefined && typeof start !== "string") throw refuse(mistyped(start, "start", "string"));
  if (v !== "meta.k8s.io/v1") throw refuse(`server does not recognize this encoded version ${v ?? ""}`);
  if (!rv) throw refuse("incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  if (!start) throw refuse("encoded start key empty (version meta.k8s.io/v1)");
  const key = /^([^/]*)\/([^/\0]+)\0$/.exec(start);
  if (!key || [key[1], key[2]].some((part) => part === "." || part === "..")) throw refuse(start);
  return { revision: rv as number, after: { namespace: key[1] ?? "", name: key[2] ?? "" } };
}

function decodeJson(token: string): { v?: unknown; rv?: unknown; start?: unknown } {
  const strange = /[^A-Za-z0-9_-]/.exec(token);
  if (strange) throw refuse(`illegal base64 data at input byte ${strange.index}`);
  if (token.length % 4 === 1) throw refuse(`illegal base64 data at input byte ${token.length - 1}`);
  let value: unknown;
  try {
    value = parseJson(atob(token.replaceAll("-", "+").replaceAll("_", "/")), { strict: [] });
  } catch (error) {
    if (error instanceof JsonError) throw refuse(error.why.replace(/^.*json parse error: /, ""));
    throw error;
  }
  if (value !== null && !isObject(value)) throw refuse(`json: cannot unmarshal ${jsonKind(value)} into Go value of type storage.continueToken`);
  return value ?? {};
}

function mistyped(value: unknown, field: string, type: string): string {
  return `json: cannot unmarshal ${jsonKind(value)} into Go struct field continueToken.${field} of type ${type}`;
}
