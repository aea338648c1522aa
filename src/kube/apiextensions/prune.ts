/**
 * Pruning (CRD "preserveUnknownFields: false"): drops what a structural schema does not declare and says
 * what was dropped. Embedded resources keep apiVersion, kind and metadata whatever their schema says.
 */
import { setField } from "../machinery/json-value.ts";
import { isObject, type JsonObject } from "../object.ts";
import type { StructuralSchema } from "./structural.ts";

const TYPE_AND_META = new Set(["apiVersion", "kind", "metadata"]);

/**
 * A pruned copy of `value`; paths of dropped fields are pushed to `unknown` in upstream's order. At the
 * `root` of a custom resource the type and object metadata are left to the caller.
 */
export function prune(value: unknown, schema: StructuralSchema, root: boolean, unknown: string[]): unknown {
  const found: string[] = [];
  const pruned = pruneValue(value, schema, "", root, found);
  unknown.push(...found.sort());
  return pruned;
}

function pruneValue(value: unknown, schema: StructuralSchema | undefined, at: string, keepMeta: boolean, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    if (schema?.preserveUnknown && !schema.items) return value;
    return value.map((item, index) => pruneValue(item, schema?.items, `${at}[${index}]`, false, unknown));
  }
  if (!isObject(value)) return value;
  const pruned: JsonObject = {};
  for (const name of Object.keys(value)) {
    const path = at ? `${at}.${name}` : name;
    if ((keepMeta || schema?.embedded) && TYPE_AND_META.has(name)) {
      setField(pruned, name, value[name]);
      continue;
    }
    const property = schema?.properties.get(name);
    if (property) setField(pruned, name, pruneValue(value[name], property, path, false, unknown));
    else if (schema?.additional)
      setField(pruned, name, pruneValue(value[name], schema.additional === "any" ? undefined : schema.additional, path, false, unknown));
    else if (schema?.preserveUnknown) setField(pruned, name, value[name]);
    else unknown.push(path);
  }
  return pruned;
}
