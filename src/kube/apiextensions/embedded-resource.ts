/** Type and object metadata of custom resources and of the resources embedded in them: typed, whatever the schema says. */

import { FieldError, FieldErrors, type FieldPath } from "../machinery/field.ts";
import { fieldOf, setField } from "../machinery/json-value.ts";
import { isDNS1035Label } from "../machinery/names.ts";
import { validateObjectMeta } from "../machinery/object-meta.ts";
import { badRequest } from "../machinery/status.ts";
import { isObject, type JsonObject, type ObjectMeta } from "../object.ts";
import { DecodeError, decode } from "../schema/decode.ts";
import { typeSchema } from "../schema/table.ts";
import type { StructuralSchema } from "./structural.ts";

/** Go's name of a JSON value's type in decoding errors. */
function jsonTypeName(value: unknown): string {
  if (typeof value === "boolean") return "bool";
  return Array.isArray(value) ? "array" : typeof value;
}

/**
 * metadata as Go would decode it; unknown fields are pushed to `unknown` as paths below `at`.
 * @throws Error with the JSON decoder's words.
 */
function decodeMetadata(value: unknown, at: string, unknown: string[]): JsonObject {
  if (!isObject(value)) throw new Error(`json: cannot unmarshal ${jsonTypeName(value)} into Go value of type v1.ObjectMeta`);
  const report = { strict: [] as string[] };
  try {
    const metadata = decode(typeSchema("meta.v1.ObjectMeta"), value, report);
    for (const text of report.strict) {
      const field = /^unknown field "(.*)"$/.exec(text)?.[1];
      if (field !== undefined) unknown.push(`${at}.${field}`);
    }
    return metadata;
  } catch (error) {
    throw error instanceof DecodeError ? new Error(error.why) : error;
  }
}

export interface TypeIdentity {
  readonly kind: string;
  readonly version: string;
}

function refusal({ kind, version }: TypeIdentity, why: string) {
  return badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`);
}

/** The root's metadata. @throws StatusError 400. */
export function decodeRootMetadata(value: unknown, type: TypeIdentity, unknown: string[]): JsonObject {
  if (value === undefined || value === null) return {};
  try {
    return decodeMetadata(value, "metadata", unknown);
  } catch (error) {
    throw error instanceof Error && error.constructor === Error ? refusal(type, error.message) : error;
  }
}

export function hasEmbedded(schema: StructuralSchema): boolean {
  if (schema.embedded) return true;
  if (schema.items && hasEmbedded(schema.items)) return true;
  if (schema.additional && schema.additional !== "any" && hasEmbedded(schema.additional)) return true;
  return [...schema.properties.values()].some(hasEmbedded);
}

/** Types the metadata of embedded resources in place. @throws StatusError 400. */
export function coerceEmbedded(value: unknown, schema: StructuralSchema, at: FieldPath, type: TypeIdentity, unknown: string[]): void {
  forEachNode(value, schema, at, (object, node, path) => {
    if (!node.embedded) return;
    const fail = (field: string, wrong: unknown, why: string) => {
      throw refusal(type, new FieldError("Invalid", path.child(field), wrong, why).text());
    };
    for (const field of ["apiVersion", "kind"]) {
      const text = fieldOf(object, field);
      if (text !== undefined && typeof text !== "string") fail(field, text, "must be a string");
    }
    const metadata = fieldOf(object, "metadata");
    if (metadata === undefined) return;
    try {
      setField(object, "metadata", decodeMetadata(metadata, path.child("metadata").text, unknown));
    } catch (error) {
      if (!(error instanceof Error) || error.constructor !== Error) throw error;
      fail("metadata", metadata, error.message);
    }
  });
}

/** An embedded resource must say what it is, and its metadata must be valid. */
export function validateEmbedded(value: unknown, schema: StructuralSchema, at: FieldPath, errors: FieldErrors): void {
  forEachNode(value, schema, at, (object, node, path) => {
    if (!node.embedded) return;
    validateTypeMeta(object, path, errors);
    const metadata = fieldOf(object, "metadata");
    if (!isObject(metadata)) return;
    // Neither name nor namespace are demanded of what is only a template.
    const found = new FieldErrors();
    validateObjectMeta({ name: "x", ...metadata } as ObjectMeta, { namespaced: false, validateName: () => [] }, found, path.child("metadata"));
    for (const error of found.list) if (error.field !== path.child("metadata", "namespace").text) errors.list.push(error);
  });
}

function validateTypeMeta(object: JsonObject, at: FieldPath, errors: FieldErrors): void {
  const apiVersion = fieldOf(object, "apiVersion");
  const kind = fieldOf(object, "kind");
  if (!apiVersion) errors.required(at.child("apiVersion"), apiVersion === "" ? "must not be empty" : "");
  else if (typeof apiVersion === "string" && apiVersion.split("/").length > 2)
    errors.invalid(at.child("apiVersion"), apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  if (!kind) errors.required(at.child("kind"), kind === "" ? "must not be empty" : "");
  else if (typeof kind === "string") {
    const problems = isDNS1035Label(kind.toLowerCase());
    if (problems.length > 0) errors.invalid(at.child("kind"), kind, `may have mixed case, but should otherwise match: ${problems.join(",")}`);
  }
}

function forEachNode(
  value: unknown,
  schema: StructuralSchema,
  at: FieldPath,
  visit: (object: JsonObject, schema: StructuralSchema, at: FieldPath) => void,
): void {
  if (Array.isArray(value)) {
    if (schema.items) for (const [index, item] of value.entries()) forEachNode(item, schema.items, at.index(index), visit);
    return;
  }
  if (!isObject(value)) return;
  visit(value, schema, at);
  for (const name of Object.keys(value)) {
    const property = schema.properties.get(name);
    if (property) forEachNode(value[name], property, at.child(name), visit);
    else if (schema.additional && schema.additional !== "any") forEachNode(value[name], schema.additional, at.key(name), visit);
  }
}
