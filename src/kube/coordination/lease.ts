/** Lease (coordination.k8s.io/v1): who leads, and heartbeats. */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { Lease } from "../schema/generated/types/coordination.v1.ts";

export const lease = defineKind<Lease>({
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  scope: "Namespaced",
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  prepareForCreate: dropLeaderElection,
  prepareForUpdate: dropLeaderElection,
  validate: validateLease,
  columns: [NAME, column("Holder"), AGE],
  cells: (object, now) => [nameCell(object), object.spec?.holderIdentity ?? "", ageCell(object, now)],
});

/** Coordinated leader election (KEP-4355) is off by default; without it its fields are not kept. */
function dropLeaderElection({ spec }: Lease): void {
  delete spec.strategy;
  delete spec.preferredHolder;
}

function validateLease(object: Lease, errors: FieldErrors, at: FieldPath): void {
  const specAt = at.child("spec");
  const spec = object.spec ?? {};
  if (spec.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0)
    errors.invalid(specAt.child("leaseDurationSeconds"), spec.leaseDurationSeconds, "must be greater than 0");
  if (spec.leaseTransitions !== undefined && spec.leaseTransitions < 0)
    errors.invalid(specAt.child("leaseTransitions"), spec.leaseTransitions, "must be greater than or equal to 0");
}
