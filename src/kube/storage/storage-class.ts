/** StorageClass (storage.k8s.io/v1): how volumes are made on demand. */
import { sameJson } from "../core/equality.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isQualifiedName } from "../machinery/names.ts";
import type { TopologySelectorTerm } from "../schema/generated/types/core.v1.ts";
import type { StorageClass } from "../schema/generated/types/storage.v1.ts";
import { validateParameters } from "./parameters.ts";

const RECLAIM_POLICIES = ["Delete", "Retain"];
const BINDING_MODES = ["Immediate", "WaitForFirstConsumer"];
const DEFAULT_ANNOTATIONS = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

export const storageClass = defineKind<StorageClass>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "StorageClass",
  plural: "storageclasses",
  shortNames: ["sc"],
  scope: "Cluster",
  returnsDeletedObject: true,
  applyDefaults(object) {
    object.reclaimPolicy ??= "Delete";
    object.volumeBindingMode ??= "Immediate";
  },
  validate: validateStorageClass,
  validateUpdate(object, old, errors, at) {
    if (!sameJson(object.parameters, old.parameters)) errors.invalid(at.child("parameters"), object.parameters ?? null, "field is immutable");
    if (object.provisioner !== old.provisioner) errors.invalid(at.child("provisioner"), object.provisioner, "field is immutable");
    if (object.reclaimPolicy !== old.reclaimPolicy) errors.invalid(at.child("reclaimPolicy"), object.reclaimPolicy ?? null, "field is immutable");
    if (object.volumeBindingMode !== old.volumeBindingMode)
      errors.invalid(at.child("volumeBindingMode"), object.volumeBindingMode ?? null, "field is immutable");
  },
  columns: [NAME, column("Provisioner"), column("ReclaimPolicy"), column("VolumeBindingMode"), column("AllowVolumeExpansion"), AGE],
  cells: (object, now) => [
    isDefault(object) ? `${nameCell(object)} (default)` : nameCell(object),
    object.provisioner,
    object.reclaimPolicy ?? "Delete",
    object.volumeBindingMode ?? "<unset>",
    object.allowVolumeExpansion ?? false,
    ageCell(object, now),
  ],
});

function isDefault(object: StorageClass): boolean {
  return DEFAULT_ANNOTATIONS.some((annotation) => object.metadata.annotations?.[annotation] === "true");
}

function validateStorageClass(object: StorageClass, errors: FieldErrors, at: FieldPath): void {
  validateProvisioner(object.provisioner ?? "", errors, at.child("provisioner"));
  validateParameters(object.parameters, true, errors, at.child("parameters"));
  const policy = object.reclaimPolicy;
  if (policy && !RECLAIM_POLICIES.includes(policy)) errors.notSupported(at.child("reclaimPolicy"), policy, RECLAIM_POLICIES);
  const mode = object.volumeBindingMode;
  if (mode === undefined) errors.required(at.child("volumeBindingMode"));
  else if (!BINDING_MODES.includes(mode)) errors.notSupported(at.child("volumeBindingMode"), mode, BINDING_MODES);
  validateTopologies(object.allowedTopologies ?? [], errors, at.child("allowedTopologies"));
}

/** Also the name of a VolumeAttributesClass's driver. */
export function validateProvisioner(provisioner: string, errors: FieldErrors, at: FieldPath): void {
  if (!provisioner) errors.required(at);
  else for (const problem of isQualifiedName(provisioner.toLowerCase())) errors.invalid(at, provisioner, problem);
}

function validateTopologies(topologies: readonly TopologySelectorTerm[], errors: FieldErrors, at: FieldPath): void {
  const seen: TopologySelectorTerm[] = [];
  for (const [i, term] of topologies.entries()) {
    const termAt = at.index(i);
    const keys = new Set<string>();
    for (const [k, requirement] of (term.matchLabelExpressions ?? []).entries()) {
      const requirementAt = termAt.child("matchLabelExpressions").index(k);
      const values = new Set<string>();
      if (!requirement.values?.length) errors.required(requirementAt.child("values"));
      for (const [n, value] of (requirement.values ?? []).entries()) {
        if (values.has(value)) errors.duplicate(requirementAt.child("values").index(n), value);
        values.add(value);
      }
      for (const problem of isQualifiedName(requirement.key)) errors.invalid(requirementAt.child("key"), requirement.key, problem);
      if (keys.has(requirement.key)) errors.duplicate(requirementAt.child("key"), requirement.key);
      keys.add(requirement.key);
    }
    // A term that says nothing counts as a repetition.
    if (!term.matchLabelExpressions?.length || seen.some((each) => sameJson(each, term)))
      errors.add("Duplicate", termAt.child("matchLabelExpressions"), "", "");
    seen.push(term);
  }
}
