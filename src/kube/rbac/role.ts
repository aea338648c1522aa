/** Role (rbac.authorization.k8s.io/v1): permissions within a namespace. */
import { NAME_AND_CREATION, nameAndCreation } from "../core/table.ts";
import { defineKind } from "../define.ts";
import { nameIsPathSegment } from "../machinery/names.ts";
import type { Role } from "../schema/generated/types/rbac.v1.ts";
import { RBAC_GROUP, validatePolicyRules } from "./rules.ts";

export const role = defineKind<Role>({
  group: RBAC_GROUP,
  version: "v1",
  kind: "Role",
  plural: "roles",
  scope: "Namespaced",
  allowCreateOnUpdate: true,
  validateName: nameIsPathSegment,
  validate: (object, errors, at) => validatePolicyRules(object.rules, true, errors, at.child("rules")),
  columns: NAME_AND_CREATION,
  cells: nameAndCreation,
});
