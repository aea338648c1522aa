/** Defaulting by structural schema, in place: on requests and on objects read from storage alike. */

import { cloneJson } from "../machinery/json.ts";
import { setField } from "../machinery/json-value.ts";
import { isObject } from "../object.ts";
import type { StructuralSchema } from "./structural.ts";

/**
 * Fills absent fields that have a default, and nulls where the schema is not nullable; other nulls of
 * fields that are not nullable are dropped. Idempotent.
 */
export function fillDefaults(value: unknown, schema: StructuralSchema | undefined): void {
  if (!schema) return;
  if (Array.isArray(value)) {
    if (!schema.items) return;
    for (let index = 0; index < value.length; index++) {
      if (value[index] === null && !schema.items.nullable && schema.items.default !== undefined) value[index] = cloneJson(schema.items.default);
      fillDefaults(value[index], schema.items);
    }
    return;
  }
  if (!isObject(value)) return;
  for (const [name, property] of schema.properties) {
    if (!Object.hasOwn(value, name)) {
      if (property.default !== undefined) setField(value, name, cloneJson(property.default));
    } else if (value[name] === null && !property.nullable) {
      if (property.default !== undefined) setField(value, name, cloneJson(property.default));
      else delete value[name];
    }
    if (Object.hasOwn(value, name)) fillDefaults(value[name], property);
  }
  if (!schema.additional || schema.additional === "any") return;
  for (const name of Object.keys(value)) {
    if (schema.properties.has(name)) continue;
    if (value[name] === null && !schema.additional.nullable) {
      if (schema.additional.default !== undefined) setField(value, name, cloneJson(schema.additional.default));
      else delete value[name];
    }
    if (Object.hasOwn(value, name)) fillDefaults(value[name], schema.additional);
  }
}
