/** ResourceClaim (resource.k8s.io/v1): devices that pods use together (KEP-4381). */
import { sameJson } from "../core/equality.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import { type FieldErrors, FieldPath } from "../machinery/field.ts";
import type { ResourceClaim } from "../schema/generated/types/resource.v1.ts";
import { defaultClaim, validateClaim } from "./device-requests.ts";

const MAX_CONSUMERS = 256;

export const resourceClaim = defineKind<ResourceClaim>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceClaim",
  plural: "resourceclaims",
  scope: "Namespaced",
  subresources: { status: { keeps: { finalizers: true, ownerReferences: true }, validateUpdate: validateStatusUpdate } },
  returnsDeletedObject: true,
  resetFields: { "": [["status"]], status: [["spec"]] },
  applyDefaults: (object) => defaultClaim(object.spec?.devices),
  validate: (object, errors, at) => validateClaim(object.spec?.devices, errors, at.child("spec", "devices")),
  validatesOnUpdate: false,
  validateUpdate(object, old, errors, at) {
    if (!sameJson(object.spec, old.spec)) errors.invalid(at.child("spec"), object.spec, "field is immutable");
  },
  columns: [NAME, column("State"), AGE],
  cells: (object, now) => [nameCell(object), stateCell(object), ageCell(object, now)],
});

function stateCell(object: ResourceClaim): string {
  const states: string[] = [];
  if (object.metadata.deletionTimestamp) states.push("deleted");
  if (!object.status?.allocation) {
    if (!object.metadata.deletionTimestamp) states.push("pending");
  } else {
    states.push("allocated");
    if (object.status.reservedFor?.length) states.push("reserved");
  }
  return states.join(",");
}

function validateStatusUpdate(object: ResourceClaim, old: ResourceClaim, errors: FieldErrors): void {
  const at = FieldPath.of("status");
  const { allocation, reservedFor = [] } = object.status ?? {};
  if (reservedFor.length > MAX_CONSUMERS) errors.tooMany(at.child("reservedFor"), reservedFor.length, MAX_CONSUMERS);
  const uids = new Set<string>();
  for (const [i, consumer] of reservedFor.entries()) {
    const itemAt = at.child("reservedFor").index(i);
    if (!consumer.resource) errors.required(itemAt.child("resource"));
    if (!consumer.name) errors.required(itemAt.child("name"));
    if (!consumer.uid) errors.required(itemAt.child("uid"));
    if (uids.has(consumer.uid)) errors.duplicate(itemAt.child("uid"), consumer.uid);
    uids.add(consumer.uid);
  }
  if (reservedFor.length > 0) {
    if (!allocation) errors.forbidden(at.child("reservedFor"), "may not be specified when `allocated` is not set");
    else if (
      object.metadata.deletionTimestamp &&
      !sameJson(reservedFor, old.status?.reservedFor) &&
      reservedFor.length > (old.status?.reservedFor?.length ?? 0)
    ) {
      errors.forbidden(at.child("reservedFor"), "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set");
    }
  }
  if (old.status?.allocation && allocation && !sameJson(allocation, old.status.allocation))
    errors.invalid(at.child("allocation"), allocation, "field is immutable");
}
