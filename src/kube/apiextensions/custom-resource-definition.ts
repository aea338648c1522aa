/** CustomResourceDefinition (apiextensions.k8s.io/v1): a kind that its owner defines with a schema. */
import { defineKind } from "../define.ts";
import { FieldPath } from "../machinery/field.ts";
import type { CustomResourceDefinition, JSONSchemaProps } from "../schema/generated/types/apiextensions.v1.ts";
import { validateDefinition, validateDefinitionStatus, validateDefinitionUpdate } from "./definition-validation.ts";
import { beginTermination, storedVersions } from "./establish.ts";
import { isKnownFormat } from "./formats.ts";
import { additionalSchema, itemsSchema } from "./structural.ts";

export const customResourceDefinition = defineKind<CustomResourceDefinition>({
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  storedVersion: "v1beta1",
  scope: "Cluster",
  subresources: {
    status: {
      keeps: { labels: true, annotations: true, finalizers: true, ownerReferences: true },
      prepareForUpdate(definition) {
        definition.status.storedVersions = storedVersions(definition);
      },
      validateUpdate: (definition, _old, errors) => validateDefinitionStatus(definition, errors, FieldPath.root),
    },
  },
  generation: "spec",
  allowUnconditionalUpdate: false,
  applyDefaults,
  prepareForCreate(definition) {
    // Without a condition yet, as a dry run shows.
    const conditions = null as unknown as CustomResourceDefinition["status"]["conditions"];
    definition.status = { conditions, acceptedNames: { plural: "", kind: "" }, storedVersions: [] };
    definition.status.storedVersions = storedVersions(definition);
  },
  prepareForUpdate(definition) {
    definition.status = { ...definition.status, storedVersions: storedVersions(definition) };
  },
  validate: validateDefinition,
  validateUpdate: validateDefinitionUpdate,
  validatesOnUpdate: false,
  beginDeletion: beginTermination,
  warnings: unknownFormats,
  columns: [
    { name: "Name", type: "string", format: "name" },
    { name: "Created At", type: "date" },
  ],
  cells: (definition) => [definition.metadata.name ?? "", definition.metadata.creationTimestamp ?? ""],
});

function applyDefaults({ spec }: CustomResourceDefinition): void {
  if (!spec.names.singular && spec.names.kind) spec.names.singular = spec.names.kind.toLowerCase();
  if (!spec.names.listKind && spec.names.kind) spec.names.listKind = `${spec.names.kind}List`;
  spec.conversion ??= { strategy: "None" };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service) service.port ??= 443;
}

function unknownFormats(definition: CustomResourceDefinition): string[] {
  const formats = new Set<string>();
  for (const version of definition.spec.versions ?? []) if (version.schema?.openAPIV3Schema) collectFormats(version.schema.openAPIV3Schema, formats);
  return [...formats]
    .filter((format) => !isKnownFormat(format))
    .sort()
    .map((format) => `unrecognized format ${JSON.stringify(format)}`);
}

function collectFormats(schema: JSONSchemaProps, formats: Set<string>): void {
  if (schema.format) formats.add(schema.format);
  for (const property of Object.values(schema.properties ?? {})) collectFormats(property, formats);
  for (const below of [additionalSchema(schema), itemsSchema(schema), schema.not, ...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) {
    if (below) collectFormats(below, formats);
  }
}
