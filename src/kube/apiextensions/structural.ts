/**
 * A structural schema (KEP-2337, "CustomResourceDefinition v1"): the part of an openAPIV3Schema that says
 * what fields a custom resource has, compiled once per definition into a tree for pruning and defaulting.
 */
import { isObject } from "../object.ts";
import type { JSONSchemaProps } from "../schema/generated/types/apiextensions.v1.ts";

export interface StructuralSchema {
  /** "" = none given (int-or-string, or preserve-unknown without a type). */
  readonly type: string;
  readonly properties: ReadonlyMap<string, StructuralSchema>;
  /** Schema of the values of a map; "any" = allowed by `true` without a schema. */
  readonly additional: StructuralSchema | "any" | undefined;
  readonly items: StructuralSchema | undefined;
  readonly nullable: boolean;
  /** undefined = none; an explicit null default counts as none, as upstream. */
  readonly default: unknown;
  readonly preserveUnknown: boolean;
  readonly embedded: boolean;
  readonly intOrString: boolean;
  readonly listType: "atomic" | "set" | "map" | undefined;
  readonly listMapKeys: readonly string[];
  readonly mapType: "atomic" | "granular" | undefined;
  /** The schema this node was made of. */
  readonly source: JSONSchemaProps;
}

/** The schema of `additionalProperties` when it is one; `true` and `false` are not. */
export function additionalSchema(props: JSONSchemaProps): JSONSchemaProps | undefined {
  return isObject(props.additionalProperties) ? (props.additionalProperties as JSONSchemaProps) : undefined;
}

export function itemsSchema(props: JSONSchemaProps): JSONSchemaProps | undefined {
  return isObject(props.items) ? (props.items as JSONSchemaProps) : undefined;
}

/** Promises nothing about the schema's validity: validate the definition first. */
export function structuralSchema(props: JSONSchemaProps): StructuralSchema {
  const additional = additionalSchema(props);
  const items = itemsSchema(props);
  const listType = props["x-kubernetes-list-type"];
  const mapType = props["x-kubernetes-map-type"];
  return {
    type: props.type ?? "",
    properties: new Map(Object.entries(props.properties ?? {}).map(([name, property]) => [name, structuralSchema(property)])),
    additional: additional ? structuralSchema(additional) : props.additionalProperties === undefined || props.additionalProperties === null ? undefined : "any",
    items: items ? structuralSchema(items) : undefined,
    nullable: props.nullable === true,
    default: props.default ?? undefined,
    preserveUnknown: props["x-kubernetes-preserve-unknown-fields"] === true,
    embedded: props["x-kubernetes-embedded-resource"] === true,
    intOrString: props["x-kubernetes-int-or-string"] === true,
    listType: listType === "atomic" || listType === "set" || listType === "map" ? listType : undefined,
    listMapKeys: props["x-kubernetes-list-map-keys"] ?? [],
    mapType: mapType === "atomic" || mapType === "granular" ? mapType : undefined,
    source: props,
  };
}

/** The tree of a version without a schema of its own: everything is kept. */
export const OPEN_SCHEMA: StructuralSchema = structuralSchema({ type: "object", "x-kubernetes-preserve-unknown-fields": true });
