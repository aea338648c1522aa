/** Defaults of a pod's volumes (core/v1). */
import type { DownwardAPIVolumeFile, Volume } from "../../schema/generated/types/core.v1.ts";
import { imagePullPolicyFor } from "./image.ts";
import { roundUpToMilli } from "./resource-lists.ts";

/** 0644 */
const DEFAULT_MODE = 420;

/** Fills a volume's defaults in place; a volume without a source becomes an emptyDir. */
export function applyVolumeDefaults(volume: Volume): void {
  if (volume.emptyDir) return;
  if (volume.projected) applyProjectedDefaults(volume.projected);
  if (volume.configMap && volume.configMap.defaultMode === undefined) volume.configMap.defaultMode = DEFAULT_MODE;
  if (volume.secret && volume.secret.defaultMode === undefined) volume.secret.defaultMode = DEFAULT_MODE;
  if (volume.downwardAPI) {
    if (volume.downwardAPI.defaultMode === undefined) volume.downwardAPI.defaultMode = DEFAULT_MODE;
    applyDownwardAPIFileDefaults(volume.downwardAPI.items);
  }
  if (volume.hostPath && volume.hostPath.type === undefined) volume.hostPath.type = "";
  if (volume.image && !volume.image.pullPolicy) volume.image.pullPolicy = imagePullPolicyFor(volume.image.reference ?? "");
  const claim = volume.ephemeral?.volumeClaimTemplate;
  if (claim?.spec) {
    claim.spec.volumeMode ??= "Filesystem";
    if (claim.spec.resources?.limits) roundUpToMilli(claim.spec.resources.limits);
    if (claim.spec.resources?.requests) roundUpToMilli(claim.spec.resources.requests);
  }
  applyInTreeDefaults(volume);
  if (Object.keys(volume).length <= 1) volume.emptyDir = {};
}

function applyProjectedDefaults(projected: NonNullable<Volume["projected"]>): void {
  if (projected.defaultMode === undefined) projected.defaultMode = DEFAULT_MODE;
  for (const source of projected.sources ?? []) {
    if (source.serviceAccountToken && source.serviceAccountToken.expirationSeconds === undefined) source.serviceAccountToken.expirationSeconds = 3600;
    applyDownwardAPIFileDefaults(source.downwardAPI?.items);
  }
}

function applyInTreeDefaults({ iscsi, rbd, azureDisk, scaleIO }: Volume): void {
  if (iscsi && !iscsi.iscsiInterface) iscsi.iscsiInterface = "default";
  if (rbd) {
    if (!rbd.pool) rbd.pool = "rbd";
    if (!rbd.user) rbd.user = "admin";
    if (!rbd.keyring) rbd.keyring = "/etc/ceph/keyring";
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= "ReadWrite";
    azureDisk.kind ??= "Shared";
    azureDisk.fsType ??= "ext4";
    azureDisk.readOnly ??= false;
  }
  if (scaleIO) {
    if (!scaleIO.storageMode) scaleIO.storageMode = "ThinProvisioned";
    if (!scaleIO.fsType) scaleIO.fsType = "xfs";
  }
}

function applyDownwardAPIFileDefaults(files: readonly DownwardAPIVolumeFile[] | undefined): void {
  if (!files) return;
  for (const { fieldRef, resourceFieldRef } of files) {
    if (fieldRef && !fieldRef.apiVersion) fieldRef.apiVersion = "v1";
    if (resourceFieldRef && resourceFieldRef.divisor === undefined) resourceFieldRef.divisor = "0";
  }
}
