/**
 * What a CustomResourceDefinition's openAPIV3Schema must keep to: the rules of structural schemas
 * (KEP-2337), of the x-kubernetes extensions, and of defaults.
 */

import { FieldError, type FieldErrors, type FieldPath } from "../machinery/field.ts";
import { cloneJson, equalJson } from "../machinery/json.ts";
import { isObject } from "../object.ts";
import type { JSONSchemaProps } from "../schema/generated/types/apiextensions.v1.ts";
import { validateListTypes } from "./list-types.ts";
import { prune } from "./prune.ts";
import { patternError } from "./regular-expression.ts";
import { additionalSchema, itemsSchema, structuralSchema } from "./structural.ts";
import { UNCORRELATED, validateValue, valueSchema } from "./value-validation.ts";

const TYPES = ["array", "boolean", "integer", "number", "object", "string"];
const SCALAR_TYPES = new Set(["string", "integer", "number", "boolean"]);
const RULE_REASONS = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/** Checks one version's schema, all but its CEL rules' expressions. Returns whether those may be compiled. */
export function validateSchema(schema: JSONSchemaProps, errors: FieldErrors, at: FieldPath): boolean {
  const before = errors.list.length;
  validateExtensions(schema, errors, at, true);
  // What is no schema at all is not judged for structure; an unknown type alone does not make it that.
  if (errors.list.slice(before).some(({ type }) => type !== "NotSupported")) return false;
  const structural: FieldError[] = [];
  validateStructure(schema, "root", { list: structural }, at);
  errors.list.splice(before, 0, ...structural.sort((left, right) => (left.text() < right.text() ? -1 : 1)));
  if (errors.list.length === before) validateDefaults(schema, errors, at, true);
  return errors.list.length === before;
}

interface Found {
  list: FieldError[];
}

/** The checks of each node alone; nodes below allOf, anyOf, oneOf and not included. */
function validateExtensions(schema: JSONSchemaProps, errors: FieldErrors, at: FieldPath, root: boolean): void {
  const type = schema.type ?? "";
  if (type && !TYPES.includes(type)) errors.notSupported(at.child("type"), type, TYPES);
  if (schema.uniqueItems) errors.forbidden(at.child("uniqueItems"), "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
  if (schema.additionalProperties !== undefined && schema.additionalProperties !== false && schema.properties && Object.keys(schema.properties).length > 0) {
    errors.forbidden(at.child("additionalProperties"), "additionalProperties and properties are mutual exclusive");
  }
  if (schema.$ref) errors.forbidden(at.child("$ref"), "$ref is not supported");
  if (type === "null") errors.forbidden(at.child("type"), "type cannot be set to null, use nullable as an alternative");
  if (Array.isArray(schema.items)) errors.forbidden(at.child("items"), "items must be a schema object and not an array");
  for (const name of ["id", "patternProperties", "additionalItems", "definitions", "dependencies"] as const) {
    if (schema[name] !== undefined) errors.forbidden(at.child(name), `${name} is not supported`);
  }
  if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
    errors.invalid(at.child("x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined");
  }
  validateMapType(schema, errors, at);
  validateListType(schema, errors, at);
  if (schema.pattern) {
    const problem = patternError(schema.pattern);
    if (problem) errors.invalid(at.child("pattern"), schema.pattern, `must be a valid regular expression, but isn't: ${problem}`);
  }
  validateRules(schema, errors, at);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const below = at.child("properties").key(name);
    if (root && name === "metadata") forbidDefaults(property, errors, below);
    validateExtensions(property, errors, below, false);
  }
  const additional = additionalSchema(schema);
  if (additional) validateExtensions(additional, errors, at.child("additionalProperties"), false);
  const items = itemsSchema(schema);
  if (items) validateExtensions(items, errors, at.child("items"), false);
  for (const composite of ["allOf", "anyOf", "oneOf"] as const) {
    for (const [index, branch] of (schema[composite] ?? []).entries()) validateExtensions(branch, errors, at.child(composite).index(index), false);
  }
  if (schema.not) validateExtensions(schema.not, errors, at.child("not"), false);
}

function forbidDefaults(schema: JSONSchemaProps, errors: FieldErrors, at: FieldPath): void {
  if (schema.default !== undefined && schema.default !== null) errors.forbidden(at.child("default"), "must not be set in top-level metadata");
  for (const [name, property] of Object.entries(schema.properties ?? {})) forbidDefaults(property, errors, at.child("properties").key(name));
}

function validateMapType(schema: JSONSchemaProps, errors: FieldErrors, at: FieldPath): void {
  const mapType = schema["x-kubernetes-map-type"];
  if (mapType === undefined) return;
  if (schema.type !== "object") {
    if (schema.type) errors.invalid(at.child("type"), schema.type, "must be object if x-kubernetes-map-type is specified");
    else errors.required(at.child("type"), "must be object if x-kubernetes-map-type is specified");
  }
  if (mapType !== "atomic" && mapType !== "granular")
    errors.add("NotSupported", at.child("x-kubernetes-map-type"), mapType, 'supported values: "atomic", "granular"');
}

function validateListType(schema: JSONSchemaProps, errors: FieldErrors, at: FieldPath): void {
  const listType = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const keysAt = at.child("x-kubernetes-list-map-keys");
  const items = itemsSchema(schema);
  const itemsAt = at.child("items");
  if (listType !== undefined && schema.type !== "array") {
    if (schema.type) errors.invalid(at.child("type"), schema.type, "must be array if x-kubernetes-list-type is specified");
    else errors.required(at.child("type"), "must be array if x-kubernetes-list-type is specified");
  }
  if (listType !== undefined && !["atomic", "set", "map"].includes(listType)) {
    errors.add("NotSupported", at.child("x-kubernetes-list-type"), listType, 'supported values: "atomic", "set", "map"');
  }
  if (keys.length > 0 && listType !== "map") {
    if (listType === undefined) errors.required(at.child("x-kubernetes-list-type"), "must be map if x-kubernetes-list-map-keys is non-empty");
    else errors.invalid(at.child("x-kubernetes-list-type"), listType, "must be map if x-kubernetes-list-map-keys is non-empty");
  }
  if (listType === "set" && items) {
    if (items.type === "object" && items["x-kubernetes-map-type"] !== "atomic") {
      errors.invalid(
        itemsAt.child("x-kubernetes-map-type"),
        items["x-kubernetes-map-type"],
        "must be atomic as item of a list with x-kubernetes-list-type=set",
      );
    }
    if (items.type === "array" && items["x-kubernetes-list-type"] !== undefined && items["x-kubernetes-list-type"] !== "atomic") {
      errors.invalid(
        itemsAt.child("x-kubernetes-list-type"),
        items["x-kubernetes-list-type"],
        "must be atomic as item of a list with x-kubernetes-list-type=set",
      );
    }
    if (items.nullable) errors.forbidden(itemsAt.child("nullable"), "cannot be nullable when x-kubernetes-list-type is set");
  }
  if (listType !== "map") return;
  if (keys.length === 0) errors.required(keysAt, "must not be empty if x-kubernetes-list-type is map");
  if (!items) {
    errors.required(itemsAt, "must have a schema if x-kubernetes-list-type is map");
    return;
  }
  if (items.type !== "object") errors.invalid(itemsAt.child("type"), items.type ?? "", "must be object if parent array's x-kubernetes-list-type is map");
  else if (keys.some((key) => !Object.hasOwn(items.properties ?? {}, key))) errors.invalid(keysAt, keys, "entries must all be names of item properties");
  if (items.nullable) errors.forbidden(itemsAt.child("nullable"), "cannot be nullable when x-kubernetes-list-type is map");
  if (new Set(keys).size !== keys.length) errors.invalid(keysAt, keys, "must not contain duplicate entries");
  for (const key of new Set(keys)) {
    const property = Object.hasOwn(items.properties ?? {}, key) ? items.properties?.[key] : undefined;
    if (!property) continue;
    const keyAt = itemsAt.child("properties").key(key);
    if (!SCALAR_TYPES.has(property.type ?? ""))
      errors.invalid(keyAt.child("type"), property.type ?? "", "must be a scalar type if parent array's x-kubernetes-list-type is map");
    if (property.nullable) errors.forbidden(keyAt.child("nullable"), "this property is in x-kubernetes-list-map-keys, so it cannot be nullable");
    if (!(items.required ?? []).includes(key) && (property.default === undefined || property.default === null)) {
      errors.required(keyAt.child("default"), "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property");
    }
  }
}

function validateRules(schema: JSONSchemaProps, errors: FieldErrors, at: FieldPath): void {
  for (const [index, rule] of (schema["x-kubernetes-validations"] ?? []).entries()) {
    const ruleAt = at.child("x-kubernetes-validations").index(index);
    if (rule.rule.trim() === "") errors.required(ruleAt.child("rule"), "rule is not specified");
    if (rule.message !== undefined && rule.message !== "" && rule.message.trim() === "") {
      errors.invalid(ruleAt.child("message"), rule.message, "message must be non-empty if specified");
    } else if (rule.message && /[\r\n]/.test(rule.message)) errors.invalid(ruleAt.child("message"), rule.message, "must not contain line breaks");
    else if (!rule.message && /[\r\n]/.test(rule.rule.trim()))
      errors.required(ruleAt.child("message"), "message must be specified if rule contains line breaks");
    if (rule.messageExpression !== undefined && rule.messageExpression !== "" && rule.messageExpression.trim() === "") {
      errors.required(ruleAt.child("messageExpression"), "messageExpression must be non-empty if specified");
    }
    if (rule.reason !== undefined && !RULE_REASONS.includes(rule.reason)) errors.notSupported(ruleAt.child("reason"), rule.reason, RULE_REASONS);
    if (rule.fieldPath && !fieldPathText(rule.fieldPath, schema)) errors.invalid(ruleAt.child("fieldPath"), rule.fieldPath, "must be a valid path");
  }
}

/**
 * A rule's fieldPath (`.a.b['c-d'][0]` is not allowed: no indices) followed into the schema, rendered as
 * the path of an error; undefined when it is malformed or leads nowhere.
 */
export function fieldPathText(fieldPath: string, schema: JSONSchemaProps): string | undefined {
  let rest = fieldPath;
  let node: JSONSchemaProps | undefined = schema;
  let text = "";
  while (rest) {
    const match = /^(?:\.([A-Za-z_][A-Za-z0-9_]*)|\['((?:[^'\\]|\\.)*)'\])/.exec(rest);
    if (!match || !node) return undefined;
    const name = match[1] ?? (match[2] ?? "").replace(/\\(.)/g, "$1");
    const additional: JSONSchemaProps | undefined = additionalSchema(node);
    if (node.properties && Object.hasOwn(node.properties, name)) {
      node = node.properties[name];
      text += `.${name}`;
    } else if (additional) {
      node = additional;
      text += `[${name}]`;
    } else return undefined;
    rest = rest.slice(match[0].length);
  }
  return text || undefined;
}

type Level = "root" | "items" | "field";

const UNTYPED: Record<Level, string> = {
  root: "must not be empty at the root",
  items: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

function validateStructure(schema: JSONSchemaProps, level: Level, found: Found, at: FieldPath): void {
  const add = (type: "Required" | "Invalid" | "Forbidden", path: FieldPath, value: unknown, detail: string) =>
    found.list.push(new FieldError(type, path, value, detail));
  const type = schema.type ?? "";
  const embedded = schema["x-kubernetes-embedded-resource"] === true;
  const preserve = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const intOrString = schema["x-kubernetes-int-or-string"] === true;
  if (type === "array" && !itemsSchema(schema) && !Array.isArray(schema.items)) add("Required", at.child("items"), undefined, "must be specified");
  if (embedded && type !== "object") {
    add(type ? "Invalid" : "Required", at.child("type"), type, "must be object if x-kubernetes-embedded-resource is true");
  } else if (level === "root" && type && type !== "object") add("Invalid", at.child("type"), type, "must be object at the root");
  else if (!type && !(intOrString && level !== "root") && !(preserve && level !== "root")) add("Required", at.child("type"), undefined, UNTYPED[level]);
  if (embedded && !preserve && Object.keys(schema.properties ?? {}).length === 0) {
    add(
      "Required",
      at.child("properties"),
      undefined,
      "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
    );
  }
  if (intOrString && preserve)
    add("Invalid", at.child("x-kubernetes-preserve-unknown-fields"), preserve, "must be false if x-kubernetes-int-or-string is true");
  if (intOrString && embedded) add("Invalid", at.child("x-kubernetes-embedded-resource"), embedded, "must be false if x-kubernetes-int-or-string is true");
  if (level === "root" || embedded) validateTypeAndMeta(schema, add, at);
  for (const [name, property] of Object.entries(schema.properties ?? {})) validateStructure(property, "field", found, at.child("properties").key(name));
  const additional = additionalSchema(schema);
  if (additional) validateStructure(additional, "field", found, at.child("additionalProperties"));
  const items = itemsSchema(schema);
  if (items) validateStructure(items, "items", found, at.child("items"));
  validateComposites(schema, intOrString, found, at);
}

function validateTypeAndMeta(
  schema: JSONSchemaProps,
  add: (type: "Invalid" | "Forbidden", at: FieldPath, value: unknown, detail: string) => void,
  at: FieldPath,
): void {
  const properties = schema.properties ?? {};
  for (const [name, wanted] of [
    ["apiVersion", "string"],
    ["kind", "string"],
    ["metadata", "object"],
  ] as const) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!property) continue;
    const propertyAt = at.child("properties").key(name);
    if (property.type !== wanted) add("Invalid", propertyAt.child("type"), property.type ?? "", `must be ${wanted}`);
    if (name !== "metadata") continue;
    const { type: _, properties: fields, ...rest } = property;
    if (Object.keys(rest).length > 0 || Object.keys(fields ?? {}).some((field) => field !== "name" && field !== "generateName")) {
      if (property.type === wanted)
        add("Forbidden", propertyAt, undefined, "must not specify anything other than name and generateName, but metadata is implicitly specified");
    }
  }
}

const INT_OR_STRING_ANY_OF: JSONSchemaProps[] = [{ type: "integer" }, { type: "string" }];

/** `anyOf: [{type: integer}, {type: string}]`, the one place where a composite may name types. */
function isIntOrStringPattern(branches: readonly JSONSchemaProps[] | undefined): boolean {
  return branches?.length === 2 && branches.every((branch, index) => branch.type === INT_OR_STRING_ANY_OF[index]?.type);
}

function validateComposites(schema: JSONSchemaProps, intOrString: boolean, found: Found, at: FieldPath): void {
  const skipAnyOf = intOrString && isIntOrStringPattern(schema.anyOf);
  for (const [index, branch] of (schema.anyOf ?? []).entries()) validateNested(branch, found, at.child("anyOf").index(index), skipAnyOf, false);
  for (const [index, branch] of (schema.oneOf ?? []).entries()) validateNested(branch, found, at.child("oneOf").index(index), false, false);
  for (const [index, branch] of (schema.allOf ?? []).entries()) {
    validateNested(branch, found, at.child("allOf").index(index), false, intOrString && index === 0 && isIntOrStringPattern(branch.anyOf));
  }
  if (schema.not) validateNested(schema.not, found, at.child("not"), false, false);
}

/** Inside a composite only value validations may stand. */
function validateNested(schema: JSONSchemaProps, found: Found, at: FieldPath, typeAllowed: boolean, anyOfTypesAllowed: boolean): void {
  const forbid = (name: string, detail: string) => found.list.push(new FieldError("Forbidden", at.child(name), undefined, detail));
  if (schema.type && !typeAllowed) forbid("type", "must be empty to be structural");
  if (schema.description) forbid("description", "must be empty to be structural");
  if (schema.title) forbid("title", "must be empty to be structural");
  if (schema.default !== undefined && schema.default !== null) forbid("default", "must be undefined to be structural");
  if (schema.nullable) forbid("nullable", "must be false to be structural");
  if (schema.additionalProperties !== undefined) forbid("additionalProperties", "must be undefined to be structural");
  if (schema["x-kubernetes-preserve-unknown-fields"]) forbid("x-kubernetes-preserve-unknown-fields", "must be false to be structural");
  if (schema["x-kubernetes-embedded-resource"]) forbid("x-kubernetes-embedded-resource", "must be false to be structural");
  if (schema["x-kubernetes-int-or-string"]) forbid("x-kubernetes-int-or-string", "must be false to be structural");
  if (schema["x-kubernetes-list-type"]) forbid("x-kubernetes-list-type", "must be undefined to be structural");
  if (schema["x-kubernetes-list-map-keys"]?.length) forbid("x-kubernetes-list-map-keys", "must be empty to be structural");
  if (schema["x-kubernetes-map-type"]) forbid("x-kubernetes-map-type", "must be undefined to be structural");
  if (schema["x-kubernetes-validations"]?.length) forbid("x-kubernetes-validations", "must be empty to be structural");
  for (const [name, property] of Object.entries(schema.properties ?? {})) validateNested(property, found, at.child("properties").key(name), false, false);
  const items = itemsSchema(schema);
  if (items) validateNested(items, found, at.child("items"), false, false);
  for (const composite of ["allOf", "anyOf", "oneOf"] as const) {
    for (const [index, branch] of (schema[composite] ?? []).entries()) {
      validateNested(branch, found, at.child(composite).index(index), composite === "anyOf" && anyOfTypesAllowed, false);
    }
  }
  if (schema.not) validateNested(schema.not, found, at.child("not"), false, false);
}

/** Defaults must pass pruning unchanged and be valid themselves. */
function validateDefaults(schema: JSONSchemaProps, errors: FieldErrors, at: FieldPath, root: boolean): void {
  if (schema.default !== undefined && schema.default !== null) {
    const defaultAt = at.child("default");
    const tree = structuralSchema(schema);
    const pruned = prune(cloneJson(schema.default), tree, root, []);
    if (!equalJson(pruned, schema.default)) errors.invalid(defaultAt, schema.default, "must not have unknown fields");
    const found: FieldError[] = [];
    validateValue(valueSchema(schema), schema.default, "", UNCORRELATED, found);
    validateListTypes(schema.default, tree, defaultAt, errors.list);
    for (const error of found)
      errors.add(
        error.type,
        error.field === "" || error.field === "<nil>" ? defaultAt : `${defaultAt}${error.field.startsWith("[") ? "" : "."}${error.field}`,
        error.value,
        error.detail,
      );
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (root && isObject(property) && name === "metadata") continue;
    validateDefaults(property, errors, at.child("properties").key(name), false);
  }
  const additional = additionalSchema(schema);
  if (additional) validateDefaults(additional, errors, at.child("additionalProperties"), false);
  const items = itemsSchema(schema);
  if (items) validateDefaults(items, errors, at.child("items"), false);
}
