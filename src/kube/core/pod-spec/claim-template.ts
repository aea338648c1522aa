/** The PersistentVolumeClaimSpec inside a generic ephemeral volume. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { validateLabelSelector } from "../../machinery/label-selector.ts";
import { nameIsDNSSubdomain } from "../../machinery/names.ts";
import { quantity } from "../../machinery/quantity.ts";
import type { PersistentVolumeClaimSpec } from "../../schema/generated/types/core.v1.ts";
import { sameJson } from "../equality.ts";
import { invalidEach, unsupported } from "./checks.ts";

const ACCESS_MODES: readonly string[] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const VOLUME_MODES: readonly string[] = ["Block", "Filesystem"];

export function validateClaimTemplateSpec(spec: PersistentVolumeClaimSpec, errors: FieldErrors, at: FieldPath): void {
  const { accessModes = [], selector, resources, storageClassName, volumeMode } = spec;
  if (accessModes.length === 0) errors.required(at.child("accessModes"), "at least 1 access mode is required");
  if (selector) validateLabelSelector(selector, errors, at.child("selector"));
  for (const mode of accessModes) if (!ACCESS_MODES.includes(mode)) unsupported(errors, at.child("accessModes"), mode, ACCESS_MODES);
  if (accessModes.includes("ReadWriteOncePod") && accessModes.some((mode) => mode !== "ReadWriteOncePod" && ACCESS_MODES.includes(mode))) {
    errors.forbidden(at.child("accessModes"), "may not use ReadWriteOncePod with other access modes");
  }
  const storage = resources?.requests?.storage;
  const storageAt = at.child("resources").key("storage");
  if (storage === undefined) errors.required(storageAt);
  else if (quantity(storage).sign <= 0) errors.invalid(storageAt, String(storage), "must be greater than zero");
  if (storageClassName) invalidEach(errors, at.child("storageClassName"), storageClassName, nameIsDNSSubdomain(storageClassName, false));
  if (volumeMode !== undefined && !VOLUME_MODES.includes(volumeMode)) unsupported(errors, at.child("volumeMode"), volumeMode, VOLUME_MODES);
  validateDataSources(spec, errors, at);
  if (spec.volumeAttributesClassName) {
    invalidEach(errors, at.child("volumeAttributesClassName"), spec.volumeAttributesClassName, nameIsDNSSubdomain(spec.volumeAttributesClassName, false));
  }
}

function validateDataSources({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, errors: FieldErrors, at: FieldPath): void {
  if (dataSource) validateReference(dataSource, errors, at.child("dataSource"));
  if (!dataSourceRef) return;
  validateReference(dataSourceRef, errors, at.child("dataSourceRef"));
  if (!dataSource) return;
  if (dataSourceRef.namespace) errors.invalid(at, {}, "may not be specified when dataSourceRef.namespace is specified");
  else if (!sameJson({ ...dataSource, apiGroup: dataSource.apiGroup ?? "" }, { ...dataSourceRef, apiGroup: dataSourceRef.apiGroup ?? "" })) {
    errors.invalid(at, {}, "must match dataSourceRef");
  }
}

function validateReference(reference: { apiGroup?: string; kind: string; name: string }, errors: FieldErrors, at: FieldPath): void {
  if (!reference.name) errors.required(at.child("name"));
  if (!reference.kind) errors.required(at.child("kind"));
  if (!reference.apiGroup && reference.kind !== "PersistentVolumeClaim") {
    errors.invalid(at, reference.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
  }
}
