/** Volume mounts and block devices of containers. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import type { Container, EphemeralContainer, Volume, VolumeDevice, VolumeMount } from "../../schema/generated/types/core.v1.ts";
import { localPath, unsupported } from "./checks.ts";

type Volumes = ReadonlyMap<string, Volume>;

const PROPAGATIONS: readonly string[] = ["Bidirectional", "HostToContainer", "None"];
const RECURSIVE_READ_ONLY: readonly string[] = ["Disabled", "Enabled", "IfPossible"];

export function validateVolumeMounts(container: Container | EphemeralContainer, volumes: Volumes, errors: FieldErrors, at: FieldPath): void {
  const mounts = container.volumeMounts;
  if (!mounts) return;
  const paths = new Set<string>();
  // Of two uses of one volume only the last counts here, as upstream has it.
  const devices = new Map((container.volumeDevices ?? []).map(({ name, devicePath }) => [name, devicePath]));
  const devicePaths = new Set(devices.values());
  for (let i = 0; i < mounts.length; i++) {
    const mount = mounts[i] as VolumeMount;
    const here = at.index(i);
    const volume = volumes.get(mount.name);
    if (!mount.name) errors.required(here.child("name"));
    if (!volume) errors.notFound(here.child("name"), mount.name);
    if (!mount.mountPath) errors.required(here.child("mountPath"));
    if (paths.has(mount.mountPath)) errors.invalid(here.child("mountPath"), mount.mountPath, "must be unique");
    paths.add(mount.mountPath);
    if (devices.has(mount.name)) errors.invalid(here.child("name"), mount.name, "must not already exist in volumeDevices");
    if (devicePaths.has(mount.mountPath)) {
      errors.invalid(here.child("mountPath"), mount.mountPath, "must not already exist as a path in volumeDevices");
    }
    if (mount.subPath) localPath(errors, at.child("subPath"), mount.subPath);
    if (mount.subPathExpr) {
      if (mount.subPath) errors.invalid(here.child("subPathExpr"), mount.subPathExpr, "subPathExpr and subPath are mutually exclusive");
      localPath(errors, at.child("subPathExpr"), mount.subPathExpr);
    }
    if (mount.mountPropagation !== undefined) validatePropagation(mount.mountPropagation, container, errors, at.child("mountPropagation"));
    if (mount.recursiveReadOnly !== undefined) validateRecursiveReadOnly(mount, errors, at.child("recursiveReadOnly"));
  }
}

function validatePropagation(propagation: string, container: Container | EphemeralContainer, errors: FieldErrors, at: FieldPath): void {
  if (!PROPAGATIONS.includes(propagation)) unsupported(errors, at, propagation, PROPAGATIONS);
  if (propagation === "Bidirectional" && !container.securityContext?.privileged) {
    errors.forbidden(at, "Bidirectional mount propagation is available only to privileged containers");
  }
}

function validateRecursiveReadOnly(mount: VolumeMount, errors: FieldErrors, at: FieldPath): void {
  if (!RECURSIVE_READ_ONLY.includes(mount.recursiveReadOnly ?? "")) {
    unsupported(errors, at, mount.recursiveReadOnly, RECURSIVE_READ_ONLY);
    return;
  }
  if (mount.recursiveReadOnly === "Disabled") return;
  if (!mount.readOnly) errors.forbidden(at, "may only be specified when readOnly is true");
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== "None") {
    errors.forbidden(at, "may only be specified when mountPropagation is None or not specified");
  }
}

export function validateVolumeDevices(container: Container | EphemeralContainer, volumes: Volumes, errors: FieldErrors, at: FieldPath): void {
  const devices = container.volumeDevices;
  if (!devices) return;
  const paths = new Set<string>();
  const names = new Set<string>();
  const mounts = new Map((container.volumeMounts ?? []).map(({ name, mountPath }) => [name, mountPath]));
  const mountPaths = new Set(mounts.values());
  for (let i = 0; i < devices.length; i++) {
    const { name, devicePath } = devices[i] as VolumeDevice;
    const here = at.index(i);
    if (!name) errors.required(here.child("name"));
    if (names.has(name)) errors.invalid(here.child("name"), name, "must be unique");
    const volume = volumes.get(name);
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      errors.invalid(here.child("name"), name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
    }
    if (!volume) errors.notFound(here.child("name"), name);
    if (!devicePath) errors.required(here.child("devicePath"));
    if (paths.has(devicePath)) errors.invalid(here.child("devicePath"), devicePath, "must be unique");
    if (devicePath?.includes("..")) errors.invalid(here.child("devicePath"), devicePath, "can not contain backsteps ('..')");
    else paths.add(devicePath);
    if (mounts.has(name)) errors.invalid(here.child("name"), name, "must not already exist in volumeMounts");
    if (mountPaths.has(devicePath)) {
      errors.invalid(here.child("devicePath"), devicePath, "must not already exist as a path in volumeMounts");
    }
    if (name) names.add(name);
  }
}
