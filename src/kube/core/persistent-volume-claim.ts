/** PersistentVolumeClaim (v1): a request for storage. */
import { defineKind } from "../define.ts";
import type { PersistentVolumeClaim } from "../schema/generated/types/core.v1.ts";
import { validateClaim, validateClaimStatusUpdate, validateClaimUpdate } from "./persistent-volume-claim-rules.ts";
import { accessModesCell, CLASS_ANNOTATION, storageClassOf } from "./storage-cells.ts";
import { AGE, ageCell, column, NAME, nameCell } from "./table.ts";

export const persistentVolumeClaim = defineKind<PersistentVolumeClaim>({
  group: "",
  version: "v1",
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  shortNames: ["pvc"],
  scope: "Namespaced",
  subresources: { status: { keeps: { labels: true, annotations: true }, validateUpdate: validateClaimStatusUpdate } },
  returnsDeletedObject: true,
  resetFields: { "": [["status"]], status: [["spec"]] },
  applyDefaults(object) {
    object.spec ??= { resources: {} };
    object.status ??= {};
    object.status.phase ||= "Pending";
    object.spec.volumeMode ??= "Filesystem";
  },
  prepareForCreate(object) {
    object.status = { phase: "Pending" };
    dropUnsupportedSources(object);
    mirrorDataSource(object);
  },
  prepareForUpdate(object, old) {
    if (!old.spec.dataSource && !old.spec.dataSourceRef) dropUnsupportedSources(object);
    mirrorDataSource(object);
  },
  validate: validateClaim,
  validateUpdate: validateClaimUpdate,
  warnings(object) {
    const warnings: string[] = [];
    if (object.metadata.annotations?.[CLASS_ANNOTATION] !== undefined) {
      warnings.push(`metadata.annotations[${CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`);
    }
    const requested = String(object.spec?.resources?.requests?.storage ?? "");
    if (requested.endsWith("m"))
      warnings.push(...[`spec.resources.requests[storage]: fractional byte value ${JSON.stringify(requested)} is invalid, must be an integer`]);
    return warnings;
  },
  columns: [
    NAME,
    column("Status"),
    column("Volume"),
    column("Capacity"),
    column("Access Modes"),
    column("StorageClass"),
    column("VolumeAttributesClass"),
    AGE,
    column("VolumeMode", { wide: true }),
  ],
  cells(object, now) {
    const { spec, status } = object;
    const bound = Boolean(spec?.volumeName);
    return [
      nameCell(object),
      object.metadata.deletionTimestamp ? "Terminating" : (status?.phase ?? ""),
      spec?.volumeName ?? "",
      bound ? String(status?.capacity?.storage ?? "0") : "",
      bound ? accessModesCell(status?.accessModes) : "",
      storageClassOf(object.metadata.annotations, spec?.storageClassName),
      spec?.volumeAttributesClassName ?? "<unset>",
      ageCell(object, now),
      spec?.volumeMode ?? "<unset>",
    ];
  },
});

/** dataSource can be a claim or a snapshot; anything else is ignored for old clients' sake. References across namespaces are off. */
function dropUnsupportedSources({ spec }: PersistentVolumeClaim): void {
  const { dataSource, dataSourceRef } = spec;
  const isClaim = dataSource?.kind === "PersistentVolumeClaim" && !dataSource.apiGroup;
  const isSnapshot = dataSource?.kind === "VolumeSnapshot" && dataSource.apiGroup === "snapshot.storage.k8s.io";
  if (dataSource && !isClaim && !isSnapshot) delete spec.dataSource;
  if (dataSourceRef?.namespace) delete spec.dataSourceRef;
}

/** dataSource and dataSourceRef say the same thing: whichever is given fills the other (KEP-1495). */
function mirrorDataSource(object: PersistentVolumeClaim): void {
  const { spec } = object;
  if (spec.dataSource && !spec.dataSourceRef) {
    spec.dataSourceRef = { ...spec.dataSource };
  } else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    const { kind, name, apiGroup } = spec.dataSourceRef;
    spec.dataSource = apiGroup === undefined ? { kind, name } : { apiGroup, kind, name };
  }
}
