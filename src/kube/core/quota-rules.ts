/** What a ResourceQuota may say: resource names, amounts, and scopes that fit them. */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isQualifiedName } from "../machinery/names.ts";
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from "../schema/generated/types/core.v1.ts";
import { isStandardQuotaResource, isStandardResource, validateResourceQuantity } from "./resources.ts";

const SCOPES = ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity", "VolumeAttributesClass"];
const BEST_EFFORT_RESOURCES = new Set(["pods"]);
const POD_RESOURCES = new Set(["pods", "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]);
const CLAIM_RESOURCES = new Set(["persistentvolumeclaims", "requests.storage"]);
const CONFLICTS: readonly (readonly [string, string])[] = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"],
];

export function validateQuotaSpec(spec: ResourceQuotaSpec, errors: FieldErrors, at: FieldPath): void {
  const hardAt = at.child("hard");
  for (const [name, value] of Object.entries(spec.hard ?? {})) {
    validateQuotaResourceName(name, errors, hardAt.key(name));
    validateResourceQuantity(name, value, errors, hardAt.key(name));
  }
  validateScopes(spec, errors, at);
  validateScopeSelector(spec, errors, at);
}

export function validateQuotaStatus(object: ResourceQuota, _old: ResourceQuota, errors: FieldErrors): void {
  const check = (list: { [name: string]: string | number } | undefined, field: string) => {
    for (const [name, value] of Object.entries(list ?? {})) {
      const at = `status.${field}[${name}]`;
      const collected = nameProblems(name);
      for (const problem of collected) errors.add("Invalid", at, name, problem);
      validateResourceQuantity(name, value, errors, at as unknown as FieldPath);
    }
  };
  check(object.status?.hard, "hard");
  check(object.status?.used, "used");
}

function nameProblems(name: string): string[] {
  const problems = isQualifiedName(name);
  if (name.includes("/")) return problems;
  if (problems.length === 0 && !isStandardResource(name)) problems.push("must be a standard resource type or fully qualified");
  if (!isStandardQuotaResource(name)) problems.push("must be a standard resource for quota");
  return problems;
}

function validateQuotaResourceName(name: string, errors: FieldErrors, at: FieldPath): void {
  for (const problem of nameProblems(name)) errors.invalid(at, name, problem);
}

function fits(scope: string, resource: string): boolean {
  switch (scope) {
    case "BestEffort":
      return BEST_EFFORT_RESOURCES.has(resource);
    case "Terminating":
    case "NotTerminating":
    case "NotBestEffort":
    case "PriorityClass":
    case "CrossNamespacePodAffinity":
      return POD_RESOURCES.has(resource);
    case "VolumeAttributesClass":
      return CLAIM_RESOURCES.has(resource);
    default:
      return true;
  }
}

function validateScopes(spec: ResourceQuotaSpec, errors: FieldErrors, at: FieldPath): void {
  if (!spec.scopes?.length) return;
  const scopesAt = at.child("scopes");
  const resources = Object.keys(spec.hard ?? {});
  for (const scope of spec.scopes) {
    if (!SCOPES.includes(scope)) errors.invalid(scopesAt, spec.scopes, "unsupported scope");
    for (const resource of resources) {
      if (isStandardQuotaResource(resource) && !fits(scope, resource)) errors.invalid(scopesAt, spec.scopes, "unsupported scope applied to resource");
    }
  }
  for (const [one, other] of CONFLICTS) {
    if (spec.scopes.includes(one) && spec.scopes.includes(other)) errors.invalid(scopesAt, spec.scopes, "conflicting scopes");
  }
}

function validateScopeSelector(spec: ResourceQuotaSpec, errors: FieldErrors, at: FieldPath): void {
  if (!spec.scopeSelector) return;
  const expressions = spec.scopeSelector.matchExpressions ?? [];
  const expressionsAt = at.child("scopeSelector", "matchExpressions");
  const resources = Object.keys(spec.hard ?? {});
  for (const requirement of expressions) {
    if (!SCOPES.includes(requirement.scopeName)) errors.invalid(expressionsAt.child("scopeName"), requirement.scopeName, "unsupported scope");
    for (const resource of resources) {
      if (isStandardQuotaResource(resource) && !fits(requirement.scopeName, resource)) {
        errors.invalid(expressionsAt, selectorValue(spec), "unsupported scope applied to resource");
      }
    }
    validateRequirement(requirement, errors, expressionsAt);
  }
  const names = expressions.map((requirement) => requirement.scopeName);
  for (const [one, other] of CONFLICTS) {
    if (names.includes(one) && names.includes(other)) errors.invalid(expressionsAt, spec.scopes ?? null, "conflicting scopes");
  }
}

function validateRequirement(requirement: ScopedResourceSelectorRequirement, errors: FieldErrors, at: FieldPath): void {
  const values = requirement.values ?? [];
  if (
    ["BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"].includes(requirement.scopeName) &&
    requirement.operator !== "Exists"
  ) {
    errors.invalid(
      at.child("operator"),
      requirement.operator,
      "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
    );
  }
  switch (requirement.operator) {
    case "In":
    case "NotIn":
      if (values.length === 0) errors.required(at.child("values"), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0) errors.invalid(at.child("values"), values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
      break;
    default:
      errors.invalid(at.child("operator"), requirement.operator, "not a valid selector operator");
  }
}

/** A scope selector the way upstream's messages print it: by its internal field names. */
function selectorValue(spec: ResourceQuotaSpec): unknown {
  const expressions = (spec.scopeSelector?.matchExpressions ?? []).map(({ scopeName, operator, values }) => ({
    ScopeName: scopeName,
    Operator: operator,
    Values: values ?? null,
  }));
  return { MatchExpressions: expressions };
}
