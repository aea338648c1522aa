/** What may change in a Job's spec. */
import { sameJson } from "../core/equality.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { Job, JobSpec } from "../schema/generated/types/batch.v1.ts";
import { internalFailurePolicy, internalSuccessPolicy } from "./job-policies.ts";

const IMMUTABLE = "field is immutable";

export function validateJobUpdate(object: Job, old: Job, errors: FieldErrors, root: FieldPath): void {
  const at = root.child("spec");
  validateCompletions(object.spec, old.spec, errors, at.child("completions"));
  immutable(object.spec.selector, old.spec.selector, errors, at.child("selector"));
  validateTemplate(object, old, errors, at.child("template"));
  immutable(object.spec.completionMode, old.spec.completionMode, errors, at.child("completionMode"));
  if (!sameJson(object.spec.podFailurePolicy, old.spec.podFailurePolicy)) {
    errors.invalid(at.child("podFailurePolicy"), internalFailurePolicy(object.spec.podFailurePolicy), IMMUTABLE);
  }
  immutable(object.spec.backoffLimitPerIndex, old.spec.backoffLimitPerIndex, errors, at.child("backoffLimitPerIndex"));
  immutable(object.spec.managedBy, old.spec.managedBy, errors, at.child("managedBy"));
  if (!sameJson(object.spec.successPolicy, old.spec.successPolicy)) {
    errors.invalid(at.child("successPolicy"), internalSuccessPolicy(object.spec.successPolicy), IMMUTABLE);
  }
}

function immutable(value: unknown, old: unknown, errors: FieldErrors, at: FieldPath): void {
  if (!sameJson(value, old)) errors.invalid(at, value ?? null, IMMUTABLE);
}

/** Indexed Jobs are elastic (KEP-3715): completions may follow parallelism. */
function validateCompletions(spec: JobSpec, old: JobSpec, errors: FieldErrors, at: FieldPath): void {
  if (spec.completionMode !== "Indexed") {
    immutable(spec.completions, old.completions, errors, at);
    return;
  }
  if (spec.completions === old.completions) return;
  if (spec.completions === undefined) {
    errors.required(at, "when completion mode is Indexed");
    return;
  }
  if (spec.completions !== spec.parallelism) {
    errors.invalid(at, spec.completions, `can only be modified in tandem with ${at.text.replace(/completions$/, "parallelism")}`);
  }
}

/** The template is frozen; while the Job is suspended and none of its pods has started, what the scheduler reads may change. */
function validateTemplate(object: Job, old: Job, errors: FieldErrors, at: FieldPath): void {
  const template = structuredClone(object.spec.template);
  const before = old.spec.template;
  const mayReschedule = old.spec.suspend === true && old.status?.startTime === undefined;
  if (mayReschedule) {
    for (const field of ["nodeSelector", "affinity", "tolerations", "schedulingGates"] as const) {
      delete template.spec[field];
      if (before.spec[field] !== undefined) Object.assign(template.spec, { [field]: before.spec[field] });
    }
    template.metadata ??= {};
    if (before.metadata?.annotations) template.metadata.annotations = before.metadata.annotations;
    else delete template.metadata.annotations;
    if (before.metadata?.labels) template.metadata.labels = before.metadata.labels;
    else delete template.metadata.labels;
    for (const field of ["containers", "initContainers"] as const) {
      template.spec[field]?.forEach((container, i) => {
        const was = before.spec[field]?.[i];
        if (was?.name === container.name) container.resources = was.resources;
      });
    }
  }
  if (sameJson(template, before)) return;
  if (mayReschedule) errors.invalid(at.child("spec"), template.spec, IMMUTABLE);
  else errors.invalid(at, template, IMMUTABLE);
}
