/** Makes definitions, kinds and objects for the tests of custom resources. */
import { type CustomKind, customKind } from "../../../src/kube/apiextensions/custom-kind.ts";
import { customResourceDefinition } from "../../../src/kube/apiextensions/custom-resource-definition.ts";
import { acceptNames } from "../../../src/kube/apiextensions/establish.ts";
import { FieldErrors, FieldPath } from "../../../src/kube/machinery/field.ts";
import { invalid, StatusError } from "../../../src/kube/machinery/status.ts";
import type { JsonObject, KubeObject } from "../../../src/kube/object.ts";
import type { CustomResourceDefinition, CustomResourceDefinitionVersion, JSONSchemaProps } from "../../../src/kube/schema/generated/types/apiextensions.v1.ts";

export const NOW = new Date("2026-11-23T20:00:00Z");
const context = { now: NOW, user: { username: "test", groups: [] } };

export function object(properties: Record<string, JSONSchemaProps>, more: JSONSchemaProps = {}): JSONSchemaProps {
  return { type: "object", properties, ...more };
}

export function definitionOf(schema: JSONSchemaProps, version: Partial<CustomResourceDefinitionVersion> = {}, spec: JsonObject = {}): JsonObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.ref.example.com" },
    spec: {
      group: "ref.example.com",
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version }],
      ...spec,
    },
  };
}

/** What creating the definition gives: itself, or the Status of the refusal. */
export function createDefinition(body: unknown): { definition?: CustomResourceDefinition; message: string; warnings: string[] } {
  const report = { strict: [] as string[] };
  const definition = customResourceDefinition.decode(structuredClone(body) as JsonObject, report);
  customResourceDefinition.applyDefaults?.(definition);
  customResourceDefinition.prepareForCreate?.(definition, context);
  const errors = new FieldErrors();
  customResourceDefinition.validate?.(definition, errors, FieldPath.root);
  const warnings = [...report.strict, ...(customResourceDefinition.warnings?.(definition) ?? [])];
  if (errors.empty) return { definition: definition as CustomResourceDefinition, message: "", warnings };
  return { message: invalid(customResourceDefinition, definition.metadata.name ?? "", errors.list).message, warnings };
}

/** An established definition. @throws Error when it is not valid. */
export function established(body: JsonObject): CustomResourceDefinition {
  const { definition, message } = createDefinition(body);
  if (!definition) throw new Error(message);
  return acceptNames(definition, [], NOW);
}

export function kindOf(schema: JSONSchemaProps, version: Partial<CustomResourceDefinitionVersion> = {}): CustomKind {
  return customKind(established(definitionOf(schema, version)), "v1");
}

export interface Outcome {
  object?: KubeObject & { spec?: unknown; status?: unknown };
  message: string;
  causes: { reason?: string; message?: string; field?: string }[];
  warnings: string[];
}

/** Decoding, defaults and validation, as a create or (with `old`) an update does them. */
export function write(kind: CustomKind, body: JsonObject, old?: JsonObject): Outcome {
  const report = { strict: [] as string[] };
  try {
    const made = kind.decode(structuredClone(body), report);
    kind.applyDefaults?.(made);
    const errors = new FieldErrors();
    if (old) {
      const before = kind.decode(structuredClone(old), { strict: [] });
      kind.applyDefaults?.(before);
      kind.validateUpdate?.(made, before, errors, FieldPath.root);
    } else kind.validate?.(made, errors, FieldPath.root);
    const warnings = [...report.strict, ...(kind.warnings?.(made) ?? [])];
    if (errors.empty) return { object: made, message: "", causes: [], warnings };
    const error = invalid({ group: kind.group, kind: made.kind }, made.metadata.name ?? "", errors.list);
    return { message: error.message, causes: error.details?.causes ?? [], warnings };
  } catch (error) {
    if (error instanceof StatusError) return { message: error.message, causes: error.details?.causes ?? [], warnings: report.strict };
    throw error;
  }
}

export function widget(spec: unknown, more: JsonObject = {}): JsonObject {
  return { apiVersion: "ref.example.com/v1", kind: "Widget", metadata: { name: "w", namespace: "default" }, spec, ...more };
}

/** The message after `… is invalid: `. */
export function problem({ message }: { message: string }): string {
  return message.replace(/^\w+\.[\w.]+ "[^"]*" is invalid: /, "");
}
