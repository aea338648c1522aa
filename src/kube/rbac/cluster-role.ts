/** ClusterRole (rbac.authorization.k8s.io/v1): permissions everywhere, its own or gathered from other roles by label. */
import { NAME_AND_CREATION, nameAndCreation } from "../core/table.ts";
import { defineKind } from "../define.ts";
import { validateLabelSelector } from "../machinery/label-selector.ts";
import { nameIsPathSegment } from "../machinery/names.ts";
import type { ClusterRole } from "../schema/generated/types/rbac.v1.ts";
import { RBAC_GROUP, validatePolicyRules } from "./rules.ts";

export const clusterRole = defineKind<ClusterRole>({
  group: RBAC_GROUP,
  version: "v1",
  kind: "ClusterRole",
  plural: "clusterroles",
  scope: "Cluster",
  allowCreateOnUpdate: true,
  validateName: nameIsPathSegment,
  validate(object, errors, at) {
    validatePolicyRules(object.rules, false, errors, at.child("rules"));
    if (!object.aggregationRule) return;
    const selectorsAt = at.child("aggregationRule", "clusterRoleSelectors");
    const selectors = object.aggregationRule.clusterRoleSelectors ?? [];
    if (selectors.length === 0) errors.required(selectorsAt, "at least one clusterRoleSelector required if aggregationRule is non-nil");
    for (const [i, selector] of selectors.entries()) {
      const before = errors.list.length;
      validateLabelSelector(selector, errors, selectorsAt.index(i));
      if (errors.list.length > before) errors.invalid(selectorsAt.index(i), null, "invalid label selector.");
    }
  },
  columns: NAME_AND_CREATION,
  cells: nameAndCreation,
});
