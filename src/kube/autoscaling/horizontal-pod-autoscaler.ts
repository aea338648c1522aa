/** HorizontalPodAutoscaler (autoscaling/v2): the stored version; v1 is in horizontal-pod-autoscaler-v1.ts. */
import { nonNegative } from "../core/pod-spec/checks.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import { type FieldErrors, FieldPath } from "../machinery/field.ts";
import type { HorizontalPodAutoscaler } from "../schema/generated/types/autoscaling.v2.ts";
import { applyBehaviorDefaults, validateBehavior } from "./behavior.ts";
import { validateMetrics, validateObjectReference } from "./metrics.ts";
import { targetsCell } from "./targets-cell.ts";

export const HPA_COLUMNS = [NAME, ...["Reference", "Targets", "MinPods", "MaxPods", "Replicas"].map((name) => column(name)), AGE];

export const horizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>({
  group: "autoscaling",
  version: "v2",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  shortNames: ["hpa"],
  categories: ["all"],
  scope: "Namespaced",
  subresources: { status: { validateUpdate: ({ status }, _old, errors) => validateHorizontalPodAutoscalerStatus(status, errors) } },
  applyDefaults: applyHorizontalPodAutoscalerDefaults,
  validate: validateHorizontalPodAutoscaler,
  resetFields: { "": [["status"]], status: [["spec"]] },
  columns: HPA_COLUMNS,
  cells: horizontalPodAutoscalerCells,
});

export function applyHorizontalPodAutoscalerDefaults({ spec }: HorizontalPodAutoscaler): void {
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) spec.metrics = [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }];
  if (spec.behavior) applyBehaviorDefaults(spec.behavior);
}

export function validateHorizontalPodAutoscalerStatus(
  status: Pick<HorizontalPodAutoscaler["status"], "currentReplicas" | "desiredReplicas">,
  errors: FieldErrors,
): void {
  const at = FieldPath.of("status");
  nonNegative(errors, at.child("currentReplicas"), status.currentReplicas);
  nonNegative(errors, at.child("desiredReplicas"), status.desiredReplicas);
}

export function horizontalPodAutoscalerCells(object: HorizontalPodAutoscaler, now: Date): (string | number)[] {
  const { spec, status } = object;
  return [
    nameCell(object),
    `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
    targetsCell(object),
    spec.minReplicas === undefined ? "<unset>" : String(spec.minReplicas),
    spec.maxReplicas,
    status?.currentReplicas ?? 0,
    ageCell(object, now),
  ];
}

export function validateHorizontalPodAutoscaler({ spec }: HorizontalPodAutoscaler, errors: FieldErrors, root: FieldPath): void {
  const at = root.child("spec");
  const { minReplicas, maxReplicas } = spec;
  if (minReplicas !== undefined && minReplicas < 1) errors.invalid(at.child("minReplicas"), minReplicas, "must be greater than or equal to 1");
  if (maxReplicas < 1) errors.required(at.child("maxReplicas"), "must be set and greater than 0");
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.invalid(at.child("maxReplicas"), maxReplicas, "must be greater than or equal to `minReplicas`");
  }
  validateObjectReference(spec.scaleTargetRef, errors, at.child("scaleTargetRef"));
  validateTargetVersion(spec.scaleTargetRef.apiVersion ?? "", errors, at.child("scaleTargetRef", "apiVersion"));
  validateMetrics(spec.metrics ?? [], minReplicas, errors, at.child("metrics"));
  validateBehavior(spec.behavior, errors, at.child("behavior"));
}

/** Only ReplicationControllers live in the core group; everything else that scales names its group. */
function validateTargetVersion(apiVersion: string, errors: FieldErrors, at: FieldPath): void {
  const slashes = apiVersion.split("/").length - 1;
  if (slashes > 1) errors.invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  else if (apiVersion === "") errors.invalid(at, apiVersion, "apiVersion must specify API group");
}
