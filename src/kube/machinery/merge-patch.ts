/** JSON Merge Patch (RFC 7386). */
import { isObject, type JsonObject } from "../object.ts";
import { fieldOf, jsonKind, setField } from "./json-value.ts";
import { badRequest } from "./status.ts";

/**
 * The document that the patch makes; neither argument is changed.
 * @throws StatusError 400 when the patch is not an object.
 */
export function applyMergePatch(document: JsonObject, patch: unknown): JsonObject {
  if (patch === null) throw badRequest("Invalid JSON Patch");
  if (!isObject(patch)) throw badRequest(`error decoding patch: json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`);
  return merge(document, patch);
}

function merge(document: JsonObject, patch: JsonObject): JsonObject {
  const merged = { ...document };
  for (const name of Object.keys(patch)) {
    const value = patch[name];
    const current = fieldOf(document, name);
    if (value === null || value === undefined) delete merged[name];
    else if (!isObject(current)) setField(merged, name, withoutNulls(value));
    else setField(merged, name, isObject(value) ? merge(current, value) : value);
  }
  return merged;
}

/** Nulls of objects mean "absent" where there is nothing to delete from; upstream looks for them inside of lists, too. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const name of Object.keys(value)) if (value[name] !== null) setField(kept, name, withoutNulls(value[name]));
  return kept;
}
