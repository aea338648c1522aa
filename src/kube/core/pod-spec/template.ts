/** Validation of pod templates, as every workload kind embeds them. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { validateLabels } from "../../machinery/label-selector.ts";
import { isQualifiedName } from "../../machinery/names.ts";
import type { PodTemplateSpec } from "../../schema/generated/types/core.v1.ts";
import { validatePodAnnotations } from "./annotations.ts";
import { invalidEach } from "./checks.ts";
import { validatePodSpec } from "./spec.ts";

const MAX_ANNOTATION_BYTES = 256 * 1024;

export function validatePodTemplateSpec(template: PodTemplateSpec, errors: FieldErrors, at: FieldPath): void {
  const { metadata, spec } = template;
  if (metadata?.labels) validateLabels(metadata.labels, errors, at.child("labels"));
  if (metadata?.annotations) {
    validateAnnotations(metadata.annotations, errors, at.child("annotations"));
    validatePodAnnotations(metadata.annotations, spec, errors, at.child("annotations"));
  }
  validatePodSpec(spec, { isPod: false }, errors, at.child("spec"));
  if (spec.ephemeralContainers?.length) errors.forbidden(at.child("spec", "ephemeralContainers"), "ephemeral containers not allowed in pod template");
}

function validateAnnotations(annotations: Readonly<Record<string, string>>, errors: FieldErrors, at: FieldPath): void {
  let bytes = 0;
  for (const key in annotations) {
    invalidEach(errors, at, key, isQualifiedName(key.toLowerCase()));
    bytes += key.length + (annotations[key] as string).length;
  }
  if (bytes > MAX_ANNOTATION_BYTES) errors.tooLong(at, MAX_ANNOTATION_BYTES);
}
