/** CSIStorageCapacity (storage.k8s.io/v1): how much a driver can still provide, where. */
import { sameJson } from "../core/equality.ts";
import { NAME_AND_CREATION, nameAndCreation } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { validateLabelSelector } from "../machinery/label-selector.ts";
import { isDNS1123Subdomain } from "../machinery/names.ts";
import { compareQuantity } from "../machinery/quantity.ts";
import type { CSIStorageCapacity } from "../schema/generated/types/storage.v1.ts";

export const csiStorageCapacity = defineKind<CSIStorageCapacity>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIStorageCapacity",
  plural: "csistoragecapacities",
  scope: "Namespaced",
  allowUnconditionalUpdate: false,
  validate: validateCapacity,
  validateUpdate(object, old, errors, at) {
    if (!sameJson(object.nodeTopology, old.nodeTopology)) errors.invalid(at.child("nodeTopology"), object.nodeTopology ?? null, "field is immutable");
    if (object.storageClassName !== old.storageClassName) errors.invalid(at.child("storageClassName"), object.storageClassName, "field is immutable");
  },
  columns: NAME_AND_CREATION,
  cells: nameAndCreation,
});

function validateCapacity(object: CSIStorageCapacity, errors: FieldErrors, at: FieldPath): void {
  if (object.nodeTopology) validateLabelSelector(object.nodeTopology, errors, at.child("nodeTopology"));
  for (const problem of isDNS1123Subdomain(object.storageClassName ?? "")) errors.invalid(at.child("storageClassName"), object.storageClassName ?? "", problem);
  const { capacity } = object;
  if (capacity !== undefined && compareQuantity(capacity, "0") < 0)
    errors.invalid(at.child("capacity"), String(capacity), "must be greater than or equal to 0");
}
