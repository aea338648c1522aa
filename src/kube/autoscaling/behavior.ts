/** Scaling behavior of HorizontalPodAutoscalers (KEP-853): defaults and validation. */
import { unsupported } from "../core/pod-spec/checks.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { quantity } from "../machinery/quantity.ts";
import type { HorizontalPodAutoscalerBehavior, HPAScalingRules } from "../schema/generated/types/autoscaling.v2.ts";

const MAX_STABILIZATION_SECONDS = 3600;
const MAX_PERIOD_SECONDS = 1800;
const SELECT_POLICIES: readonly string[] = ["Disabled", "Max", "Min"];
const POLICY_TYPES: readonly string[] = ["Percent", "Pods"];

/** Fills a given behavior: up, 4 pods or double, whichever is more, every 15 s; down, to nothing if need be, after the controller's own stabilization. */
export function applyBehaviorDefaults(behavior: HorizontalPodAutoscalerBehavior): void {
  behavior.scaleUp = {
    ...behavior.scaleUp,
    stabilizationWindowSeconds: behavior.scaleUp?.stabilizationWindowSeconds ?? 0,
    selectPolicy: behavior.scaleUp?.selectPolicy ?? "Max",
    policies: behavior.scaleUp?.policies ?? [
      { type: "Pods", value: 4, periodSeconds: 15 },
      { type: "Percent", value: 100, periodSeconds: 15 },
    ],
  };
  behavior.scaleDown = {
    ...behavior.scaleDown,
    selectPolicy: behavior.scaleDown?.selectPolicy ?? "Max",
    policies: behavior.scaleDown?.policies ?? [{ type: "Percent", value: 100, periodSeconds: 15 }],
  };
}

export function validateBehavior(behavior: HorizontalPodAutoscalerBehavior | undefined, errors: FieldErrors, at: FieldPath): void {
  if (behavior?.scaleUp) validateRules(behavior.scaleUp, errors, at.child("scaleUp"));
  if (behavior?.scaleDown) validateRules(behavior.scaleDown, errors, at.child("scaleDown"));
}

function validateRules(rules: HPAScalingRules, errors: FieldErrors, at: FieldPath): void {
  const window = rules.stabilizationWindowSeconds;
  const windowAt = at.child("stabilizationWindowSeconds");
  if (window !== undefined && window < 0) errors.invalid(windowAt, window, "must be greater than or equal to zero");
  if (window !== undefined && window > MAX_STABILIZATION_SECONDS)
    errors.invalid(windowAt, window, `must be less than or equal to ${MAX_STABILIZATION_SECONDS}`);
  if (rules.selectPolicy !== undefined && !SELECT_POLICIES.includes(rules.selectPolicy))
    unsupported(errors, at.child("selectPolicy"), rules.selectPolicy, SELECT_POLICIES);
  const policiesAt = at.child("policies");
  const policies = rules.policies ?? [];
  if (policies.length === 0) errors.required(policiesAt, "must specify at least one Policy");
  policies.forEach(({ type, value, periodSeconds }, i) => {
    const here = policiesAt.index(i);
    if (!POLICY_TYPES.includes(type)) unsupported(errors, here.child("type"), type, POLICY_TYPES);
    if (value <= 0) errors.invalid(here.child("value"), value, "must be greater than zero");
    if (periodSeconds <= 0) errors.invalid(here.child("periodSeconds"), periodSeconds, "must be greater than zero");
    if (periodSeconds > MAX_PERIOD_SECONDS) errors.invalid(here.child("periodSeconds"), periodSeconds, `must be less than or equal to ${MAX_PERIOD_SECONDS}`);
  });
  if (rules.tolerance !== undefined && quantity(rules.tolerance).sign < 0) {
    errors.invalid(at.child("tolerance"), quantity(rules.tolerance).toString(), "must be greater than or equal to 0");
  }
}
