/** Uniqueness that x-kubernetes-list-type promises: items of a set, keys of a map. */

import { FieldError, type FieldPath } from "../machinery/field.ts";
import { fieldOf, setField } from "../machinery/json-value.ts";
import { isObject } from "../object.ts";
import { canonicalText } from "./canonical-text.ts";
import type { StructuralSchema } from "./structural.ts";

export function validateListTypes(value: unknown, schema: StructuralSchema, at: FieldPath, errors: FieldError[]): void {
  if (Array.isArray(value)) {
    if (schema.listType === "set") reportDuplicates(value, (item) => item, at, errors);
    else if (schema.listType === "map") reportDuplicates(value, (item) => keysOf(item, schema), at, errors);
    if (schema.items) for (const [index, item] of value.entries()) validateListTypes(item, schema.items, at.index(index), errors);
    return;
  }
  if (!isObject(value)) return;
  for (const name of Object.keys(value)) {
    const property = schema.properties.get(name);
    if (property) validateListTypes(value[name], property, at.child(name), errors);
    else if (schema.additional && schema.additional !== "any") validateListTypes(value[name], schema.additional, at.key(name), errors);
  }
}

function keysOf(item: unknown, schema: StructuralSchema): unknown {
  if (!isObject(item)) return undefined;
  const keys = {};
  for (const name of schema.listMapKeys) {
    const value = fieldOf(item, name);
    if (value !== undefined) setField(keys, name, value);
  }
  return keys;
}

function reportDuplicates(list: readonly unknown[], identity: (item: unknown) => unknown, at: FieldPath, errors: FieldError[]): void {
  const seen = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    const key = identity(item);
    if (key === undefined) continue;
    const text = canonicalText(key);
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    // A third copy would say nothing new: each value is reported once.
    if (times === 2) errors.push(new FieldError("Duplicate", at.index(index), key, ""));
  }
}
