/** What RBAC roles and bindings may say, common to the four kinds. */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isDNS1123Subdomain, isPathSegmentName } from "../machinery/names.ts";
import type { PolicyRule, RoleRef, Subject } from "../schema/generated/types/rbac.v1.ts";

export const RBAC_GROUP = "rbac.authorization.k8s.io";

export function validatePolicyRules(rules: readonly PolicyRule[] | null | undefined, namespaced: boolean, errors: FieldErrors, at: FieldPath): void {
  for (const [i, rule] of (rules ?? []).entries()) validatePolicyRule(rule, namespaced, errors, at.index(i));
}

function validatePolicyRule(rule: PolicyRule, namespaced: boolean, errors: FieldErrors, at: FieldPath): void {
  if (!rule.verbs?.length) errors.required(at.child("verbs"), "verbs must contain at least one value");
  if (rule.nonResourceURLs?.length) {
    if (namespaced) errors.invalid(at.child("nonResourceURLs"), rule.nonResourceURLs, "namespaced rules cannot apply to non-resource URLs");
    if (rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length) {
      errors.invalid(at.child("nonResourceURLs"), rule.nonResourceURLs, "rules cannot apply to both regular resources and non-resource URLs");
    }
    return;
  }
  if (!rule.apiGroups?.length) errors.required(at.child("apiGroups"), "resource rules must supply at least one api group");
  if (!rule.resources?.length) errors.required(at.child("resources"), "resource rules must supply at least one resource");
}

/** roleRef and subjects take RBAC's group, User and Group subjects theirs. */
export function defaultBinding(object: { roleRef?: RoleRef; subjects?: Subject[] }): void {
  if (object.roleRef && !object.roleRef.apiGroup) object.roleRef.apiGroup = RBAC_GROUP;
  for (const subject of object.subjects ?? []) {
    if (!subject.apiGroup && (subject.kind === "User" || subject.kind === "Group")) subject.apiGroup = RBAC_GROUP;
  }
}

export function validateBinding(
  object: { roleRef?: RoleRef; subjects?: Subject[] },
  kinds: readonly string[],
  namespaced: boolean,
  errors: FieldErrors,
  at: FieldPath,
): void {
  const refAt = at.child("roleRef");
  const ref = object.roleRef ?? { apiGroup: "", kind: "", name: "" };
  if (ref.apiGroup !== RBAC_GROUP) errors.notSupported(refAt.child("apiGroup"), ref.apiGroup ?? "", [RBAC_GROUP]);
  if (!kinds.includes(ref.kind))
    errors.add("NotSupported", refAt.child("kind"), ref.kind ?? "", `supported values: ${kinds.map((kind) => JSON.stringify(kind)).join(", ")}`);
  if (!ref.name) errors.required(refAt.child("name"));
  else for (const problem of isPathSegmentName(ref.name)) errors.invalid(refAt.child("name"), ref.name, problem);
  for (const [i, subject] of (object.subjects ?? []).entries()) validateSubject(subject, namespaced, errors, at.child("subjects").index(i));
}

function validateSubject(subject: Subject, namespaced: boolean, errors: FieldErrors, at: FieldPath): void {
  const group = subject.apiGroup ?? "";
  if (!subject.name) errors.required(at.child("name"));
  switch (subject.kind) {
    case "ServiceAccount":
      if (subject.name) for (const problem of isDNS1123Subdomain(subject.name)) errors.invalid(at.child("name"), subject.name, problem);
      if (group) errors.notSupported(at.child("apiGroup"), group, [""]);
      if (!namespaced && !subject.namespace) errors.required(at.child("namespace"));
      break;
    case "User":
    case "Group":
      if (group !== RBAC_GROUP) errors.notSupported(at.child("apiGroup"), group, [RBAC_GROUP]);
      break;
    default:
      errors.add("NotSupported", at.child("kind"), subject.kind ?? "", 'supported values: "ServiceAccount", "User", "Group"');
  }
}

export function validateBindingUpdate(object: { roleRef: RoleRef }, old: { roleRef: RoleRef }, errors: FieldErrors, at: FieldPath): void {
  const { roleRef: now } = object;
  const { roleRef: before } = old;
  if (now.apiGroup !== before.apiGroup || now.kind !== before.kind || now.name !== before.name) {
    errors.invalid(at.child("roleRef"), { APIGroup: now.apiGroup, Kind: now.kind, Name: now.name }, "cannot change roleRef");
  }
}

/** `Role`, `Users`, `Groups`, `ServiceAccounts` of a binding. */
export function bindingCells(object: { roleRef?: RoleRef; subjects?: Subject[] }): { role: string; subjects: string[] } {
  const subjects = object.subjects ?? [];
  const named = (kind: string) => subjects.filter((subject) => subject.kind === kind);
  return {
    role: `${object.roleRef?.kind ?? ""}/${object.roleRef?.name ?? ""}`,
    subjects: [
      named("User")
        .map((subject) => subject.name)
        .join(", "),
      named("Group")
        .map((subject) => subject.name)
        .join(", "),
      named("ServiceAccount")
        .map((subject) => `${subject.namespace ?? ""}/${subject.name}`)
        .join(", "),
    ],
  };
}
