/** What server-side apply sees of a built-in type: its schema's list and map types as a Structure (KEP-555, KEP-2332). */
import { LEAF, type Structure } from "../machinery/structure.ts";
import type { FieldSchema, TypeSchema } from "./schema.ts";
import { typeSchema } from "./table.ts";

const structures = new WeakMap<TypeSchema, Structure>();

/**
 * The structure of a type, made once and shared. A message is a map of its fields unless it is atomic or has a
 * JSON form of its own (quantities, times, raw JSON: leaves); a map<string, …> is a granular map unless it is
 * atomic; a list is a leaf unless its list type is set or map.
 */
export function structureOf(schema: TypeSchema): Structure {
  let structure = structures.get(schema);
  if (structure === undefined) {
    structure = schema.form !== undefined || schema.atomic ? LEAF : messageMap(schema);
    structures.set(schema, structure);
  }
  return structure;
}

function messageMap(schema: TypeSchema): Structure {
  const known = new Map<string, Structure>();
  return {
    kind: "map",
    field(name) {
      let structure = known.get(name);
      if (structure === undefined) {
        const field = schema.fields.get(name);
        if (field === undefined) return undefined;
        structure = structureOfField(field);
        known.set(name, structure);
      }
      return structure;
    },
  };
}

function structureOfField(field: FieldSchema): Structure {
  if (field.mapType === "atomic") return LEAF;
  const message = typeof field.type === "string" ? undefined : typeSchema(field.type.message);
  // A property may be granular although its type is atomic (a volume's claimRef).
  if (field.mapType === "granular" && message !== undefined && !field.map) return messageMap(message);
  const item = message === undefined ? LEAF : structureOf(message);
  if (field.map) return { kind: "map", field: () => item };
  if (!field.repeated && field.listType === undefined) return item;
  if (field.listType === "set") return { kind: "set" };
  if (field.listType !== "map" || message === undefined) return LEAF;
  return { kind: "list-map", keys: field.listMapKeys, defaults: keyDefaults(field.listMapKeys, message), item };
}

function keyDefaults(keys: readonly string[], item: TypeSchema): Record<string, unknown> {
  const defaults: Record<string, unknown> = {};
  for (const key of keys) {
    const field = item.fields.get(key);
    if (field?.default !== undefined) defaults[key] = field.default;
    else if (field?.always && !field.presence) defaults[key] = { string: "", bool: false }[String(field.type)] ?? 0;
  }
  return defaults;
}
