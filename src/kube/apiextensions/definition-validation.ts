/** Validation of CustomResourceDefinitions: names, versions, schemas, columns, subresources, conversion, stored versions. */

import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { equalJson } from "../machinery/json.ts";
import { isDNS1035Label, isDNS1123Subdomain } from "../machinery/names.ts";
import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  JSONSchemaProps,
  SelectableField,
} from "../schema/generated/types/apiextensions.v1.ts";
import { approvalState, isEstablished } from "./establish.ts";
import { compileSchemaRules } from "./schema-rules.ts";
import { validateSchema } from "./schema-validation.ts";

const COLUMN_TYPES = ["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];
const MAX_SELECTABLE_FIELDS = 8;
const MAX_DEPRECATION_WARNING = 256;

export function validateDefinition(definition: CustomResourceDefinition, errors: FieldErrors, at: FieldPath): void {
  const { spec, metadata } = definition;
  const required = `${spec.names.plural}.${spec.group}`;
  for (const field of ["generateName", "name"] as const) {
    const given = metadata[field] ?? "";
    if (given !== required && (field === "name" || given)) errors.invalid(at.child("metadata", field), given, 'must be spec.names.plural+"."+spec.group');
  }
  validateSpec(definition, errors, at.child("spec"));
  validateStoredVersions(definition, errors, at.child("status", "storedVersions"));
  validateApproval(definition, errors, at);
}

export function validateDefinitionUpdate(definition: CustomResourceDefinition, old: CustomResourceDefinition, errors: FieldErrors, at: FieldPath): void {
  validateSpec(definition, errors, at.child("spec"));
  if (isEstablished(old)) {
    const { spec } = definition;
    const fixed = [
      ["scope", spec.scope, old.spec.scope],
      ["group", spec.group, old.spec.group],
      ["names.kind", spec.names.kind, old.status.acceptedNames.kind],
      ["names.plural", spec.names.plural, old.status.acceptedNames.plural],
    ] as const;
    for (const [name, value, before] of fixed) if (value !== before) errors.invalid(at.child("spec", name), value, "field is immutable");
  }
  validateStoredVersions(definition, errors, at.child("status", "storedVersions"));
  // What once was let pass without approval may stay as it is.
  if (approvalState(old.spec.group, old.metadata.annotations).state !== "missing") validateApproval(definition, errors, at);
}

export function validateDefinitionStatus(definition: CustomResourceDefinition, errors: FieldErrors, at: FieldPath): void {
  validateNames(definition.status.acceptedNames, errors, at.child("status", "acceptedNames"));
  if (definition.status.storedVersions.length === 0) {
    errors.invalid(at.child("status", "storedVersions"), definition.status.storedVersions, "must have at least one stored version");
  }
}

function validateApproval({ spec, metadata }: CustomResourceDefinition, errors: FieldErrors, at: FieldPath): void {
  const approval = approvalState(spec.group, metadata.annotations);
  const annotationAt = at.child("metadata", "annotations").key("api-approved.kubernetes.io");
  if (approval.state === "missing") errors.required(annotationAt, approval.condition.message);
  else if (approval.state === "invalid") errors.invalid(annotationAt, metadata.annotations?.["api-approved.kubernetes.io"], approval.condition.message);
}

function validateStoredVersions(definition: CustomResourceDefinition, errors: FieldErrors, at: FieldPath): void {
  const stored = definition.status?.storedVersions ?? [];
  const versions = definition.spec.versions ?? [];
  if (stored.length === 0) {
    errors.invalid(at, undefined, "must have at least one stored version");
    return;
  }
  const unclaimed = new Set(stored);
  for (const version of versions) {
    if (version.storage && !unclaimed.has(version.name)) errors.invalid(at, stored, `must have the storage version ${version.name}`);
    unclaimed.delete(version.name);
  }
  for (const [index, name] of stored.entries()) {
    if (versions.some((version) => version.name === name)) continue;
    errors.invalid(
      at.index(index),
      name,
      `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
    );
  }
}

/** What all versions agree on is told of at the top level, as in upstream's internal form of the type. */
interface Hoisted {
  readonly schema: boolean;
  readonly subresources: boolean;
  readonly columns: boolean;
  readonly selectableFields: boolean;
}

function hoistedOf(versions: readonly CustomResourceDefinitionVersion[]): Hoisted {
  const same = (read: (version: CustomResourceDefinitionVersion) => unknown) =>
    versions.every((version) => equalJson(read(version) ?? null, read(versions[0] ?? version) ?? null));
  return {
    schema: same((version) => version.schema),
    subresources: same((version) => version.subresources),
    columns: same((version) => version.additionalPrinterColumns),
    selectableFields: same((version) => version.selectableFields),
  };
}

function validateSpec({ spec }: CustomResourceDefinition, errors: FieldErrors, at: FieldPath): void {
  validateGroup(spec.group, errors, at.child("group"));
  if (!spec.scope) errors.required(at.child("scope"));
  else if (spec.scope !== "Cluster" && spec.scope !== "Namespaced") errors.notSupported(at.child("scope"), spec.scope, ["Cluster", "Namespaced"]);
  if (spec.preserveUnknownFields) {
    errors.invalid(
      at.child("preserveUnknownFields"),
      true,
      "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
    );
  }
  const versions = spec.versions ?? [];
  const hoisted = hoistedOf(versions);
  for (const [index, version] of versions.entries()) {
    const versionAt = at.child("versions").index(index);
    validateLabel1035(version.name, errors, versionAt.child("name"));
    validateDeprecation(version, errors, versionAt);
    if (!version.schema?.openAPIV3Schema) errors.required(versionAt.child("schema", "openAPIV3Schema"));
    else if (!hoisted.schema) validateVersionSchema(version.schema.openAPIV3Schema, errors, versionAt.child("schema", "openAPIV3Schema"));
    if (!hoisted.subresources) validateSubresources(version.subresources, errors, versionAt.child("subresources"));
    if (!hoisted.columns) validateColumns(version.additionalPrinterColumns, errors, versionAt.child("additionalPrinterColumns"));
    if (!hoisted.selectableFields)
      validateSelectableFields(version.selectableFields, version.schema?.openAPIV3Schema, errors, versionAt.child("selectableFields"));
  }
  if (new Set(versions.map(({ name }) => name)).size !== versions.length)
    errors.invalid(at.child("versions"), internalVersions(versions), "must contain unique version names");
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.invalid(at.child("versions"), internalVersions(versions), "must have exactly one version marked as storage version");
  }
  if (versions[0]) validateLabel1035(versions[0].name, errors, at.child("version"));
  for (const name of ["plural", "singular", "kind", "listKind"] as const) if (!spec.names[name]) errors.required(at.child("names", name));
  validateNames(spec.names, errors, at.child("names"));
  const first = versions[0];
  if (first?.schema?.openAPIV3Schema && hoisted.schema) validateVersionSchema(first.schema.openAPIV3Schema, errors, at.child("validation", "openAPIV3Schema"));
  if (first && hoisted.subresources) validateSubresources(first.subresources, errors, at.child("subresources"));
  if (first && hoisted.columns) validateColumns(first.additionalPrinterColumns, errors, at.child("additionalPrinterColumns"));
  if (first && hoisted.selectableFields) validateSelectableFields(first.selectableFields, first.schema?.openAPIV3Schema, errors, at.child("selectableFields"));
  validateConversion(spec.conversion, errors, at.child("conversion"));
}

function validateVersionSchema(schema: JSONSchemaProps, errors: FieldErrors, at: FieldPath): void {
  if (validateSchema(schema, errors, at)) compileSchemaRules(schema, errors, at);
}

/** The value that upstream shows for spec.versions: its internal struct. */
function internalVersions(versions: readonly CustomResourceDefinitionVersion[]): unknown {
  return versions.map((version) => ({
    Name: version.name,
    Served: version.served,
    Storage: version.storage,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: null,
    Subresources: null,
    AdditionalPrinterColumns: null,
    SelectableFields: null,
  }));
}

function validateGroup(group: string, errors: FieldErrors, at: FieldPath): void {
  if (!group) {
    errors.required(at);
    return;
  }
  const problems = isDNS1123Subdomain(group);
  if (problems.length > 0) errors.invalid(at, group, problems.join(","));
  else if (!group.includes(".")) errors.invalid(at, group, "should be a domain with at least one dot");
}

function validateLabel1035(value: string, errors: FieldErrors, at: FieldPath, lead = ""): void {
  const problems = isDNS1035Label(value);
  if (problems.length > 0) errors.invalid(at, value, lead + problems.join(","));
}

const MIXED_CASE = "may have mixed case, but should otherwise match: ";

function validateKindName(value: string, errors: FieldErrors, at: FieldPath): void {
  const problems = isDNS1035Label(value.toLowerCase());
  if (problems.length > 0) errors.invalid(at, value, MIXED_CASE + problems.join(","));
}

function validateNames(names: CustomResourceDefinitionNames, errors: FieldErrors, at: FieldPath): void {
  if (names.plural) validateLabel1035(names.plural, errors, at.child("plural"));
  if (names.singular) validateLabel1035(names.singular, errors, at.child("singular"));
  if (names.kind) validateKindName(names.kind, errors, at.child("kind"));
  if (names.listKind) validateKindName(names.listKind, errors, at.child("listKind"));
  for (const [index, name] of (names.shortNames ?? []).entries()) validateLabel1035(name, errors, at.child("shortNames").index(index));
  if (names.kind && names.kind === names.listKind) errors.invalid(at.child("listKind"), names.listKind, "kind and listKind may not be the same");
  for (const [index, name] of (names.categories ?? []).entries()) validateLabel1035(name, errors, at.child("categories").index(index));
}

function validateDeprecation(version: CustomResourceDefinitionVersion, errors: FieldErrors, at: FieldPath): void {
  const warning = version.deprecationWarning;
  if (warning === undefined) return;
  const warningAt = at.child("deprecationWarning");
  if (!version.deprecated) errors.invalid(warningAt, warning, "can only be set for deprecated versions");
  if (warning === "") errors.invalid(warningAt, warning, "must not be an empty string");
  if ([...warning].length > MAX_DEPRECATION_WARNING) errors.invalid(warningAt, warning, `must be <= ${MAX_DEPRECATION_WARNING} characters long`);
  const unprintable = [...warning].findIndex((character) => !/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character));
  if (unprintable >= 0)
    errors.invalid(warningAt, warning, `must only contain printable UTF-8 characters; non-printable character found at index ${unprintable}`);
}

function validateColumns(columns: readonly CustomResourceColumnDefinition[] | undefined, errors: FieldErrors, at: FieldPath): void {
  for (const [index, column] of (columns ?? []).entries()) {
    const columnAt = at.index(index);
    if (!column.name) errors.required(columnAt.child("name"));
    if (!column.type) errors.required(columnAt.child("type"), `must be one of ${COLUMN_TYPES.join(",")}`);
    else if (!COLUMN_TYPES.includes(column.type)) errors.invalid(columnAt.child("type"), column.type, `must be one of ${COLUMN_TYPES.join(",")}`);
    if (column.format && !COLUMN_FORMATS.includes(column.format))
      errors.invalid(columnAt.child("format"), column.format, `must be one of ${COLUMN_FORMATS.join(",")}`);
    if (!column.jsonPath) errors.required(columnAt.child("JSONPath"));
    else validateSimplePath(column.jsonPath, errors, columnAt.child("JSONPath"));
  }
}

function validateSimplePath(path: string, errors: FieldErrors, at: FieldPath): boolean {
  if (path.startsWith(".")) return true;
  errors.invalid(at, path, "must be a simple json path starting with .");
  return false;
}

function validateSubresources(subresources: CustomResourceSubresources | undefined, errors: FieldErrors, at: FieldPath): void {
  const scale = subresources?.scale;
  if (!scale) return;
  const scaleAt = at.child("scale");
  const under = (name: "specReplicasPath" | "statusReplicasPath" | "labelSelectorPath", roots: readonly string[], detail: string) => {
    const path = scale[name];
    if (!path) {
      if (name !== "labelSelectorPath") errors.required(scaleAt.child(name));
      return;
    }
    if (validateSimplePath(path, errors, scaleAt.child(name)) && !roots.includes(path.split(".")[1] ?? "")) errors.invalid(scaleAt.child(name), path, detail);
  };
  under("specReplicasPath", ["spec"], "should be a json path under .spec");
  under("statusReplicasPath", ["status"], "should be a json path under .status");
  under("labelSelectorPath", ["spec", "status"], "should be a json path under either .spec or .status");
}

function validateSelectableFields(
  fields: readonly SelectableField[] | undefined,
  schema: JSONSchemaProps | undefined,
  errors: FieldErrors,
  at: FieldPath,
): void {
  if (!fields) return;
  const seen = new Set<string>();
  for (const [index, { jsonPath }] of fields.entries()) {
    const pathAt = at.index(index).child("jsonPath");
    if (!jsonPath) {
      errors.required(pathAt);
      continue;
    }
    const problem = selectableFieldProblem(jsonPath, schema);
    if (problem) errors.invalid(pathAt, jsonPath, problem);
    if (seen.has(jsonPath)) errors.duplicate(pathAt, jsonPath);
    seen.add(jsonPath);
  }
  if (fields.length > MAX_SELECTABLE_FIELDS) errors.tooMany(at, fields.length, MAX_SELECTABLE_FIELDS);
}

function selectableFieldProblem(path: string, schema: JSONSchemaProps | undefined): string | undefined {
  if (!path.startsWith("."))
    return path.startsWith("[") ? "is an invalid path: array notation is not allowed" : `is an invalid path: expected [ or . but got: ${path.split(/[.[]/)[0]}`;
  if (path.includes("[")) return "is an invalid path: array notation is not allowed";
  let node: JSONSchemaProps | undefined = schema;
  const names = path.slice(1).split(".");
  for (const name of names)
    node = node?.properties && Object.hasOwn(node.properties, name) && !(node === schema && name === "metadata") ? node.properties[name] : undefined;
  if (!node) return "is an invalid path: does not refer to a valid field";
  return ["string", "boolean", "integer"].includes(node.type ?? "")
    ? undefined
    : "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
}

function validateConversion(conversion: CustomResourceConversion | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!conversion) return;
  const client = conversion.webhook?.clientConfig;
  const reviews = conversion.webhook?.conversionReviewVersions ?? [];
  const clientAt = at.child("webhookClientConfig");
  const reviewsAt = at.child("conversionReviewVersions");
  if (!conversion.strategy) errors.required(at.child("strategy"));
  else if (conversion.strategy !== "None" && conversion.strategy !== "Webhook")
    errors.notSupported(at.child("strategy"), conversion.strategy, ["None", "Webhook"]);
  if (conversion.strategy !== "Webhook") {
    if (client) errors.forbidden(clientAt, "should not be set when strategy is not set to Webhook");
    if (reviews.length > 0) errors.forbidden(reviewsAt, "should not be set when strategy is not set to Webhook");
    return;
  }
  if (!client) errors.required(clientAt, "required when strategy is set to Webhook");
  else if ((client.url === undefined) === (client.service === undefined)) errors.required(clientAt, "exactly one of url or service is required");
  else if (client.url !== undefined) validateWebhookUrl(client.url, errors, clientAt.child("url"));
  else if (client.service) {
    const { name, namespace, port, path } = client.service;
    if (!name) errors.required(clientAt.child("service", "name"));
    if (!namespace) errors.required(clientAt.child("service", "namespace"));
    if (port !== undefined && (port < 1 || port > 65535))
      errors.invalid(clientAt.child("service", "port"), port, "port is not valid: must be between 1 and 65535, inclusive");
    if (path !== undefined && !path.startsWith("/")) errors.invalid(clientAt.child("service", "path"), path, "must start with a '/'");
  }
  if (reviews.length === 0) {
    errors.required(reviewsAt);
    return;
  }
  for (const [index, version] of reviews.entries()) {
    if (reviews.indexOf(version) < index) errors.invalid(reviewsAt.index(index), version, "duplicate version");
    else validateLabel1035(version, errors, reviewsAt.index(index));
  }
  if (!reviews.includes("v1") && !reviews.includes("v1beta1")) errors.invalid(reviewsAt, reviews, "must include at least one of v1, v1beta1");
}

function validateWebhookUrl(url: string, errors: FieldErrors, at: FieldPath): void {
  if (!URL.canParse(url)) {
    errors.required(at, `url must be a valid URL: parse ${JSON.stringify(url)}; desired format: https://host[/path]`);
    return;
  }
  const { protocol, host, username, search, hash } = new URL(url);
  if (protocol !== "https:") errors.invalid(at, protocol.slice(0, -1), "'https' is the only allowed URL scheme; desired format: https://host[/path]");
  if (!host) errors.invalid(at, host, "host must be specified; desired format: https://host[/path]");
  if (username) errors.invalid(at, username, "user information is not permitted in the URL");
  if (hash) errors.invalid(at, hash.slice(1), "fragments are not permitted in the URL");
  if (search) errors.invalid(at, search.slice(1), "query parameters are not permitted in the URL");
}
