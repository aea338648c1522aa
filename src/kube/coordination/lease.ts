/** Lease (coordination.k8s.io/v1): who leads, and heartbeats. */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { Lease } from "../schema/generated/types/coordination.v1.ts";

const STRATEGIES = ["OldestEmulationVersion"];

export const lease = defineKind<Lease>({
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  scope: "Namespaced",
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  validate: validateLease,
  columns: [NAME, column("Holder"), AGE],
  cells: (object, now) => [nameCell(object), object.spec?.holderIdentity ?? "", ageCell(object, now)],
});

function validateLease(object: Lease, errors: FieldErrors, at: FieldPath): void {
  const specAt = at.child("spec");
  const spec = object.spec ?? {};
  if (spec.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0)
    errors.invalid(specAt.child("leaseDurationSeconds"), spec.leaseDurationSeconds, "must be greater than 0");
  if (spec.leaseTransitions !== undefined && spec.leaseTransitions < 0)
    errors.invalid(specAt.child("leaseTransitions"), spec.leaseTransitions, "must be greater than or equal to 0");
  if (spec.strategy !== undefined && !STRATEGIES.includes(spec.strategy) && !spec.strategy.includes("/"))
    errors.invalid(specAt.child("strategy"), spec.strategy, 'must be a domain-prefixed path (such as "acme.io/foo")');
  if (spec.preferredHolder && !spec.strategy) errors.forbidden(specAt.child("preferredHolder"), "may only be specified when `strategy` is defined");
}
