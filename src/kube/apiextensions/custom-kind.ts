/**
 * A served version of a CustomResourceDefinition as a Kind, compiled once per revision of the definition: decoding
 * and pruning, defaults, validation, columns and conversion of its custom resources.
 */

import { ALL_VERBS, type Kind, type Subresources } from "../kind.ts";
import { type FieldError, type FieldErrors, FieldPath } from "../machinery/field.ts";
import { equalJson } from "../machinery/json.ts";
import { setField } from "../machinery/json-value.ts";
import { parseLabelSelector } from "../machinery/label-selector.ts";
import { badRequest } from "../machinery/status.ts";
import type { JsonObject, KubeObject } from "../object.ts";
import type { CustomResourceDefinition, CustomResourceDefinitionVersion, CustomResourceSubresourceScale } from "../schema/generated/types/apiextensions.v1.ts";
import type { DecodeReport } from "../schema/schema.ts";
import { rootStructure } from "./apply-structure.ts";
import { fillDefaults } from "./default.ts";
import { coerceEmbedded, decodeRootMetadata, hasEmbedded, validateEmbedded } from "./embedded-resource.ts";
import { findFirst, parseJsonPath } from "./json-path.ts";
import { validateListTypes } from "./list-types.ts";
import { type PrinterColumns, printerColumns } from "./printer-columns.ts";
import { prune } from "./prune.ts";
import { compiledRules } from "./schema-rules.ts";
import { structuralSchema } from "./structural.ts";
import { UNCORRELATED, validateValue, valueSchema } from "./value-validation.ts";

export interface CustomKind extends Kind {
  /** For Tables: each column with its JSON path. */
  readonly customColumns: PrinterColumns["described"];
  /** Text of the Warning that every request to a deprecated version draws. */
  readonly deprecationWarning: string | undefined;
}

/**
 * The kind that `version` of the definition serves. Keep it as long as the definition's resourceVersion stands: making
 * it compiles schema, patterns and rules.
 * @throws Error when the definition has no such version.
 */
export function customKind(definition: CustomResourceDefinition, version: string): CustomKind {
  const { group, scope, versions } = definition.spec;
  const served = versions.find(({ name }) => name === version);
  if (!served) throw new Error(`${definition.metadata.name} has no version ${version}`);
  const storageVersion = versions.find(({ storage }) => storage)?.name ?? version;
  const names = acceptedNames(definition);
  const { plural, kind } = names;
  const type = { kind, version };
  const apiVersion = `${group}/${version}`;
  const storageApiVersion = `${group}/${storageVersion}`;
  const schema = served.schema?.openAPIV3Schema ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const tree = structuralSchema(schema);
  const values = valueSchema(schema);
  const rules = compiledRules(schema);
  const embedded = hasEmbedded(tree);
  const hasStatus = served.subresources?.status !== undefined;
  const printed = printerColumns(served.additionalPrinterColumns);
  const structure = rootStructure(tree);
  const deprecationWarning = served.deprecated ? (served.deprecationWarning ?? `${apiVersion} ${kind} is deprecated`) : undefined;

  function decode(value: JsonObject, report: DecodeReport): KubeObject {
    if (hasInfinity(value)) throw badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${NO_FLOAT}`);
    const unknown: string[] = [];
    const metadata = decodeRootMetadata(value.metadata, type, unknown);
    const pruned = prune(value, tree, true, unknown) as JsonObject;
    const object: JsonObject = { apiVersion: value.apiVersion ?? apiVersion, kind: value.kind ?? kind, metadata };
    const { apiVersion: _, kind: __, metadata: ___, ...rest } = pruned;
    for (const name of Object.keys(rest)) setField(object, name, rest[name]);
    if (embedded) coerceEmbedded(object, tree, FieldPath.root, type, unknown);
    for (const path of unknown) report.strict.push(`unknown field ${JSON.stringify(path)}`);
    return object as unknown as KubeObject;
  }

  function validateAll(object: KubeObject, old: KubeObject | undefined, errors: FieldErrors): void {
    const before = errors.list.length;
    if (object.kind !== kind) errors.invalid(FieldPath.of("kind"), object.kind, `must be ${kind}`);
    if (object.apiVersion !== apiVersion) errors.invalid(FieldPath.of("apiVersion"), object.apiVersion, `must be ${apiVersion}`);
    validateValue(values, object, "", old ?? UNCORRELATED, errors.list);
    if (served?.subresources?.scale) validateScale(object, served.subresources.scale, errors);
    if (embedded) validateEmbedded(object, tree, FieldPath.root, errors);
    const duplicates: FieldError[] = [];
    validateListTypes(object, tree, FieldPath.root, duplicates);
    if (duplicates.length > 0 && !(old && hasDuplicates(old))) errors.list.push(...duplicates);
    if (!rules) return;
    if (errors.list.slice(before).some(({ type }) => BLOCKING.has(type))) errors.add("Invalid", "<nil>", undefined, UNCHECKED);
    else rules.validate(object, old, errors);
  }

  function hasDuplicates(object: KubeObject): boolean {
    const found: FieldError[] = [];
    validateListTypes(object, tree, FieldPath.root, found);
    return found.length > 0;
  }

  return {
    group,
    version,
    kind,
    plural,
    singular: names.singular ?? kind.toLowerCase(),
    listKind: names.listKind ?? `${kind}List`,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    scope: scope === "Cluster" ? "Cluster" : "Namespaced",
    verbs: ALL_VERBS,
    apiVersion,
    custom: true,
    storageResource: `${plural}.${group}`,
    subresources: subresourcesOf(served, validateAll),
    decode,
    applyDefaults: (object) => fillDefaults(object, tree),
    validate: (object, errors) => validateAll(object, undefined, errors),
    validateUpdate: (object, old, errors) => validateAll(object, old, errors),
    validatesOnUpdate: false,
    warnings: () => (deprecationWarning === undefined ? [] : [deprecationWarning]),
    generation: (object, old) => changedOutside(object, old, hasStatus),
    allowUnconditionalUpdate: false,
    selectableFields: selectableFields(served),
    columns: printed.columns,
    cells: printed.cells,
    customColumns: printed.described,
    deprecationWarning,
    ...(hasStatus ? { resetFields: { "": [["status"]], status: [["metadata"], ["spec"]] } } : {}),
    storage: {
      group,
      version: storageVersion,
      toStorage: (object) => ({ ...object, apiVersion: storageApiVersion }),
      // Strategy None: only apiVersion changes, then the target's schema prunes and, in applyDefaults, fills in.
      fromStorage: (object) => (object.apiVersion === apiVersion ? object : decode({ ...object, apiVersion } as unknown as JsonObject, { strict: [] })),
    },
    storedVersion: storageVersion,
    structure: () => structure,
    patchSchema: undefined,
  };
}

const NO_FLOAT = "json: cannot unmarshal number 1e400 into Go value of type float64";

/** A number beyond float64: the platform reads it as infinite and would store it as null. */
function hasInfinity(value: unknown): boolean {
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next === "number") {
      if (!Number.isFinite(next)) return true;
    } else if (typeof next === "object" && next !== null) {
      for (const item of Object.values(next)) if (typeof item === "number" || typeof item === "object") pending.push(item);
    }
  }
  return false;
}

/** Errors after which rules are not evaluated: the object may not have the shape they were checked against. */
const BLOCKING: ReadonlySet<string> = new Set(["NotSupported", "Required", "TooLong", "TooMany", "TypeInvalid"]);
const UNCHECKED = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

function acceptedNames(definition: CustomResourceDefinition) {
  const accepted = definition.status?.acceptedNames;
  return accepted?.plural && accepted.kind ? accepted : definition.spec.names;
}

function subresourcesOf(
  version: CustomResourceDefinitionVersion,
  validate: (object: KubeObject, old: KubeObject | undefined, errors: FieldErrors) => void,
): Subresources<KubeObject> {
  const { status, scale } = version.subresources ?? {};
  const subresources: Subresources<KubeObject> = {};
  if (status) {
    subresources.status = {
      keeps: { labels: false, annotations: false, finalizers: false, ownerReferences: false },
      validateUpdate: (object, old, errors) => validate(object, old, errors),
    };
  }
  if (scale) {
    subresources.scale = {
      spec: scale.specReplicasPath,
      status: scale.statusReplicasPath,
      ...(scale.labelSelectorPath ? { selector: scale.labelSelectorPath } : {}),
    };
  }
  return subresources;
}

function changedOutside(object: KubeObject, old: KubeObject, hasStatus: boolean): boolean {
  const strip = ({ metadata: _, ...rest }: KubeObject & { status?: unknown }) => {
    if (hasStatus) delete rest.status;
    return rest;
  };
  return !equalJson(strip(object), strip(old));
}

const MAX_INT32 = 2147483647;

function validateScale(object: KubeObject, scale: CustomResourceSubresourceScale, errors: FieldErrors): void {
  for (const path of [scale.specReplicasPath, scale.statusReplicasPath]) {
    const at = FieldPath.of(path.replace(/^\./, ""));
    const value = findFirst(parseJsonPath(path), object);
    if (value === undefined) continue;
    if (typeof value !== "number" || !Number.isInteger(value)) {
      const goType =
        typeof value === "number"
          ? "float64"
          : typeof value === "boolean"
            ? "bool"
            : typeof value === "string"
              ? "string"
              : Array.isArray(value)
                ? "[]interface {}"
                : "map[string]interface {}";
      errors.add(
        "Invalid",
        path,
        0,
        `${path} accessor error: ${typeof value === "object" ? JSON.stringify(value) : value} is of the type ${goType}, expected int64`,
      );
    } else if (value < 0) errors.add("Invalid", path, value, "should be a non-negative integer");
    else if (value > MAX_INT32) errors.invalid(at, value, `should be less than or equal to ${MAX_INT32}`);
  }
  if (!scale.labelSelectorPath) return;
  const selector = findFirst(parseJsonPath(scale.labelSelectorPath), object);
  if (typeof selector !== "string" || selector === "") return;
  try {
    parseLabelSelector(selector);
  } catch (error) {
    errors.invalid(FieldPath.of(scale.labelSelectorPath.replace(/^\./, "")), selector, error instanceof Error ? error.message : String(error));
  }
}

function selectableFields(version: CustomResourceDefinitionVersion): Record<string, (object: KubeObject) => string> {
  const fields: Record<string, (object: KubeObject) => string> = {};
  for (const { jsonPath } of version.selectableFields ?? []) {
    const path = parseJsonPath(jsonPath);
    fields[jsonPath.replace(/^\./, "")] = (object) => {
      const value = findFirst(path, object);
      return value === undefined || value === null ? "" : String(value);
    };
  }
  return fields;
}

export { servedResources } from "./served-resources.ts";
