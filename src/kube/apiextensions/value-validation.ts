/**
 * OpenAPI v3 value validation of custom resources: which errors are found, in which order and in which
 * words is what clients of kube-apiserver see. Ratcheting (KEP-4008) tolerates what an update left alone.
 */

import { FieldError } from "../machinery/field.ts";
import { equalJson } from "../machinery/json.ts";
import { fieldOf } from "../machinery/json-value.ts";
import { isObject, type JsonObject } from "../object.ts";
import type { JSONSchemaProps } from "../schema/generated/types/apiextensions.v1.ts";
import { stringFormat } from "./formats.ts";
import { patternFinds } from "./regular-expression.ts";
import { additionalSchema, itemsSchema } from "./structural.ts";

/** A schema made ready to validate with: names looked up, formats resolved, once per definition. */
export interface ValueSchema {
  readonly types: readonly string[];
  /** "" also for formats that nothing checks. */
  readonly format: string;
  readonly formatCheck: ((text: string) => boolean) | undefined;
  readonly props: JSONSchemaProps;
  readonly properties: readonly (readonly [string, ValueSchema])[];
  readonly propertyNames: ReadonlySet<string>;
  readonly additional: ValueSchema | boolean | undefined;
  readonly items: ValueSchema | undefined;
  readonly allOf: readonly ValueSchema[];
  readonly anyOf: readonly ValueSchema[];
  readonly oneOf: readonly ValueSchema[];
  readonly not: ValueSchema | undefined;
  readonly hasNumberRules: boolean;
  /** Fields that tell the items of a list map apart, with the keys' defaults; undefined = items have no identity. */
  readonly itemKeys: readonly { name: string; default: unknown }[] | undefined;
}

/** No older value stands opposite this one. */
export const UNCORRELATED = Symbol("uncorrelated");

const NUMERIC_FORMATS = new Set(["int32", "int64", "float", "double"]);

export function valueSchema(props: JSONSchemaProps): ValueSchema {
  const properties = Object.entries(props.properties ?? {}).map(([name, property]) => [name, valueSchema(property)] as const);
  const additional = additionalSchema(props);
  const items = itemsSchema(props);
  const formatCheck = props.format ? stringFormat(props.format) : undefined;
  const keys = props["x-kubernetes-list-type"] === "map" ? props["x-kubernetes-list-map-keys"] : undefined;
  return {
    types: props["x-kubernetes-int-or-string"] ? ["integer", "string"] : props.type ? [props.type] : [],
    format: props.format && (formatCheck || NUMERIC_FORMATS.has(props.format)) ? props.format : "",
    formatCheck,
    props,
    properties,
    propertyNames: new Set(properties.map(([name]) => name)),
    additional: additional ? valueSchema(additional) : typeof props.additionalProperties === "boolean" ? props.additionalProperties : undefined,
    items: items ? valueSchema(items) : undefined,
    allOf: (props.allOf ?? []).map(valueSchema),
    anyOf: (props.anyOf ?? []).map(valueSchema),
    oneOf: (props.oneOf ?? []).map(valueSchema),
    not: props.not ? valueSchema(props.not) : undefined,
    hasNumberRules: props.minimum !== undefined || props.maximum !== undefined || props.multipleOf !== undefined,
    itemKeys: keys?.map((name) => ({ name, default: items?.properties?.[name]?.default })),
  };
}

/**
 * Pushes what is wrong with `value` and returns how well it matched otherwise, which chooses the branch
 * of anyOf and oneOf whose errors are shown. An `old` value that equals `value` silences its errors.
 */
export function validateValue(schema: ValueSchema, value: unknown, path: string, old: unknown, errors: FieldError[]): number {
  const before = errors.length;
  const matched = validateNode(schema, value, path, old, errors);
  if (errors.length > before && old !== UNCORRELATED && equalJson(old, value)) errors.length = before;
  return matched;
}

function validateNode(schema: ValueSchema, value: unknown, path: string, old: unknown, errors: FieldError[]): number {
  if (value === null || value === undefined) {
    const matched = validateType(schema, null, path, errors);
    validateEnum(schema, null, path, errors);
    return matched;
  }
  let matched = 1;
  if (schema.types.length > 0 || schema.format) matched += 1 + validateType(schema, value, path, errors);
  matched += 1 + validateComposites(schema, value, path, errors);
  if (typeof value === "string") {
    validateString(schema, value, path, errors);
    matched++;
    if (schema.formatCheck) {
      if (!schema.formatCheck(value))
        errors.push(new FieldError("TypeInvalid", path, value, `${path} in body must be of type ${schema.format}: ${JSON.stringify(value)}`));
      matched++;
    }
  } else if (typeof value === "number") {
    validateNumber(schema, value, path, errors);
    matched += 2;
  } else if (Array.isArray(value)) {
    matched += 1 + validateList(schema, value, path, old, errors);
  }
  if (schema.props.enum) validateEnum(schema, value, path, errors);
  matched++;
  if (isObject(value)) matched += 1 + validateObject(schema, value, path, old, errors);
  return matched;
}

function isInt64(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63;
}

/** The JSON type and Go's format of a value. */
function typeOf(value: unknown): { type: string; format: string } {
  if (typeof value === "string") return { type: "string", format: "" };
  if (typeof value === "boolean") return { type: "boolean", format: "" };
  if (typeof value === "number") return isInt64(value) ? { type: "integer", format: "int64" } : { type: "number", format: "float64" };
  return { type: Array.isArray(value) ? "array" : "object", format: "" };
}

function validateType(schema: ValueSchema, value: unknown, path: string, errors: FieldError[]): number {
  const wrong = (wanted: string, got: string) => {
    errors.push(new FieldError("TypeInvalid", path, got, `${path} in body must be of type ${wanted}: ${JSON.stringify(got)}`));
    return 0;
  };
  const { types, format } = schema;
  if (value === null) return types.length > 0 && !schema.props.nullable ? wrong(types.join(","), "null") : 1;
  const actual = typeOf(value);
  const textual = typeof value === "string" || Array.isArray(value);
  const numeric = types.includes("number") || types.includes("integer");
  const compatible =
    types.includes(actual.type) ||
    (actual.type === "number" && types.includes("integer") && Number.isInteger(value) && Math.abs(value as number) <= Number.MAX_SAFE_INTEGER) ||
    (actual.type === "integer" && types.includes("number"));
  if (!textual && format && !compatible && actual.format !== format) return wrong(format, actual.format);
  if (textual && format && !numeric) return 1;
  return compatible ? 1 : wrong(types.join(","), actual.type);
}

function compositeError(errors: FieldError[], path: string, what: string): void {
  errors.push(new FieldError("Invalid", "<nil>", "", `${JSON.stringify(path)} ${what}`));
}

function validateComposites(schema: ValueSchema, value: unknown, path: string, errors: FieldError[]): number {
  let matched = 1;
  if (schema.anyOf.length > 0) {
    const { valid, best } = tryBranches(schema.anyOf, value, path, true);
    if (valid === 0) {
      compositeError(errors, path, "must validate at least one schema (anyOf)");
      errors.push(...best.errors);
    }
    matched += best.matched;
  }
  if (schema.oneOf.length > 0) {
    const { valid, best } = tryBranches(schema.oneOf, value, path, false);
    if (valid !== 1) {
      const found = valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`;
      compositeError(errors, path, `must validate one and only one schema (oneOf). ${found}`);
      if (valid === 0) errors.push(...best.errors);
    }
    matched += best.matched;
  }
  if (schema.allOf.length > 0) {
    let valid = 0;
    for (const branch of schema.allOf) {
      const before = errors.length;
      matched += validateNode(branch, value, path, UNCORRELATED, errors);
      if (errors.length === before) valid++;
    }
    if (valid !== schema.allOf.length) compositeError(errors, path, `must validate all the schemas (allOf)${valid === 0 ? ". None validated" : ""}`);
  }
  if (schema.not) {
    const ignored: FieldError[] = [];
    validateNode(schema.not, value, path, UNCORRELATED, ignored);
    if (ignored.length === 0) compositeError(errors, path, "must not validate the schema (not)");
  }
  return matched;
}

interface Attempt {
  errors: FieldError[];
  matched: number;
}

function tryBranches(branches: readonly ValueSchema[], value: unknown, path: string, first: boolean): { valid: number; best: Attempt } {
  let valid = 0;
  let best: Attempt | undefined;
  for (const branch of branches) {
    const errors: FieldError[] = [];
    const attempt = { errors, matched: validateNode(branch, value, path, UNCORRELATED, errors) };
    if (errors.length === 0) {
      if (valid++ === 0) best = attempt;
      if (first) break;
    } else if (valid === 0 && (!best || attempt.matched > best.matched)) best = attempt;
  }
  return { valid, best: best ?? { errors: [], matched: 0 } };
}

/** Unicode code points, as Go counts the runes of a valid string. */
export function runeCount(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    const code = text.charCodeAt(index);
    if (code >= 0xd800 && code <= 0xdbff && text.charCodeAt(index + 1) >= 0xdc00 && text.charCodeAt(index + 1) <= 0xdfff) {
      count--;
      index++;
    }
  }
  return count;
}

function validateString({ props }: ValueSchema, value: string, path: string, errors: FieldError[]): void {
  if (props.maxLength !== undefined && runeCount(value) > props.maxLength) {
    errors.push(new FieldError("TooLong", path, value, `may not be more than ${props.maxLength} bytes`));
  } else if (props.minLength !== undefined && runeCount(value) < props.minLength) {
    errors.push(new FieldError("Invalid", path, value, `${path} in body should be at least ${props.minLength} chars long`));
  } else if (props.pattern && !patternFinds(props.pattern, value)) {
    errors.push(new FieldError("Invalid", path, value, `${path} in body should match '${props.pattern}'`));
  }
}

function validateNumber({ props, types, format }: ValueSchema, value: number, path: string, errors: FieldError[]): void {
  if (!inRangeOf(value, types, format)) {
    const what = format ? `with format ${format}` : "(default format)";
    errors.push(new FieldError("Invalid", "<nil>", "", `Checked value must be of type ${types.join(",")} ${what} in ${path}`));
  }
  // Go compares an integer value with the bound cut to an integer.
  const integral = isInt64(value);
  const bound = (limit: number) => (integral ? Math.trunc(limit) : limit);
  const fails = (rule: string) => errors.push(new FieldError("Invalid", path, value, `${path} in body should be ${rule}`));
  if (props.multipleOf !== undefined) {
    const factor = bound(props.multipleOf);
    if (factor <= 0) errors.push(new FieldError("Invalid", path, value, `factor MultipleOf declared for ${path} must be positive: ${factor}`));
    else if (integral ? value % factor !== 0 : !Number.isInteger(factor < 1 ? (1 / factor) * value : value / factor)) fails(`a multiple of ${factor}`);
  }
  if (props.minimum !== undefined) {
    const minimum = bound(props.minimum);
    if (props.exclusiveMinimum ? value <= minimum : value < minimum) fails(`greater than ${props.exclusiveMinimum ? "" : "or equal to "}${minimum}`);
  }
  if (props.maximum !== undefined) {
    const maximum = bound(props.maximum);
    if (props.exclusiveMaximum ? value >= maximum : value > maximum) fails(`less than ${props.exclusiveMaximum ? "" : "or equal to "}${maximum}`);
  }
}

function inRangeOf(value: number, types: readonly string[], format: string): boolean {
  if (types.length === 1 && types[0] === "integer") {
    return Number.isInteger(value) && (format === "int32" ? value >= -(2 ** 31) && value < 2 ** 31 : isInt64(value));
  }
  return format !== "float" || Math.abs(value) <= 3.4028234663852886e38;
}

function validateList(schema: ValueSchema, list: readonly unknown[], path: string, old: unknown, errors: FieldError[]): number {
  let matched = 1;
  const { props, items } = schema;
  if (items) {
    for (const [index, item] of list.entries()) matched += validateValue(items, item, `${path}[${index}]`, correlatedItem(schema, item, old), errors);
  }
  if (props.minItems !== undefined && list.length < props.minItems) {
    errors.push(new FieldError("Invalid", path, list.length, `${path} in body should have at least ${props.minItems} items`));
  }
  if (props.maxItems !== undefined && list.length > props.maxItems)
    errors.push(new FieldError("TooMany", path, list.length, `must have at most ${props.maxItems} items`));
  return matched;
}

/** The item of the old list with the same keys, for list maps only. */
function correlatedItem({ itemKeys }: ValueSchema, item: unknown, old: unknown): unknown {
  if (!itemKeys || !Array.isArray(old) || !isObject(item)) return UNCORRELATED;
  const keyOf = (object: JsonObject, key: { name: string; default: unknown }) => fieldOf(object, key.name) ?? key.default;
  const found = old.find((candidate) => isObject(candidate) && itemKeys.every((key) => equalJson(keyOf(candidate, key), keyOf(item, key))));
  return found === undefined ? UNCORRELATED : found;
}

function validateEnum({ props }: ValueSchema, value: unknown, path: string, errors: FieldError[]): void {
  if (!props.enum || props.enum.length === 0 || props.enum.some((allowed) => equalJson(allowed, value))) return;
  const texts = props.enum.map((allowed) => JSON.stringify(typeof allowed === "string" ? allowed : JSON.stringify(allowed)));
  errors.push(new FieldError("NotSupported", path, value, `supported values: ${texts.join(", ")}`));
}

function validateObject(schema: ValueSchema, value: JsonObject, path: string, old: unknown, errors: FieldError[]): number {
  const { props } = schema;
  const names = Object.keys(value);
  if (props.minProperties !== undefined && names.length < props.minProperties) {
    errors.push(new FieldError("Invalid", path, names.length, `${path} in body should have at least ${props.minProperties} properties`));
    return 0;
  }
  if (props.maxProperties !== undefined && names.length > props.maxProperties) {
    errors.push(new FieldError("TooMany", path, names.length, `must have at most ${props.maxProperties} items`));
    return 0;
  }
  let matched = 0;
  const prefix = path ? `${path}.` : "";
  const correlated = (name: string) => (isObject(old) && Object.hasOwn(old, name) ? old[name] : UNCORRELATED);
  if (schema.additional === false || typeof schema.additional === "object") {
    for (const name of names) {
      if (schema.propertyNames.has(name)) continue;
      if (schema.additional === false) errors.push(new FieldError("Invalid", path, "", `${path}.${name} in body is a forbidden property`));
      else matched += validateValue(schema.additional, value[name], prefix + name, correlated(name), errors);
    }
  }
  for (const [name, property] of schema.properties) {
    if (Object.hasOwn(value, name)) matched += validateValue(property, value[name], prefix + name, correlated(name), errors);
  }
  for (const name of props.required ?? []) {
    if (!Object.hasOwn(value, name)) errors.push(new FieldError("Required", prefix + name, undefined, ""));
  }
  return matched;
}
