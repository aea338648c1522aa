/** The warnings that writing a PersistentVolume can bring. */
import type { PersistentVolume } from "../schema/generated/types/core.v1.ts";
import { MOUNT_OPTIONS_ANNOTATION } from "./persistent-volume-rules.ts";
import { CLASS_ANNOTATION } from "./storage-cells.ts";
import type { SourceName } from "./volume-sources.ts";

/** Sources that left Kubernetes: since when they are deprecated and since when they do nothing. */
const GONE: readonly (readonly [SourceName, string, string])[] = [
  ["photonPersistentDisk", "v1.11", "v1.16+"],
  ["scaleIO", "v1.16", "v1.22+"],
  ["storageos", "v1.22", "v1.25+"],
  ["glusterfs", "v1.25", "v1.26+"],
  ["cephfs", "v1.28", "v1.31+"],
  ["rbd", "v1.28", "v1.31+"],
  ["flocker", "v1.22", "v1.25+"],
  ["quobyte", "v1.22", "v1.25+"],
];

export function volumeWarnings(object: PersistentVolume): string[] {
  const warnings: string[] = [];
  const annotations = object.metadata.annotations ?? {};
  if (annotations[CLASS_ANNOTATION] !== undefined)
    warnings.push(`metadata.annotations[${CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`);
  if (annotations[MOUNT_OPTIONS_ANNOTATION] !== undefined)
    warnings.push(`metadata.annotations[${MOUNT_OPTIONS_ANNOTATION}]: deprecated since v1.31; use "mountOptions" attribute instead`);
  if (object.spec?.persistentVolumeReclaimPolicy === "Recycle") {
    warnings.push(
      "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
    );
  }
  for (const [source, deprecated, gone] of GONE) {
    if (object.spec?.[source] === undefined) continue;
    warnings.push(`spec.${source === "storageos" ? "storageOS" : source}: deprecated in ${deprecated}, non-functional in ${gone}`);
  }
  return warnings;
}
