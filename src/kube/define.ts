import { ALL_VERBS, type Kind, type KindDefinition } from "./kind.ts";
import type { KubeObject } from "./object.ts";
import { decode } from "./schema/decode.ts";
import { structureOf } from "./schema/structure.ts";
import { typeIdOf, typeSchema } from "./schema/table.ts";

/** Makes a built-in kind: its definition plus decoding and structure from the generated schema. */
export function defineKind<T extends KubeObject>(definition: KindDefinition<T>): Kind {
  const untyped = definition as unknown as KindDefinition;
  const typeId = typeIdOf(definition.group, definition.version, definition.kind);
  const apiVersion = definition.group ? `${definition.group}/${definition.version}` : definition.version;
  const storageGroup = definition.storage?.group ?? definition.group;
  return {
    ...untyped,
    apiVersion,
    singular: definition.singular ?? definition.kind.toLowerCase(),
    listKind: definition.listKind ?? `${definition.kind}List`,
    verbs: definition.verbs ?? ALL_VERBS,
    custom: false,
    storageResource: storageGroup ? `${definition.plural}.${storageGroup}` : definition.plural,
    decode: (value, report) => decode(typeSchema(typeId), value, report) as unknown as KubeObject,
    structure: () => structureOf(typeSchema(typeId)),
    get patchSchema() {
      return typeSchema(typeId);
    },
  };
}
