/** Projected volumes: several sources laid into one directory, no path twice. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import type { KeyToPath, ProjectedVolumeSource, VolumeProjection } from "../../schema/generated/types/core.v1.ts";
import { localNonReservedPath } from "./checks.ts";
import { validateDownwardAPIFile, validateKeysToPaths, validateMode } from "./volumes.ts";

const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;

export function validateProjected(projected: ProjectedVolumeSource, errors: FieldErrors, at: FieldPath): void {
  validateMode(projected.defaultMode, errors, at.child("defaultMode"));
  const paths = new Set<string>();
  projected.sources?.forEach((source, i) => {
    validateProjection(source, paths, errors, at.child("sources").index(i), at);
  });
}

/** `paths` are those that earlier sources took; conflicts are reported at the whole volume (`volumeAt`). */
function validateProjection(source: VolumeProjection, paths: Set<string>, errors: FieldErrors, at: FieldPath, volumeAt: FieldPath): void {
  const take = (path: string, owner: string): void => {
    if (!path) return;
    if (paths.has(path)) errors.invalid(volumeAt, owner, "conflicting duplicate paths");
    else paths.add(path);
  };
  for (const kind of ["secret", "configMap"] as const) {
    const projection = source[kind];
    if (!projection) continue;
    if (!projection.name) errors.required(at.child(kind, "name"));
    validateKeysToPaths(projection.items, errors, at.child(kind));
    for (const { path } of (projection.items ?? []) as KeyToPath[]) take(path, projection.name ?? "");
  }
  if (source.downwardAPI) {
    for (const file of source.downwardAPI.items ?? []) {
      validateDownwardAPIFile(file, errors, at.child("downwardAPI"));
      take(file.path, file.path);
    }
  }
  if (source.serviceAccountToken) {
    const { expirationSeconds, path } = source.serviceAccountToken;
    const here = at.child("serviceAccountToken", "expirationSeconds");
    if (expirationSeconds !== undefined && expirationSeconds < MIN_TOKEN_SECONDS)
      errors.invalid(here, expirationSeconds, "may not specify a duration less than 10 minutes");
    if (expirationSeconds !== undefined && expirationSeconds > MAX_TOKEN_SECONDS)
      errors.invalid(here, expirationSeconds, "may not specify a duration larger than 2^32 seconds");
    if (!path) errors.required(volumeAt.child("path"));
    else localNonReservedPath(errors, volumeAt.child("path"), path);
  }
  const kinds = [source.secret, source.configMap, source.downwardAPI, source.serviceAccountToken].filter((kind) => kind !== undefined);
  if (kinds.length > 1) errors.forbidden(at, "may not specify more than 1 volume type per source");
}
