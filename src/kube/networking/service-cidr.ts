/** ServiceCIDR (networking.k8s.io/v1): a range that cluster IPs come from (KEP-1880). */
import { familyOfNetwork } from "../core/ip.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isValidCIDR, parseCIDR } from "../machinery/ip.ts";
import type { ServiceCIDR } from "../schema/generated/types/networking.v1.ts";

export const serviceCIDR = defineKind<ServiceCIDR>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "ServiceCIDR",
  plural: "servicecidrs",
  scope: "Cluster",
  subresources: { status: { keeps: { labels: true, annotations: true } } },
  resetFields: { "": [["status"]], status: [["spec"]] },
  validate: (object, errors, at) => validateCIDRs(object.spec?.cidrs ?? [], errors, at.child("spec", "cidrs")),
  validatesOnUpdate: false,
  validateUpdate: validateServiceCIDRUpdate,
  columns: [NAME, column("CIDRs"), AGE],
  cells: (object, now) => [nameCell(object), (object.spec?.cidrs ?? []).join(","), ageCell(object, now)],
});

function validateCIDRs(cidrs: readonly string[], errors: FieldErrors, at: FieldPath): void {
  if (cidrs.length === 0) {
    errors.required(at, "at least one CIDR required");
    return;
  }
  if (cidrs.length > 2) {
    errors.invalid(at, { CIDRs: cidrs }, "may only hold up to 2 values");
    return;
  }
  const networks = cidrs.map(parseCIDR);
  const [first, second] = networks;
  if (first && second && familyOfNetwork(first) === familyOfNetwork(second))
    errors.invalid(at, cidrs, "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64");
  for (const [i, cidr] of cidrs.entries()) for (const problem of isValidCIDR(cidr)) errors.invalid(at.index(i), cidr, problem);
}

/** A second family may join later; what is there stays. */
function validateServiceCIDRUpdate(object: ServiceCIDR, old: ServiceCIDR, errors: FieldErrors, at: FieldPath): void {
  const cidrsAt = at.child("spec", "cidrs");
  const now = object.spec?.cidrs ?? [];
  const before = old.spec?.cidrs ?? [];
  if (before.length === 1 && now.length === 2) {
    if (now[0] !== before[0]) errors.invalid(cidrsAt.index(0), now[0], "field is immutable");
    validateCIDRs(now, errors, cidrsAt);
  } else if (now.length !== before.length) {
    errors.invalid(cidrsAt, now, "field is immutable");
  } else {
    for (const [i, cidr] of now.entries()) if (cidr !== before[i]) errors.invalid(cidrsAt.index(i), cidr, "field is immutable");
  }
}
