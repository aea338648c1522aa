/** Which requests an admission policy or webhook looks at: defaults and rules common to all six kinds. */
import { syntaxProblem } from "../cel/expression.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { validateLabelSelector } from "../machinery/label-selector.ts";
import { isQualifiedName } from "../machinery/names.ts";
import type { MatchCondition, MatchResources, NamedRuleWithOperations, RuleWithOperations } from "../schema/generated/types/admissionregistration.v1.ts";

const SCOPES = ["*", "Cluster", "Namespaced"];
const OPERATIONS = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const MATCH_POLICIES = ["Equivalent", "Exact"];
const MAX_CONDITIONS = 64;

export function defaultMatchResources(resources: MatchResources | undefined): void {
  if (!resources) return;
  resources.matchPolicy ??= "Equivalent";
  resources.namespaceSelector ??= {};
  resources.objectSelector ??= {};
  for (const rule of [...(resources.resourceRules ?? []), ...(resources.excludeResourceRules ?? [])]) rule.scope ??= "*";
}

export function validateMatchResources(resources: MatchResources, errors: FieldErrors, at: FieldPath): void {
  if (resources.matchPolicy === undefined) errors.required(at.child("matchPolicy"));
  else if (!MATCH_POLICIES.includes(resources.matchPolicy)) errors.notSupported(at.child("matchPolicy"), resources.matchPolicy, MATCH_POLICIES);
  if (resources.namespaceSelector === undefined) errors.required(at.child("namespaceSelector"));
  else validateLabelSelector(resources.namespaceSelector, errors, at.child("namespaceSelector"));
  if (resources.objectSelector === undefined) errors.required(at.child("objectSelector"));
  else validateLabelSelector(resources.objectSelector, errors, at.child("objectSelector"));
  for (const [i, rule] of (resources.resourceRules ?? []).entries()) validateNamedRule(rule, errors, at.child("resourceRules").index(i));
  for (const [i, rule] of (resources.excludeResourceRules ?? []).entries()) validateNamedRule(rule, errors, at.child("excludeResourceRules").index(i));
}

function validateNamedRule(rule: NamedRuleWithOperations, errors: FieldErrors, at: FieldPath): void {
  validateRule(rule, true, errors, at);
  const names = rule.resourceNames ?? [];
  const seen = new Set<string>();
  for (const [i, name] of names.entries()) {
    if (name.includes("/") || name.includes("%") || name === "." || name === "..")
      errors.invalid(at.child("resourceNames").index(i), name, `may not contain '/'`);
    if (seen.has(name)) errors.duplicate(at.child("resourceNames").index(i), name);
    seen.add(name);
  }
}

/** Operations, groups, versions and resources: none empty, `*` alone. */
export function validateRule(rule: RuleWithOperations, allowSubresources: boolean, errors: FieldErrors, at: FieldPath): void {
  const operations = rule.operations ?? [];
  if (operations.length === 0) errors.required(at.child("operations"));
  if (operations.length > 1 && operations.includes("*"))
    errors.invalid(at.child("operations"), operations, "if '*' is present, must not specify other operations");
  for (const [i, operation] of operations.entries())
    if (!OPERATIONS.includes(operation)) errors.notSupported(at.child("operations").index(i), operation, OPERATIONS);
  const list = (values: readonly string[] | undefined, field: "apiGroups" | "apiVersions", plural: string) => {
    if (!values?.length) errors.required(at.child(field));
    if (values && values.length > 1 && values.includes("*")) errors.invalid(at.child(field), values, `if '*' is present, must not specify other ${plural}`);
    for (const [i, value] of (values ?? []).entries()) if (field === "apiVersions" && value === "") errors.required(at.child(field).index(i));
  };
  list(rule.apiGroups, "apiGroups", "API groups");
  list(rule.apiVersions, "apiVersions", "API versions");
  validateRuleResources(rule.resources ?? [], allowSubresources, errors, at.child("resources"));
  if (rule.scope !== undefined && !SCOPES.includes(rule.scope)) errors.notSupported(at.child("scope"), rule.scope, SCOPES);
}

function validateRuleResources(resources: readonly string[], allowSubresources: boolean, errors: FieldErrors, at: FieldPath): void {
  if (resources.length === 0) errors.required(at);
  const wildcards = new Set<string>();
  const subresourceWildcards = new Set<string>();
  for (const [i, text] of resources.entries()) {
    if (text === "") {
      errors.required(at.index(i));
      continue;
    }
    if (text === "*/*") {
      if (resources.length > 1) errors.invalid(at, resources, "if '*/*' is present, must not specify other resources");
    } else if (!allowSubresources && text.includes("/")) {
      errors.invalid(at.index(i), text, "must not specify subresources");
    }
    const [resource = "", subresource] = text.split("/");
    if (subresource === undefined) continue;
    if (wildcards.has(resource) && subresource !== "*") errors.invalid(at.index(i), text, `if '${resource}/*' is present, must not specify ${text}`);
    if (subresourceWildcards.has(subresource) && resource !== "*")
      errors.invalid(at.index(i), text, `if '*/${subresource}' is present, must not specify ${text}`);
    if (subresource === "*") wildcards.add(resource);
    if (resource === "*") subresourceWildcards.add(subresource);
  }
  if (resources.length > 1 && resources.includes("*") && resources.some((text) => !text.includes("/") && text !== "*")) {
    errors.invalid(at, resources, "if '*' is present, must not specify other resources without subresources");
  }
}

/** An expression of a policy or webhook must parse; what it may name is known when it is run. */
export function validateExpressionSyntax(expression: string, errors: FieldErrors, at: FieldPath): void {
  const problem = syntaxProblem(expression);
  if (problem !== undefined) errors.invalid(at, expression, `compilation failed: ${problem}`);
}

/** matchConditions: at most 64, each named once. */
export function validateMatchConditions(conditions: readonly MatchCondition[] | undefined, errors: FieldErrors, at: FieldPath): void {
  const list = conditions ?? [];
  if (list.length > MAX_CONDITIONS) errors.tooMany(at, list.length, MAX_CONDITIONS);
  const names = new Set<string>();
  for (const [i, condition] of list.entries()) {
    const itemAt = at.index(i);
    if (!condition.expression?.trim()) errors.required(itemAt.child("expression"));
    else validateExpressionSyntax(condition.expression, errors, itemAt.child("expression"));
    if (!condition.name) errors.required(itemAt.child("name"));
    else for (const problem of isQualifiedName(condition.name)) errors.invalid(itemAt.child("name"), condition.name, problem);
    if (condition.name) {
      if (names.has(condition.name)) errors.duplicate(itemAt.child("name"), condition.name);
      names.add(condition.name);
    }
  }
}
