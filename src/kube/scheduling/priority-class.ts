/** PriorityClass (scheduling.k8s.io/v1): a name for a pod priority. */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { PriorityClass } from "../schema/generated/types/scheduling.v1.ts";

/** User-defined classes stay below this; higher values are the system's. */
const HIGHEST_USER_DEFINED = 1000000000;
const SYSTEM_PREFIX = "system-";
const POLICIES = ["Never", "PreemptLowerPriority"];
/** The classes that every cluster has. */
export const SYSTEM_PRIORITY_CLASSES: readonly { name: string; value: number; description: string }[] = [
  {
    name: "system-node-critical",
    value: 2000001000,
    description: "Used for system critical pods that must not be moved from their current node.",
  },
  {
    name: "system-cluster-critical",
    value: 2000000000,
    description: "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  },
];

export const priorityClass = defineKind<PriorityClass>({
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  plural: "priorityclasses",
  shortNames: ["pc"],
  scope: "Cluster",
  generation: () => false,
  applyDefaults(object) {
    object.preemptionPolicy ??= "PreemptLowerPriority";
  },
  validate: validatePriorityClass,
  validatesOnUpdate: false,
  validateUpdate(object, old, errors, at) {
    if ((object.value ?? 0) !== (old.value ?? 0)) errors.forbidden(at.child("value"), "may not be changed in an update.");
    if (object.preemptionPolicy !== old.preemptionPolicy) errors.invalid(at.child("preemptionPolicy"), object.preemptionPolicy ?? null, "field is immutable");
  },
  columns: [NAME, column("Value", { type: "integer" }), column("Global-Default", { type: "boolean" }), AGE, column("PreemptionPolicy")],
  cells: (object, now) => [nameCell(object), object.value ?? 0, object.globalDefault ?? false, ageCell(object, now), object.preemptionPolicy ?? ""],
});

function validatePriorityClass(object: PriorityClass, errors: FieldErrors, at: FieldPath): void {
  const name = object.metadata.name ?? "";
  if (name.startsWith(SYSTEM_PREFIX)) {
    const known = SYSTEM_PRIORITY_CLASSES.find((each) => each.name === name);
    const same = known && known.value === object.value && known.description === (object.description ?? "") && !object.globalDefault;
    if (!same) {
      const why = known ? `value of ${name} PriorityClass must be ${known.value}` : `${name} is not a known system priority class`;
      errors.forbidden(at.child("metadata", "name"), `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${why}`);
    }
  } else if (object.value > HIGHEST_USER_DEFINED) {
    errors.forbidden(at.child("value"), `maximum allowed value of a user defined priority is ${HIGHEST_USER_DEFINED}`);
  }
  if (object.preemptionPolicy && !POLICIES.includes(object.preemptionPolicy))
    errors.add("NotSupported", at.child("preemptionPolicy"), object.preemptionPolicy, 'supported values: "PreemptLowerPriority", "Never"');
}
