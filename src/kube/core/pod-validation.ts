/** Validation of a whole Pod, beyond its PodSpec. */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { Pod } from "../schema/generated/types/core.v1.ts";
import { validatePodAnnotations, validateSeccompAgreement } from "./pod-spec/annotations.ts";
import { validatePodSpec } from "./pod-spec/spec.ts";

/** Rules that hold on create and on update. */
export function validatePod(pod: Pod, errors: FieldErrors, at: FieldPath): void {
  const { metadata, spec } = pod;
  if (metadata.annotations) validatePodAnnotations(metadata.annotations, spec, errors, at.child("metadata", "annotations"));
  validatePodSpec(spec, { isPod: true }, errors, at.child("spec"));
  if (metadata.annotations) validateSeccompAgreement(metadata.annotations, spec, errors, at.child("spec"));
}

/** Rules of creation: what comes later through subresources or other writers. */
export function validatePodCreate({ spec }: Pod, errors: FieldErrors, at: FieldPath): void {
  if (spec.ephemeralContainers?.length) errors.forbidden(at.child("spec", "ephemeralContainers"), "cannot be set on create");
  if (spec.schedulingGates?.length && spec.nodeName)
    errors.forbidden(at.child("spec", "nodeName"), "cannot be set until all schedulingGates have been cleared");
}
