/** The rules that workloads share on their label selector and the template that it must match. */

import { sameJson } from "../core/equality.ts";
import { shownSelector, sortedByKey, unsupported } from "../core/pod-spec/checks.ts";
import { validatePodTemplateSpec } from "../core/pod-spec/template.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { fromLabelSelectorObject, type LabelSelector as Matcher, validateLabelSelector } from "../machinery/label-selector.ts";
import type { PodTemplateSpec } from "../schema/generated/types/core.v1.ts";
import type { LabelSelector } from "../schema/generated/types/meta.v1.ts";

/** Required, well formed and not empty (`emptySelector` is said then). Answers with the matcher, or undefined when the selector cannot be read. */
export function validatePodSelector(selector: LabelSelector | undefined, emptySelector: string, errors: FieldErrors, at: FieldPath): Matcher | undefined {
  if (!selector) errors.required(at);
  else {
    validateLabelSelector(selector, errors, at);
    if (isEmptySelector(selector)) errors.invalid(at, shownSelector(selector), emptySelector);
  }
  try {
    return fromLabelSelectorObject(selector);
  } catch {
    errors.invalid(at, shownSelector(selector), "invalid label selector");
    return undefined;
  }
}

export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0) === 0;
}

/** The template's labels satisfy the selector. */
export function validateTemplateLabels(template: PodTemplateSpec, matcher: Matcher, errors: FieldErrors, at: FieldPath): void {
  const labels = template.metadata?.labels;
  if (!matcher.matches(labels ?? {}))
    errors.invalid(at.child("metadata", "labels"), labels ? sortedByKey(labels) : null, "`selector` does not match template `labels`");
}

/** Pods of this workload are replaced when they end, so they restart always and have no deadline. */
export function validateLongRunningTemplate(template: PodTemplateSpec, kind: string, errors: FieldErrors, at: FieldPath): void {
  const policy = template.spec.restartPolicy;
  if (policy !== "Always") unsupported(errors, at.child("spec", "restartPolicy"), policy, ["Always"]);
  if (template.spec.activeDeadlineSeconds !== undefined) {
    errors.forbidden(at.child("spec", "activeDeadlineSeconds"), `activeDeadlineSeconds in ${kind} is not Supported`);
  }
}

/** The template of a Deployment or ReplicaSet. */
export function validateTemplateForReplicas(
  template: PodTemplateSpec,
  matcher: Matcher,
  selector: LabelSelector | undefined,
  kind: string,
  errors: FieldErrors,
  at: FieldPath,
): void {
  if (!selector || !isEmptySelector(selector)) validateTemplateLabels(template, matcher, errors, at);
  validatePodTemplateSpec(template, errors, at);
  validateLongRunningTemplate(template, kind, errors, at);
}

/** A selector decides which pods are a workload's own; it never changes. */
export function validateImmutableSelector(selector: LabelSelector | undefined, old: LabelSelector | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!sameJson(selector, old)) errors.invalid(at, shownSelector(selector), "field is immutable");
}
