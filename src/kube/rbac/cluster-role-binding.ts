/** ClusterRoleBinding (rbac.authorization.k8s.io/v1): who has a role's permissions, everywhere. */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import { nameIsPathSegment } from "../machinery/names.ts";
import type { ClusterRoleBinding } from "../schema/generated/types/rbac.v1.ts";
import { bindingCells, defaultBinding, RBAC_GROUP, validateBinding, validateBindingUpdate } from "./rules.ts";

export const clusterRoleBinding = defineKind<ClusterRoleBinding>({
  group: RBAC_GROUP,
  version: "v1",
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  scope: "Cluster",
  allowCreateOnUpdate: true,
  validateName: nameIsPathSegment,
  applyDefaults: defaultBinding,
  validate: (object, errors, at) => validateBinding(object, ["ClusterRole"], false, errors, at),
  validateUpdate: validateBindingUpdate,
  columns: [NAME, column("Role"), AGE, column("Users", { wide: true }), column("Groups", { wide: true }), column("ServiceAccounts", { wide: true })],
  cells(object, now) {
    const { role, subjects } = bindingCells(object);
    return [nameCell(object), role, ageCell(object, now), ...subjects];
  },
});
