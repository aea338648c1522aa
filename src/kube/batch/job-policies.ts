/** A Job's pod failure policy (KEP-3329) and success policy (KEP-3998). */
import { invalidEach, nonNegative, unsupported } from "../core/pod-spec/checks.ts";
import { type FieldErrors, type FieldPath, OMIT_VALUE } from "../machinery/field.ts";
import { isQualifiedName } from "../machinery/names.ts";
import type {
  JobSpec,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
  SuccessPolicy,
} from "../schema/generated/types/batch.v1.ts";
import { countIndexes } from "./index-intervals.ts";

const MAX_RULES = 20;
const MAX_EXIT_CODES = 255;
const MAX_CONDITIONS = 20;
const ACTIONS: readonly string[] = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: readonly string[] = ["In", "NotIn"];
const STATUSES: readonly string[] = ["False", "True", "Unknown"];

export function validatePodFailurePolicy(spec: JobSpec, errors: FieldErrors, at: FieldPath): void {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const rulesAt = at.child("podFailurePolicy", "rules");
  if (rules.length > MAX_RULES) errors.tooMany(rulesAt, rules.length, MAX_RULES);
  const names = new Set([...(spec.template.spec.containers ?? []), ...(spec.template.spec.initContainers ?? [])].map((container) => container.name));
  rules.forEach((rule, i) => {
    validateFailureRule(rule, names, spec.backoffLimitPerIndex !== undefined, errors, rulesAt.index(i));
  });
  const policy = spec.template.spec.restartPolicy;
  if (policy !== "Never") {
    errors.invalid(at.child("template", "spec", "restartPolicy"), policy, 'only "Never" is supported when podFailurePolicy is specified');
  }
}

function validateFailureRule(rule: PodFailurePolicyRule, names: ReadonlySet<string>, perIndex: boolean, errors: FieldErrors, at: FieldPath): void {
  if (!rule.action) errors.required(at.child("action"), `valid values: ${ACTIONS.map((action) => JSON.stringify(action)).join(", ")}`);
  else if (rule.action === "FailIndex") {
    if (!perIndex) errors.invalid(at.child("action"), rule.action, "requires the backoffLimitPerIndex to be set");
  } else if (!ACTIONS.includes(rule.action)) unsupported(errors, at.child("action"), rule.action, ACTIONS);
  if (rule.onExitCodes) validateOnExitCodes(rule.onExitCodes, names, errors, at.child("onExitCodes"));
  const conditions = rule.onPodConditions ?? [];
  const conditionsAt = at.child("onPodConditions");
  if (conditions.length > MAX_CONDITIONS) errors.tooMany(conditionsAt, conditions.length, MAX_CONDITIONS);
  conditions.forEach(({ type, status }, i) => {
    invalidEach(errors, conditionsAt.index(i).child("type"), type, isQualifiedName(type));
    if (!STATUSES.includes(status)) unsupported(errors, conditionsAt.index(i).child("status"), status, STATUSES);
  });
  if (rule.onExitCodes && conditions.length > 0) errors.invalid(at, OMIT_VALUE, "specifying both OnExitCodes and OnPodConditions is not supported");
  if (!rule.onExitCodes && conditions.length === 0) errors.invalid(at, OMIT_VALUE, "specifying one of OnExitCodes and OnPodConditions is required");
}

function validateOnExitCodes(requirement: PodFailurePolicyOnExitCodesRequirement, names: ReadonlySet<string>, errors: FieldErrors, at: FieldPath): void {
  const { operator, containerName } = requirement;
  const values = requirement.values ?? [];
  if (!operator) errors.required(at.child("operator"), `valid values: ${OPERATORS.map((each) => JSON.stringify(each)).join(", ")}`);
  else if (!OPERATORS.includes(operator)) unsupported(errors, at.child("operator"), operator, OPERATORS);
  if (containerName !== undefined && !names.has(containerName)) {
    errors.invalid(at.child("containerName"), containerName, "must be one of the container or initContainer names in the pod template");
  }
  const valuesAt = at.child("values");
  if (values.length === 0) errors.invalid(valuesAt, values, "at least one value is required");
  else if (values.length > MAX_EXIT_CODES) errors.tooMany(valuesAt, values.length, MAX_EXIT_CODES);
  let ordered = true;
  const seen = new Set<number>();
  values.forEach((value, i) => {
    if (operator === "In" && value === 0) errors.invalid(valuesAt.index(i), value, "must not be 0 for the In operator");
    if (seen.has(value)) errors.duplicate(valuesAt.index(i), value);
    else seen.add(value);
    if (i > 0 && (values[i - 1] as number) > value) ordered = false;
  });
  if (!ordered) errors.invalid(valuesAt, values, "must be ordered");
}

export function validateSuccessPolicy(spec: JobSpec, errors: FieldErrors, root: FieldPath): void {
  const policy = spec.successPolicy as SuccessPolicy;
  const at = root.child("successPolicy");
  if (spec.completionMode !== "Indexed") {
    errors.invalid(at, internalSuccessPolicy(policy), "requires indexed completion mode");
    return;
  }
  const rules = policy.rules ?? [];
  const rulesAt = at.child("rules");
  if (rules.length === 0) errors.required(rulesAt, "at least one rules must be specified when the successPolicy is specified");
  if (rules.length > MAX_RULES) errors.tooMany(rulesAt, rules.length, MAX_RULES);
  const completions = spec.completions ?? 0;
  rules.forEach(({ succeededCount, succeededIndexes }, i) => {
    const here = rulesAt.index(i);
    if (succeededCount === undefined && succeededIndexes === undefined) {
      errors.required(here, "at least one of succeededCount or succeededIndexes must be specified");
    }
    let named: number | undefined;
    if (succeededIndexes !== undefined) {
      try {
        named = countIndexes(succeededIndexes, completions);
      } catch (error) {
        errors.invalid(here.child("succeededIndexes"), succeededIndexes, `error parsing succeededIndexes: ${(error as Error).message}`);
      }
    }
    if (succeededCount === undefined) return;
    const countAt = here.child("succeededCount");
    nonNegative(errors, countAt, succeededCount);
    if (succeededCount > completions)
      errors.invalid(countAt, succeededCount, `must be less than or equal to ${completions} (the number of specified completions)`);
    if (named !== undefined && succeededCount > named) {
      errors.invalid(countAt, succeededCount, `must be less than or equal to ${named} (the number of indexes in the specified succeededIndexes field)`);
    }
  });
}

/** How upstream prints the policies in messages: by its internal type's field names. */
export function internalSuccessPolicy(policy: SuccessPolicy | undefined): object | null {
  if (!policy) return null;
  return { Rules: (policy.rules ?? []).map((rule) => ({ SucceededIndexes: rule.succeededIndexes ?? null, SucceededCount: rule.succeededCount ?? null })) };
}

export function internalFailurePolicy(policy: PodFailurePolicy | undefined): object | null {
  if (!policy) return null;
  const rules = (policy.rules ?? []).map(({ action, onExitCodes, onPodConditions }) => ({
    Action: action,
    OnExitCodes: onExitCodes ? { ContainerName: onExitCodes.containerName ?? null, Operator: onExitCodes.operator, Values: onExitCodes.values } : null,
    OnPodConditions: onPodConditions?.map(({ type, status }) => ({ Type: type, Status: status })) ?? null,
  }));
  return { Rules: rules };
}
