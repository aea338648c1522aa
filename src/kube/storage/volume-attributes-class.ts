/** VolumeAttributesClass (storage.k8s.io/v1): attributes of a volume that may change while it is in use (KEP-3751). */
import { sameJson } from "../core/equality.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { VolumeAttributesClass } from "../schema/generated/types/storage.v1.ts";
import { validateParameters } from "./parameters.ts";
import { validateProvisioner } from "./storage-class.ts";

export const volumeAttributesClass = defineKind<VolumeAttributesClass>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttributesClass",
  plural: "volumeattributesclasses",
  shortNames: ["vac"],
  scope: "Cluster",
  returnsDeletedObject: true,
  validate(object, errors, at) {
    validateProvisioner(object.driverName ?? "", errors, at.child("driverName"));
    validateParameters(object.parameters, false, errors, at.child("parameters"));
  },
  validatesOnUpdate: false,
  validateUpdate(object, old, errors, at) {
    if (object.driverName !== old.driverName) errors.forbidden(at.child("driverName"), "updates to driverName are forbidden.");
    if (!sameJson(object.parameters, old.parameters)) errors.forbidden(at.child("parameters"), "updates to parameters are forbidden.");
  },
  columns: [NAME, column("DriverName"), AGE],
  cells: (object, now) => [nameCell(object), object.driverName, ageCell(object, now)],
});
