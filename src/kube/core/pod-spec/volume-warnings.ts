/** Warnings about volumes: retired drivers, files that overwrite each other, sizes in fractions of bytes. */
import type { Volume } from "../../schema/generated/types/core.v1.ts";
import { fractionalBytesWarnings } from "./resource-lists.ts";

const RETIRED: readonly (readonly [keyof Volume, string])[] = [
  ["photonPersistentDisk", "photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "gitRepo: deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "scaleIO: deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "flocker: deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "storageOS: deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "quobyte: deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "glusterfs: deprecated in v1.25, non-functional in v1.26+"],
  ["cephfs", "cephfs: deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "rbd: deprecated in v1.28, non-functional in v1.31+"],
];

export function volumeWarnings(volumes: readonly Volume[], at: string, warnings: string[]): void {
  volumes.forEach((volume, i) => {
    const here = `${at}[${i}]`;
    for (const [source, text] of RETIRED) if (volume[source]) warnings.push(`${here}.${text}`);
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec?.resources;
    const claimAt = `${here}.ephemeral.volumeClaimTemplate.spec.resources`;
    if (claim?.requests) fractionalBytesWarnings(claim.requests, `${claimAt}.requests`, warnings);
    if (claim?.limits) fractionalBytesWarnings(claim.limits, `${claimAt}.limits`, warnings);
    overlapWarnings(volume, warnings);
  });
}

interface File {
  path: string;
  /** Where it comes from, e.g. ` (Secret "s")`; only told apart in projected volumes. */
  source: string;
}

/** Files of one volume that take the same path, or lie inside one another. */
function overlapWarnings(volume: Volume, warnings: string[]): void {
  const { name, configMap, secret, downwardAPI, projected } = volume;
  if (configMap?.items) warnOverlaps(plain(configMap.items), `volume "${name}" (ConfigMap "${configMap.name ?? ""}")`, warnings);
  if (secret?.items) warnOverlaps(plain(secret.items), `volume "${name}" (Secret "${secret.secretName ?? ""}")`, warnings);
  if (downwardAPI?.items) warnOverlaps(plain(downwardAPI.items), `volume "${name}" (DownwardAPI)`, warnings);
  if (!projected) return;
  const sources = projected.sources ?? [];
  if (sources.some((source) => Object.keys(source).length === 0)) {
    warnings.push(`volume "${name}" (Projected) has no sources provided`);
    return;
  }
  const files: File[] = [];
  for (const source of sources) {
    for (const { path } of source.configMap?.items ?? []) files.push({ path, source: ` (ConfigMap "${source.configMap?.name ?? ""}")` });
    for (const { path } of source.secret?.items ?? []) files.push({ path, source: ` (Secret "${source.secret?.name ?? ""}")` });
    for (const { path } of source.downwardAPI?.items ?? []) files.push({ path, source: " (DownwardAPI)" });
    if (source.serviceAccountToken) files.push({ path: source.serviceAccountToken.path, source: " (ServiceAccountToken)" });
  }
  warnOverlaps(files, `volume "${name}" (Projected)`, warnings);
}

function plain(items: readonly { path: string }[]): File[] {
  return items.map(({ path }) => ({ path, source: "" }));
}

/** Each file against those before it, the nearest path first. */
function warnOverlaps(files: readonly File[], subject: string, warnings: string[]): void {
  files.forEach((file, i) => {
    for (const other of files.slice(0, i)) {
      if (other.path !== file.path && !file.path.startsWith(`${other.path}/`) && !other.path.startsWith(`${file.path}/`)) continue;
      warnings.push(`${subject}: overlapping paths: "${file.path}"${file.source} with "${other.path}"${other.source}`);
    }
  });
}
