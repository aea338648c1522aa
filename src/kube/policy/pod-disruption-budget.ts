/** PodDisruptionBudget (policy/v1): how many of a set of pods may be down at once by intent. */

import { type IntOrPercent, validateAtMost100Percent } from "../apps/int-or-percent.ts";
import { nonNegative, unsupported } from "../core/pod-spec/checks.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import { type FieldErrors, FieldPath } from "../machinery/field.ts";
import { validateLabelSelector } from "../machinery/label-selector.ts";
import { isValidPercent, nameIsPathSegment } from "../machinery/names.ts";
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from "../schema/generated/types/policy.v1.ts";

const EVICTION_POLICIES: readonly string[] = ["AlwaysAllow", "IfHealthyBudget"];

export const podDisruptionBudget = defineKind<PodDisruptionBudget>({
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  shortNames: ["pdb"],
  scope: "Namespaced",
  validateName: nameIsPathSegment,
  subresources: {
    status: {
      validateUpdate({ status }, _old, errors) {
        const at = FieldPath.of("status");
        for (const field of ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const)
          nonNegative(errors, at.child(field), status[field]);
      },
    },
  },
  validate: ({ spec }, errors, at) => validateSpec(spec, errors, at.child("spec")),
  generation: "spec",
  allowUnconditionalUpdate: false,
  resetFields: { "": [["status"]], status: [["spec"]] },
  columns: [NAME, column("Min Available"), column("Max Unavailable"), column("Allowed Disruptions", { type: "integer" }), AGE],
  cells: (object, now) => [
    nameCell(object),
    String(object.spec.minAvailable ?? "N/A"),
    String(object.spec.maxUnavailable ?? "N/A"),
    object.status?.disruptionsAllowed ?? 0,
    ageCell(object, now),
  ],
});

function validateSpec(spec: PodDisruptionBudgetSpec, errors: FieldErrors, at: FieldPath): void {
  const { minAvailable, maxUnavailable } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = {
      MinAvailable: minAvailable,
      Selector: spec.selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
    };
    errors.invalid(at, shown, "minAvailable and maxUnavailable cannot be both set");
  }
  if (minAvailable !== undefined) validateThreshold(minAvailable, errors, at.child("minAvailable"));
  if (maxUnavailable !== undefined) validateThreshold(maxUnavailable, errors, at.child("maxUnavailable"));
  if (spec.selector) validateLabelSelector(spec.selector, errors, at.child("selector"));
  const policy = spec.unhealthyPodEvictionPolicy;
  if (policy !== undefined && !EVICTION_POLICIES.includes(policy)) unsupported(errors, at.child("unhealthyPodEvictionPolicy"), policy, EVICTION_POLICIES);
}

function validateThreshold(value: IntOrPercent, errors: FieldErrors, at: FieldPath): void {
  if (typeof value === "string") for (const message of isValidPercent(value)) errors.invalid(at, value, message);
  else nonNegative(errors, at, value);
  validateAtMost100Percent(value, errors, at);
}
