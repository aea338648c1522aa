/** Admission policies in CEL: defaults and rules that the validating and the mutating kinds share (KEP-3488, KEP-3962). */
import { sameJson } from "../core/equality.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { validateLabelSelector } from "../machinery/label-selector.ts";
import { isCIdentifier, isDNS1123Subdomain, isPathSegmentName } from "../machinery/names.ts";
import type { MatchResources, ParamKind, ParamRef, Variable } from "../schema/generated/types/admissionregistration.v1.ts";
import type { LabelSelector } from "../schema/generated/types/meta.v1.ts";
import { defaultMatchResources, validateExpressionSyntax, validateMatchResources } from "./match-resources.ts";

const FAILURE_POLICIES = ["Fail", "Ignore"];
const NOT_FOUND_ACTIONS = ["Allow", "Deny"];

interface PolicySpec {
  paramKind?: ParamKind;
  matchConstraints?: MatchResources;
  failurePolicy?: string;
}

interface BindingSpec {
  policyName?: string;
  paramRef?: ParamRef;
  matchResources?: MatchResources;
}

export function defaultPolicy(spec: PolicySpec | undefined): void {
  if (!spec) return;
  spec.failurePolicy ??= "Fail";
  defaultMatchResources(spec.matchConstraints);
}

export function defaultBinding(spec: BindingSpec | undefined): void {
  if (!spec) return;
  defaultMatchResources(spec.matchResources);
}

export function validatePolicyHead(spec: PolicySpec, errors: FieldErrors, at: FieldPath): void {
  if (spec.failurePolicy === undefined) errors.required(at.child("failurePolicy"));
  else if (!FAILURE_POLICIES.includes(spec.failurePolicy)) errors.notSupported(at.child("failurePolicy"), spec.failurePolicy, FAILURE_POLICIES);
  if (spec.paramKind) validateParamKind(spec.paramKind, errors, at.child("paramKind"));
  if (!spec.matchConstraints) {
    errors.required(at.child("matchConstraints"));
  } else {
    validateMatchResources(spec.matchConstraints, errors, at.child("matchConstraints"));
    // At least one rule must be there, or nothing could ever match.
    if (!spec.matchConstraints.resourceRules?.length) errors.required(at.child("matchConstraints", "resourceRules"));
  }
}

function validateParamKind(kind: ParamKind, errors: FieldErrors, at: FieldPath): void {
  if (!kind.apiVersion) {
    errors.required(at.child("apiVersion"));
  } else {
    const parts = kind.apiVersion.split("/");
    if (parts.length > 2) {
      errors.invalid(at.child("apiVersion"), kind.apiVersion, `unexpected GroupVersion string: ${kind.apiVersion}`);
    } else {
      const [group, version] = parts.length === 2 ? parts : ["", parts[0]];
      if (group) for (const problem of isDNS1123Subdomain(group)) errors.invalid(at.child("apiVersion"), group, problem);
      if (version) for (const problem of isDNS1123Subdomain(version)) errors.invalid(at.child("apiVersion"), version, problem);
    }
  }
  if (!kind.kind) errors.required(at.child("kind"));
  else
    for (const problem of isPathSegmentName(kind.kind.toLowerCase()))
      errors.invalid(at.child("kind"), kind.kind, `may have mixed case, but should otherwise match: ${problem}`);
}

/** Variables: C identifiers with an expression each. */
export function validateVariables(variables: readonly Variable[] | undefined, errors: FieldErrors, at: FieldPath): void {
  for (const [i, variable] of (variables ?? []).entries()) {
    const itemAt = at.index(i);
    if (!variable.name) {
      errors.required(itemAt.child("name"));
    } else {
      if (isCIdentifier(variable.name).length > 0) errors.invalid(itemAt.child("name"), variable.name, "must be a valid CEL identifier");
    }
    if (!variable.expression?.trim()) errors.required(itemAt.child("expression"), "expression is not specified");
    else validateExpressionSyntax(variable.expression, errors, itemAt.child("expression"));
  }
}

export function validateBindingHead(spec: BindingSpec, errors: FieldErrors, at: FieldPath): void {
  if (!spec.policyName) errors.required(at.child("policyName"));
  else for (const problem of isDNS1123Subdomain(spec.policyName)) errors.invalid(at.child("policyName"), spec.policyName, problem);
  if (spec.paramRef) validateParamRef(spec.paramRef, errors, at.child("paramRef"));
  if (spec.matchResources) validateMatchResources(spec.matchResources, errors, at.child("matchResources"));
}

function validateParamRef(ref: ParamRef, errors: FieldErrors, at: FieldPath): void {
  if (ref.name) {
    for (const problem of isPathSegmentName(ref.name)) errors.invalid(at.child("name"), ref.name, problem);
    if (ref.selector) errors.forbidden(at.child("name"), "name and selector are mutually exclusive");
  }
  if (ref.selector) {
    validateLabelSelector(ref.selector, errors, at.child("selector"));
    if (ref.name) errors.forbidden(at.child("selector"), "name and selector are mutually exclusive");
  }
  if (!ref.name && !ref.selector) errors.required(at, "one of name or selector must be specified");
  if (!ref.parameterNotFoundAction) errors.required(at.child("parameterNotFoundAction"));
  else if (!NOT_FOUND_ACTIONS.includes(ref.parameterNotFoundAction))
    errors.add("NotSupported", at.child("parameterNotFoundAction"), ref.parameterNotFoundAction, 'supported values: "Deny", "Allow"');
}

export function paramKindCell(kind: ParamKind | undefined): string {
  return kind ? `${kind.apiVersion}/${kind.kind}` : "<unset>";
}

export function paramRefCell(ref: ParamRef | undefined): string {
  if (!ref) return "<unset>";
  if (ref.name) return ref.namespace ? `${ref.namespace}/${ref.name}` : `*/${ref.name}`;
  return ref.selector ? goText(ref.selector) : "<unset>";
}

/** A selector as Go prints the struct, which is what upstream's table shows. */
function goText(selector: LabelSelector): string {
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const requirements = (selector.matchExpressions ?? []).map(
    ({ key, operator, values }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${(values ?? []).join(" ")}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.map(([key, value]) => `${key}: ${value},`).join("")}},MatchExpressions:[]LabelSelectorRequirement{${requirements.join("")}},}`;
}

/** Whether an update left the specs alone; then what older rules allowed stays allowed. */
export function sameSpec(object: { spec?: unknown }, old: { spec?: unknown }): boolean {
  return sameJson(object.spec, old.spec);
}
