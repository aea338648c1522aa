/** What a PersistentVolumeClaim may say and how it may change. */
import { type FieldErrors, FieldPath } from "../machinery/field.ts";
import { validateLabelSelector } from "../machinery/label-selector.ts";
import { isDNS1123Subdomain } from "../machinery/names.ts";
import { compareQuantity, quantity } from "../machinery/quantity.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../schema/generated/types/core.v1.ts";
import { sameJson } from "./equality.ts";
import { VOLUME_MODES, validateAccessModes } from "./persistent-volume-rules.ts";
import { differenceText } from "./pod-difference.ts";
import { validateResourceName } from "./resources.ts";
import { storageClassOf } from "./storage-cells.ts";

export function validateClaim(object: PersistentVolumeClaim, errors: FieldErrors, at: FieldPath): void {
  validateClaimSpec(object.spec, errors, at.child("spec"));
}

/** Also the spec of a claim template. */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, errors: FieldErrors, at: FieldPath): void {
  if (!spec.accessModes?.length) errors.required(at.child("accessModes"), "at least 1 access mode is required");
  if (spec.selector) validateLabelSelector(spec.selector, errors, at.child("selector"));
  validateAccessModes(spec.accessModes ?? [], errors, at.child("accessModes"));
  const storage = spec.resources?.requests?.storage;
  const storageAt = at.child("resources").key("storage");
  if (storage === undefined) {
    errors.required(storageAt);
  } else {
    validateResourceName("storage", errors, storageAt);
    if (compareQuantity(storage, "0") <= 0) errors.invalid(storageAt, String(storage), "must be greater than zero");
  }
  if (spec.storageClassName)
    for (const problem of isDNS1123Subdomain(spec.storageClassName)) errors.invalid(at.child("storageClassName"), spec.storageClassName, problem);
  if (spec.volumeMode !== undefined && !VOLUME_MODES.includes(spec.volumeMode)) errors.notSupported(at.child("volumeMode"), spec.volumeMode, VOLUME_MODES);
  validateDataSources(spec, errors, at);
  if (spec.volumeAttributesClassName) {
    for (const problem of isDNS1123Subdomain(spec.volumeAttributesClassName))
      errors.invalid(at.child("volumeAttributesClassName"), spec.volumeAttributesClassName, problem);
  }
}

function validateDataSources(spec: PersistentVolumeClaimSpec, errors: FieldErrors, at: FieldPath): void {
  for (const field of ["dataSource", "dataSourceRef"] as const) {
    const source = spec[field];
    if (!source) continue;
    if (!source.name) errors.required(at.child(field, "name"));
    if (!source.kind) errors.required(at.child(field, "kind"));
    if (!source.apiGroup && source.kind !== "PersistentVolumeClaim")
      errors.invalid(at.child(field), source.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
    if (source.apiGroup) for (const problem of isDNS1123Subdomain(source.apiGroup)) errors.invalid(at.child(field, "apiGroup"), source.apiGroup, problem);
  }
  if (spec.dataSourceRef?.namespace) {
    if (spec.dataSource) errors.invalid(at, {}, "may not be specified when dataSourceRef.namespace is specified");
  } else if (spec.dataSource && spec.dataSourceRef && !sameJson(spec.dataSource, spec.dataSourceRef)) {
    errors.invalid(at, {}, "must match dataSourceRef");
  }
}

export function validateClaimUpdate(object: PersistentVolumeClaim, old: PersistentVolumeClaim, errors: FieldErrors, at: FieldPath): void {
  const specAt = at.child("spec");
  const now = structuredClone(object.spec);
  const before = structuredClone(old.spec);
  const bound = old.status?.phase === "Bound";
  // A volume may be named once, size may grow and the attributes class may change once the claim is bound.
  if (!before.volumeName && now.volumeName) before.volumeName = now.volumeName;
  const storageNow = object.spec.resources?.requests?.storage;
  const storageBefore = old.spec.resources?.requests?.storage;
  if (bound) {
    if (before.resources?.requests && now.resources?.requests?.storage !== undefined) before.resources.requests.storage = now.resources.requests.storage;
    if (storageNow !== undefined && storageBefore !== undefined && compareQuantity(storageNow, storageBefore) < 0) {
      const granted = old.status?.capacity?.storage;
      if (granted === undefined || compareQuantity(storageNow, granted) < 0)
        errors.forbidden(specAt.child("resources", "requests", "storage"), "field can not be less than status.capacity");
    }
  }
  if (old.spec.volumeAttributesClassName !== object.spec.volumeAttributesClassName) {
    if (old.spec.volumeAttributesClassName && !object.spec.volumeAttributesClassName)
      errors.forbidden(specAt.child("volumeAttributesClassName"), "update from non-nil value to nil is forbidden");
    if (bound) before.volumeAttributesClassName = now.volumeAttributesClassName;
  }
  // Claims made before a default class existed may get it later.
  if (
    storageClassOf(old.metadata.annotations, old.spec.storageClassName) === "" &&
    old.spec.storageClassName === undefined &&
    now.storageClassName !== undefined
  ) {
    before.storageClassName = now.storageClassName;
  }
  if (!sameJson(now, before)) {
    errors.forbidden(
      specAt,
      `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${differenceText(now, before)}`,
    );
  }
  if (now.volumeMode !== before.volumeMode) errors.invalid(at.child("volumeMode"), now.volumeMode ?? null, "field is immutable");
}

const RESIZE_STATUSES = ["ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"];

export function validateClaimStatusUpdate(object: PersistentVolumeClaim, _old: PersistentVolumeClaim, errors: FieldErrors): void {
  const at = FieldPath.of("status");
  for (const field of ["capacity", "allocatedResources"] as const) {
    for (const [name, value] of Object.entries(object.status?.[field] ?? {})) {
      if (compareQuantity(value, "0") < 0) errors.invalid(at.child(field).key(name), quantity(value).value(), "must be a valid resource quantity");
    }
  }
  for (const [name, status] of Object.entries(object.status?.allocatedResourceStatuses ?? {})) {
    if (RESIZE_STATUSES.includes(status)) continue;
    // Upstream names the resource where the bad status would be expected.
    errors.add(
      "NotSupported",
      at.child("allocatedResourceStatuses"),
      name,
      `supported values: ${RESIZE_STATUSES.map((each) => JSON.stringify(each)).join(", ")}`,
    );
  }
}
