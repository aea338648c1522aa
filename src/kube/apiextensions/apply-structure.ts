/** What server-side apply sees of a custom resource: its structural schema as a Structure. */
import { LEAF, type Structure, UNTYPED } from "../machinery/structure.ts";
import { structureOf } from "../schema/structure.ts";
import { typeSchema } from "../schema/table.ts";
import type { StructuralSchema } from "./structural.ts";

export function rootStructure(schema: StructuralSchema): Structure {
  return mapOf(schema, true);
}

function structureOfNode(schema: StructuralSchema): Structure {
  if (schema.intOrString) return LEAF;
  if (schema.type === "array") return listOf(schema);
  if (schema.type === "object" || (schema.type === "" && schema.properties.size > 0)) {
    if (schema.mapType === "atomic") return LEAF;
    if (schema.preserveUnknown && schema.properties.size === 0 && !schema.additional && !schema.embedded) return UNTYPED;
    return mapOf(schema, schema.embedded);
  }
  return schema.preserveUnknown ? UNTYPED : LEAF;
}

function listOf(schema: StructuralSchema): Structure {
  if (schema.listType === "set") return { kind: "set" };
  if (schema.listType !== "map" || !schema.items) return LEAF;
  const defaults: Record<string, unknown> = {};
  for (const key of schema.listMapKeys) {
    const value = schema.items.properties.get(key)?.default;
    if (value !== undefined) defaults[key] = value;
  }
  return { kind: "list-map", keys: schema.listMapKeys, defaults, item: structureOfNode(schema.items) };
}

function mapOf(schema: StructuralSchema, resource: boolean): Structure {
  const known = new Map<string, Structure>();
  const make = (name: string): Structure | undefined => {
    if (resource && (name === "apiVersion" || name === "kind")) return LEAF;
    if (resource && name === "metadata") return structureOf(typeSchema("meta.v1.ObjectMeta"));
    const property = schema.properties.get(name);
    if (property) return structureOfNode(property);
    if (schema.additional) return schema.additional === "any" ? UNTYPED : structureOfNode(schema.additional);
    return schema.preserveUnknown ? UNTYPED : undefined;
  };
  return {
    kind: "map",
    field(name) {
      const found = known.get(name) ?? make(name);
      // Names outside of the schema are users' own: remembering them would grow without bound.
      if (found && schema.properties.has(name)) known.set(name, found);
      return found;
    },
  };
}
