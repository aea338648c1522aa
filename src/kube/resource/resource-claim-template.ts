/** ResourceClaimTemplate (resource.k8s.io/v1): makes a ResourceClaim per pod (KEP-4381). */
import { sameJson } from "../core/equality.ts";
import { AGE, ageCell, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { ResourceClaimTemplate } from "../schema/generated/types/resource.v1.ts";
import { defaultClaim, validateClaim } from "./device-requests.ts";

export const resourceClaimTemplate = defineKind<ResourceClaimTemplate>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceClaimTemplate",
  plural: "resourceclaimtemplates",
  scope: "Namespaced",
  returnsDeletedObject: true,
  applyDefaults: (object) => defaultClaim(object.spec?.spec?.devices),
  validate: (object, errors, at) => validateClaim(object.spec?.spec?.devices, errors, at.child("spec", "spec", "devices")),
  validatesOnUpdate: false,
  validateUpdate(object, old, errors, at) {
    if (!sameJson(object.spec, old.spec)) errors.invalid(at.child("spec"), object.spec, "field is immutable");
  },
  columns: [NAME, AGE],
  cells: (object, now) => [nameCell(object), ageCell(object, now)],
});
