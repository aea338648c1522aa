/** The volumes of a pod: names, exactly one source each, and the sources in use today (legacy ones: legacy-volumes.ts). */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { validateLabels } from "../../machinery/label-selector.ts";
import { isQualifiedName, nameIsDNSLabel, nameIsDNSSubdomain } from "../../machinery/names.ts";
import { quantity } from "../../machinery/quantity.ts";
import type { DownwardAPIVolumeFile, KeyToPath, ObjectFieldSelector, Volume } from "../../schema/generated/types/core.v1.ts";
import { invalidEach, localNonReservedPath, noBacksteps, unsupported } from "./checks.ts";
import { validateClaimTemplateSpec } from "./claim-template.ts";
import { validateFieldRef, validateResourceFieldRef } from "./env.ts";
import { LEGACY_SOURCES } from "./legacy-volumes.ts";
import { validateProjected } from "./projected-volumes.ts";

type Source = Omit<Volume, "name">;
type Check<Name extends keyof Source> = (source: NonNullable<Source[Name]>, errors: FieldErrors, at: FieldPath, volume: Volume) => void;
type Checks = { readonly [Name in keyof Source]-?: Check<Name> };

const HOST_PATH_TYPES: readonly string[] = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
const VOLUME_FIELDS: readonly string[] = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
const PULL_POLICIES: readonly string[] = ["Always", "IfNotPresent", "Never"];
const MODE_WRONG = "must be a number between 0 and 0777 (octal), both inclusive";

/** In the order in which upstream looks at them: of two sources the first is the volume's, the others are refused. */
const SOURCES: Checks = {
  emptyDir(source, errors, at) {
    if (source.sizeLimit !== undefined && quantity(source.sizeLimit).sign < 0) {
      errors.forbidden(at.child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
    }
  },
  hostPath(source, errors, at) {
    if (!source.path) errors.required(at.child("path"));
    else {
      noBacksteps(errors, at.child("path"), source.path);
      if (source.type !== undefined && !HOST_PATH_TYPES.includes(source.type)) unsupported(errors, at.child("type"), source.type, HOST_PATH_TYPES);
    }
  },
  gitRepo(source, errors, at) {
    if (!source.repository) errors.required(at.child("repository"));
    if (source.directory) localNonReservedPath(errors, at.child("directory"), source.directory);
  },
  ...LEGACY_SOURCES,
  secret(source, errors, at) {
    if (!source.secretName) errors.required(at.child("secretName"));
    validateMode(source.defaultMode, errors, at.child("defaultMode"));
    validateKeysToPaths(source.items, errors, at);
  },
  nfs(source, errors, at) {
    if (!source.server) errors.required(at.child("server"));
    if (!source.path) errors.required(at.child("path"));
    if (!source.path?.startsWith("/")) errors.invalid(at.child("path"), source.path, "must be an absolute path");
  },
  persistentVolumeClaim(source, errors, at) {
    if (!source.claimName) errors.required(at.child("claimName"));
  },
  configMap(source, errors, at) {
    if (!source.name) errors.required(at.child("name"));
    validateMode(source.defaultMode, errors, at.child("defaultMode"));
    validateKeysToPaths(source.items, errors, at);
  },
  downwardAPI(source, errors, at) {
    validateMode(source.defaultMode, errors, at.child("defaultMode"));
    for (const file of source.items ?? []) validateDownwardAPIFile(file, errors, at);
  },
  projected(source, errors, at) {
    validateProjected(source, errors, at);
  },
  csi(source, errors, at) {
    validateCSIDriverName(source.driver, errors, at.child("driver"));
    if (source.nodePublishSecretRef && !source.nodePublishSecretRef.name) errors.required(at.child("nodePublishSecretRef", "name"));
  },
  ephemeral(source, errors, at) {
    const template = source.volumeClaimTemplate;
    if (!template) return errors.required(at.child("volumeClaimTemplate"));
    const here = at.child("volumeClaimTemplate");
    validateClaimTemplateMetadata(template.metadata ?? {}, errors, here.child("metadata"));
    validateClaimTemplateSpec(template.spec ?? { resources: {} }, errors, here.child("spec"));
  },
  image(source, errors, at) {
    if (source.pullPolicy && !PULL_POLICIES.includes(source.pullPolicy)) unsupported(errors, at.child("pullPolicy"), source.pullPolicy, PULL_POLICIES);
  },
};

const SOURCE_NAMES = Object.keys(SOURCES) as (keyof Source)[];

/** Checks the volumes and answers with those that containers may mount, by name. */
export function validateVolumes(volumes: readonly Volume[] | undefined, isPod: boolean, errors: FieldErrors, at: FieldPath): ReadonlyMap<string, Volume> {
  const known = new Map<string, Volume>();
  if (!volumes) return known;
  const names = new Set<string>();
  for (let i = 0; i < volumes.length; i++) {
    const volume = volumes[i] as Volume;
    const here = at.index(i);
    const before = errors.list.length;
    validateSource(volume, isPod, errors, here);
    if (!volume.name) errors.required(here.child("name"));
    else invalidEach(errors, here.child("name"), volume.name, nameIsDNSLabel(volume.name, false));
    if (names.has(volume.name)) errors.duplicate(here.child("name"), volume.name);
    if (errors.list.length > before) continue;
    names.add(volume.name);
    known.set(volume.name, volume);
  }
  return known;
}

function validateSource(volume: Volume, isPod: boolean, errors: FieldErrors, at: FieldPath): void {
  let sources = 0;
  for (const name of SOURCE_NAMES) {
    const source = volume[name];
    if (source === undefined) continue;
    const here = at.child(PATH_NAMES[name] ?? name);
    if (sources++ > 0) errors.forbidden(here, "may not specify more than 1 volume type");
    else (SOURCES[name] as (source: unknown, errors: FieldErrors, at: FieldPath, volume: Volume) => void)(source, errors, here, volume);
  }
  if (isPod && volume.image && !volume.image.reference) errors.required(at.child("image", "reference"));
  if (sources === 0) errors.required(at, "must specify a volume type");
}

/** Where upstream's error paths do not use the field's name. */
const PATH_NAMES: Partial<Record<keyof Source, string>> = { gcePersistentDisk: "persistentDisk" };

export function validateMode(mode: number | undefined, errors: FieldErrors, at: FieldPath): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) errors.invalid(at, mode, MODE_WRONG);
}

/** Keys of a Secret or ConfigMap and the files that they become; `at` is the source. */
export function validateKeysToPaths(items: readonly KeyToPath[] | undefined, errors: FieldErrors, at: FieldPath): void {
  items?.forEach(({ key, path, mode }, i) => {
    const here = at.child("items").index(i);
    if (!key) errors.required(here.child("key"));
    if (!path) errors.required(here.child("path"));
    localNonReservedPath(errors, here.child("path"), path);
    validateMode(mode, errors, here.child("mode"));
  });
}

export function validateDownwardAPIFile(file: DownwardAPIVolumeFile, errors: FieldErrors, at: FieldPath): void {
  if (!file.path) errors.required(at.child("path"));
  localNonReservedPath(errors, at.child("path"), file.path);
  if (file.fieldRef) {
    validateFieldRef(file.fieldRef as ObjectFieldSelector, VOLUME_FIELDS, errors, at.child("fieldRef"));
    if (file.resourceFieldRef) errors.invalid(at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
  } else if (file.resourceFieldRef) validateResourceFieldRef(file.resourceFieldRef, errors, at.child("resourceFieldRef"), true);
  else errors.required(at, "one of fieldRef and resourceFieldRef is required");
  validateMode(file.mode, errors, at.child("mode"));
}

export function validateCSIDriverName(name: string, errors: FieldErrors, at: FieldPath): void {
  if (!name) errors.required(at);
  if (name && name.length > 63) errors.tooLong(at, 63);
  if (name) invalidEach(errors, at, name, nameIsDNSSubdomain(name.toLowerCase(), false));
}

/** Only labels and annotations of a claim template count; the rest of its metadata is the claim's own. */
function validateClaimTemplateMetadata(
  metadata: NonNullable<NonNullable<Volume["ephemeral"]>["volumeClaimTemplate"]>["metadata"],
  errors: FieldErrors,
  at: FieldPath,
): void {
  for (const key in metadata.annotations) invalidEach(errors, at.child("annotations"), key, isQualifiedName(key.toLowerCase()));
  validateLabels(metadata.labels, errors, at.child("labels"));
  for (const field of [
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
  ] as const) {
    if (metadata[field]) errors.forbidden(at.child(field), "cannot be set");
  }
  for (const field of ["ownerReferences", "finalizers", "managedFields"] as const)
    if (metadata[field]?.length) errors.forbidden(at.child(field), "cannot be set");
}
