/** JobSpec: defaults and validation, for Jobs and for the templates of CronJobs. */
import { INT32_MAX, nonNegative, unsupported } from "../core/pod-spec/checks.ts";
import { applyPodTemplateDefaults } from "../core/pod-spec/defaults.ts";
import { validatePodTemplateSpec } from "../core/pod-spec/template.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isDomainPrefixedPath } from "../machinery/names.ts";
import type { JobSpec } from "../schema/generated/types/batch.v1.ts";
import { validatePodFailurePolicy, validateSuccessPolicy } from "./job-policies.ts";

const MAX_PARALLELISM_INDEXED = 100_000;
const COMPLETIONS_SOFT_LIMIT = 100_000;
const PARALLELISM_LIMIT_ABOVE = 10_000;
const MAX_FAILED_INDEXES = 100_000;
const MAX_FAILED_INDEXES_ABOVE = 10_000;
const MAX_MANAGED_BY_BYTES = 63;
const COMPLETION_MODES: readonly string[] = ["NonIndexed", "Indexed"];

/** Fills what Jobs get; the JobSpec of a CronJob gets only its pod template's (see `applyJobTemplateDefaults`). */
export function applyJobSpecDefaults(spec: JobSpec): void {
  if (spec.completions === undefined && spec.parallelism === undefined) {
    spec.completions = 1;
    spec.parallelism = 1;
  }
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : INT32_MAX;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed";
  spec.manualSelector ??= false;
  applyJobTemplateDefaults(spec);
}

export function applyJobTemplateDefaults(spec: JobSpec): void {
  for (const rule of spec.podFailurePolicy?.rules ?? []) for (const pattern of rule.onPodConditions ?? []) if (!pattern.status) pattern.status = "True";
  applyPodTemplateDefaults(spec.template);
}

/** Everything but the selector, which Jobs have and templates of Jobs must not. */
export function validateJobSpec(spec: JobSpec, errors: FieldErrors, at: FieldPath): void {
  nonNegative(errors, at.child("parallelism"), spec.parallelism);
  nonNegative(errors, at.child("completions"), spec.completions);
  nonNegative(errors, at.child("activeDeadlineSeconds"), spec.activeDeadlineSeconds);
  nonNegative(errors, at.child("backoffLimit"), spec.backoffLimit);
  nonNegative(errors, at.child("ttlSecondsAfterFinished"), spec.ttlSecondsAfterFinished);
  nonNegative(errors, at.child("backoffLimitPerIndex"), spec.backoffLimitPerIndex);
  nonNegative(errors, at.child("maxFailedIndexes"), spec.maxFailedIndexes);
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.required(at.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
  if (spec.managedBy !== undefined) validateManagedBy(spec.managedBy, errors, at.child("managedBy"));
  if (spec.completionMode !== undefined) {
    if (!COMPLETION_MODES.includes(spec.completionMode)) unsupported(errors, at.child("completionMode"), spec.completionMode, COMPLETION_MODES);
    if (spec.completionMode === "Indexed") validateIndexed(spec, errors, at);
  }
  if (spec.completionMode === undefined || spec.completionMode === "NonIndexed") {
    for (const field of ["backoffLimitPerIndex", "maxFailedIndexes"] as const) {
      if (spec[field] !== undefined) errors.invalid(at.child(field), spec[field], "requires indexed completion mode");
    }
  }
  if (spec.podFailurePolicy) validatePodFailurePolicy(spec, errors, at);
  if (spec.successPolicy) validateSuccessPolicy(spec, errors, at);
  if (spec.podReplacementPolicy !== undefined) {
    const policies = spec.podFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"];
    if (!policies.includes(spec.podReplacementPolicy)) unsupported(errors, at.child("podReplacementPolicy"), spec.podReplacementPolicy, policies);
  }
  validatePodTemplateSpec(spec.template, errors, at.child("template"));
  const restartPolicy = spec.template.spec.restartPolicy;
  const restartPolicyAt = at.child("template", "spec", "restartPolicy");
  // "Always" is what the pod template defaults to, so here it means that nothing was said.
  if (!restartPolicy || restartPolicy === "Always") errors.required(restartPolicyAt, 'valid values: "OnFailure", "Never"');
  else if (restartPolicy !== "OnFailure" && restartPolicy !== "Never") unsupported(errors, restartPolicyAt, restartPolicy, ["OnFailure", "Never"]);
}

function validateManagedBy(name: string, errors: FieldErrors, at: FieldPath): void {
  const problems = isDomainPrefixedPath(name);
  for (const { value, message } of problems) errors.invalid(at, value, message);
  if (name.length > MAX_MANAGED_BY_BYTES) errors.tooLong(at, MAX_MANAGED_BY_BYTES);
}

function validateIndexed({ completions, parallelism, maxFailedIndexes, backoffLimitPerIndex }: JobSpec, errors: FieldErrors, at: FieldPath): void {
  if (completions === undefined) errors.required(at.child("completions"), "when completion mode is Indexed");
  if (parallelism !== undefined && parallelism > MAX_PARALLELISM_INDEXED) {
    errors.invalid(at.child("parallelism"), parallelism, `must be less than or equal to ${MAX_PARALLELISM_INDEXED} when completion mode is Indexed`);
  }
  const failedAt = at.child("maxFailedIndexes");
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    errors.invalid(failedAt, maxFailedIndexes, "must be less than or equal to completions");
  }
  if (maxFailedIndexes !== undefined && maxFailedIndexes > MAX_FAILED_INDEXES) {
    errors.invalid(failedAt, maxFailedIndexes, `must be less than or equal to ${MAX_FAILED_INDEXES}`);
  }
  if (completions === undefined || completions <= COMPLETIONS_SOFT_LIMIT || backoffLimitPerIndex === undefined) return;
  const detail = `when completions are above ${COMPLETIONS_SOFT_LIMIT} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) errors.required(failedAt, `must be specified when completions is above ${COMPLETIONS_SOFT_LIMIT}`);
  if (parallelism !== undefined && parallelism > PARALLELISM_LIMIT_ABOVE) {
    errors.invalid(at.child("parallelism"), parallelism, `must be less than or equal to ${PARALLELISM_LIMIT_ABOVE} ${detail}`);
  }
  if (maxFailedIndexes !== undefined && maxFailedIndexes > MAX_FAILED_INDEXES_ABOVE) {
    errors.invalid(failedAt, maxFailedIndexes, `must be less than or equal to ${MAX_FAILED_INDEXES_ABOVE} ${detail}`);
  }
}
