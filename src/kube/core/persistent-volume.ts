/** PersistentVolume (v1): storage that exists apart from any pod. */
import { defineKind } from "../define.ts";
import type { PersistentVolume } from "../schema/generated/types/core.v1.ts";
import { defaultVolumeSource, validateVolume, validateVolumeUpdate } from "./persistent-volume-rules.ts";
import { volumeWarnings } from "./persistent-volume-warnings.ts";
import { accessModesCell, storageClassOf } from "./storage-cells.ts";
import { AGE, ageCell, column, NAME, nameCell } from "./table.ts";

export const persistentVolume = defineKind<PersistentVolume>({
  group: "",
  version: "v1",
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  shortNames: ["pv"],
  scope: "Cluster",
  subresources: {
    status: {
      keeps: { labels: true, annotations: true },
      prepareForUpdate(object, old) {
        stampPhase(object, old);
      },
    },
  },
  returnsDeletedObject: true,
  resetFields: { "": [["status"]], status: [["spec"]] },
  applyDefaults(object) {
    object.spec ??= {};
    object.status ??= {};
    object.status.phase ||= "Pending";
    object.spec.persistentVolumeReclaimPolicy ||= "Retain";
    object.spec.volumeMode ??= "Filesystem";
    defaultVolumeSource(object.spec);
  },
  prepareForCreate(object, { now }) {
    object.status = { phase: "Pending", lastPhaseTransitionTime: timestamp(now) };
  },
  validate: validateVolume,
  validateUpdate: validateVolumeUpdate,
  warnings: volumeWarnings,
  columns: [
    NAME,
    column("Capacity"),
    column("Access Modes"),
    column("Reclaim Policy"),
    column("Status"),
    column("Claim"),
    column("StorageClass"),
    column("VolumeAttributesClass"),
    column("Reason"),
    AGE,
    column("VolumeMode", { wide: true }),
  ],
  cells(object, now) {
    const { spec, status } = object;
    const claim = spec?.claimRef ? `${spec.claimRef.namespace ?? ""}/${spec.claimRef.name ?? ""}` : "";
    return [
      nameCell(object),
      String(spec?.capacity?.storage ?? "0"),
      accessModesCell(spec?.accessModes),
      spec?.persistentVolumeReclaimPolicy ?? "",
      object.metadata.deletionTimestamp ? "Terminating" : (status?.phase ?? ""),
      claim,
      storageClassOf(object.metadata.annotations, spec?.storageClassName),
      spec?.volumeAttributesClassName ?? "<unset>",
      status?.reason ?? "",
      ageCell(object, now),
      spec?.volumeMode ?? "<unset>",
    ];
  },
});

/** The time of the last change of phase: the writer's when it gives one, else that of this write. */
function stampPhase(object: PersistentVolume, old: PersistentVolume): void {
  const { status } = object;
  if (!status) return;
  if (status.phase === old.status?.phase) {
    if (status.lastPhaseTransitionTime === undefined && old.status?.lastPhaseTransitionTime)
      status.lastPhaseTransitionTime = old.status.lastPhaseTransitionTime;
    return;
  }
  if (status.lastPhaseTransitionTime === undefined || status.lastPhaseTransitionTime === old.status?.lastPhaseTransitionTime)
    delete status.lastPhaseTransitionTime;
}

function timestamp(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}
