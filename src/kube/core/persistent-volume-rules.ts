/** What a PersistentVolume may say and how it may change. */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isDNS1123Subdomain } from "../machinery/names.ts";
import { compareQuantity, quantity } from "../machinery/quantity.ts";
import type { PersistentVolume, PersistentVolumeSpec } from "../schema/generated/types/core.v1.ts";
import { sameJson } from "./equality.ts";
import { validateNodeSelector } from "./node-selector.ts";
import { differenceText } from "./pod-difference.ts";
import { internalNodeSelectorTerm } from "./pod-spec/internal.ts";
import { validateResourceName } from "./resources.ts";
import { SOURCES, validateSource } from "./volume-sources.ts";

export const ACCESS_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const RECLAIM_POLICIES = ["Delete", "Recycle", "Retain"];
export const VOLUME_MODES = ["Block", "Filesystem"];

export const MOUNT_OPTIONS_ANNOTATION = "volume.beta.kubernetes.io/mount-options";
/** Sources whose mounts take options by annotation. */
const MOUNT_OPTION_SOURCES = [
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "glusterfs",
  "nfs",
  "rbd",
  "quobyte",
  "iscsi",
  "cinder",
  "cephfs",
  "azureFile",
  "vsphereVolume",
  "azureDisk",
  "portworxVolume",
] as const;

/** Fills the defaults of a volume's source. */
export function defaultVolumeSource(spec: PersistentVolumeSpec): void {
  if (spec.hostPath) spec.hostPath.type ??= "";
  if (spec.iscsi) spec.iscsi.iscsiInterface ||= "default";
  if (spec.rbd) {
    spec.rbd.pool ||= "rbd";
    spec.rbd.user ||= "admin";
    spec.rbd.keyring ||= "/etc/ceph/keyring";
  }
  if (spec.azureDisk) {
    spec.azureDisk.cachingMode ??= "ReadWrite";
    spec.azureDisk.kind ??= "Shared";
    spec.azureDisk.fsType ??= "ext4";
    spec.azureDisk.readOnly ??= false;
  }
  if (spec.scaleIO) {
    spec.scaleIO.storageMode ||= "ThinProvisioned";
    spec.scaleIO.fsType ||= "xfs";
  }
}

export function validateVolume(object: PersistentVolume, errors: FieldErrors, at: FieldPath): void {
  validateVolumeSpec(object.spec, object.metadata.name ?? "", errors, at.child("spec"), false);
  const supportsOptions = MOUNT_OPTION_SOURCES.some((source) => object.spec[source] !== undefined);
  if (!supportsOptions && object.metadata.annotations?.[MOUNT_OPTIONS_ANNOTATION] !== undefined) {
    errors.forbidden(at.child("metadata", "annotations", MOUNT_OPTIONS_ANNOTATION), "may not specify mount options for this volume type");
  }
}

/** A volume's spec, or (inline) one inside a VolumeAttachment, which knows CSI sources only. */
export function validateVolumeSpec(spec: PersistentVolumeSpec, name: string, errors: FieldErrors, at: FieldPath, inline: boolean): void {
  if (inline) {
    if (spec.claimRef) errors.forbidden(at.child("claimRef"), "may not be specified in the context of inline volumes");
    if (spec.capacity && Object.keys(spec.capacity).length > 0) errors.forbidden(at.child("capacity"), "may not be specified in the context of inline volumes");
    if (!spec.csi) errors.required(at.child("csi"), "has to be specified in the context of inline volumes");
  }
  if (!spec.accessModes?.length) {
    errors.required(at.child("accessModes"));
  }
  validateAccessModes(spec.accessModes ?? [], errors, at.child("accessModes"));
  if (!inline) {
    const capacity = Object.entries(spec.capacity ?? {});
    if (capacity.length === 0) errors.required(at.child("capacity"));
    if (spec.capacity?.storage === undefined || capacity.length > 1) {
      errors.notSupported(at.child("capacity"), sorted(spec.capacity), ["storage"]);
    }
    for (const [resource, value] of capacity) {
      validateResourceName(resource, errors, at.child("capacity").key(resource));
      if (compareQuantity(value, "0") < 0) errors.invalid(at.child("capacity").key(resource), quantity(value).value(), "must be a valid resource quantity");
      if (compareQuantity(value, "0") <= 0) errors.invalid(at.child("capacity").key(resource), String(value), "must be greater than zero");
    }
  }
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy) {
    if (inline && policy !== "Retain") errors.forbidden(at.child("persistentVolumeReclaimPolicy"), "may only be Retain in the context of inline volumes");
    if (!RECLAIM_POLICIES.includes(policy)) errors.notSupported(at.child("persistentVolumeReclaimPolicy"), policy, RECLAIM_POLICIES);
  }
  const hasAffinity = spec.nodeAffinity !== undefined;
  if (hasAffinity) validateAffinity(spec, errors, at.child("nodeAffinity"));

  let sources = 0;
  for (const source of SOURCES) {
    if (spec[source] === undefined) continue;
    if (sources > 0) {
      errors.forbidden(at.child(source), "may not specify more than 1 volume type");
    } else {
      sources++;
      validateSource(source, spec, name, errors, at.child(source === "gcePersistentDisk" ? "persistentDisk" : source));
    }
  }
  if (sources === 0) errors.required(at, "must specify a volume type");

  if (spec.hostPath?.path === "/" && policy === "Recycle")
    errors.forbidden(at.child("persistentVolumeReclaimPolicy"), "may not be 'recycle' for a hostPath mount of '/'");
  if (spec.local && !hasAffinity) errors.required(at.child("nodeAffinity"), "Local volume requires node affinity");
  if (spec.storageClassName) {
    if (inline) errors.forbidden(at.child("storageClassName"), "may not be specified in the context of inline volumes");
    for (const problem of isDNS1123Subdomain(spec.storageClassName)) errors.invalid(at.child("storageClassName"), spec.storageClassName, problem);
  }
  if (spec.volumeMode !== undefined && !VOLUME_MODES.includes(spec.volumeMode)) errors.notSupported(at.child("volumeMode"), spec.volumeMode, VOLUME_MODES);
  if (spec.volumeAttributesClassName !== undefined) {
    if (spec.volumeAttributesClassName === "") errors.required(at.child("volumeAttributesClassName"), "an empty string is disallowed");
    for (const problem of spec.volumeAttributesClassName ? isDNS1123Subdomain(spec.volumeAttributesClassName) : []) {
      errors.invalid(at.child("volumeAttributesClassName"), spec.volumeAttributesClassName, problem);
    }
    if (!spec.csi) errors.required(at.child("csi"), "has to be specified when using volumeAttributesClassName");
  }
}

export function validateAccessModes(modes: readonly string[], errors: FieldErrors, at: FieldPath): void {
  for (const mode of modes) if (!ACCESS_MODES.includes(mode)) errors.notSupported(at, mode, ACCESS_MODES);
  if (modes.includes("ReadWriteOncePod") && modes.some((mode) => ACCESS_MODES.includes(mode) && mode !== "ReadWriteOncePod")) {
    errors.forbidden(at, "may not use ReadWriteOncePod with other access modes");
  }
}

function validateAffinity(spec: PersistentVolumeSpec, errors: FieldErrors, at: FieldPath): void {
  if (!spec.nodeAffinity?.required) errors.required(at.child("required"), "must specify required node constraints");
  else validateNodeSelector(spec.nodeAffinity.required, errors, at.child("required"));
}

function sorted(list: PersistentVolumeSpec["capacity"]): unknown {
  return list === undefined ? null : Object.fromEntries(Object.entries(list).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function validateVolumeUpdate(object: PersistentVolume, old: PersistentVolume, errors: FieldErrors, at: FieldPath): void {
  const specAt = at.child("spec");
  const sources = (spec: PersistentVolumeSpec) =>
    Object.fromEntries(SOURCES.filter((source) => spec[source] !== undefined).map((source) => [source, spec[source]]));
  const now = sources(object.spec);
  const before = sources(old.spec);
  // The one change a source may see: the secret of CSI expansion.
  const { controllerExpandSecretRef: _now, ...csiNow } = object.spec.csi ?? {};
  const { controllerExpandSecretRef: _before, ...csiBefore } = old.spec.csi ?? {};
  if (object.spec.csi && old.spec.csi ? !sameJson(csiNow, csiBefore) || !sameJson({ ...now, csi: null }, { ...before, csi: null }) : !sameJson(now, before)) {
    errors.forbidden(specAt.child("persistentvolumesource"), `spec.persistentvolumesource is immutable after creation\n${differenceText(now, before)}`);
  }
  if (object.spec.volumeMode !== old.spec.volumeMode) errors.invalid(at.child("volumeMode"), object.spec.volumeMode ?? null, "field is immutable");
  if (old.spec.nodeAffinity && !sameJson(object.spec.nodeAffinity, old.spec.nodeAffinity)) {
    errors.invalid(at.child("nodeAffinity"), internalAffinity(object.spec.nodeAffinity), "field is immutable, except for updating from beta label to GA");
  }
  if (old.spec.volumeAttributesClassName !== undefined && object.spec.volumeAttributesClassName === undefined) {
    errors.forbidden(specAt.child("volumeAttributesClassName"), "update from non-nil value to nil is forbidden");
  }
}

/** An affinity the way upstream's messages print it: by its internal field names. */
function internalAffinity(affinity: PersistentVolumeSpec["nodeAffinity"]): unknown {
  return affinity
    ? { Required: affinity.required ? { NodeSelectorTerms: (affinity.required.nodeSelectorTerms ?? []).map(internalNodeSelectorTerm) } : null }
    : null;
}
