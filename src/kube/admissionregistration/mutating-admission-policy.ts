/** MutatingAdmissionPolicy (admissionregistration.k8s.io/v1): changes writes by CEL expressions (KEP-3962). */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { MutatingAdmissionPolicy, Mutation } from "../schema/generated/types/admissionregistration.v1.ts";
import { validateExpressionSyntax, validateMatchConditions } from "./match-resources.ts";
import { defaultPolicy, paramKindCell, sameSpec, validatePolicyHead, validateVariables } from "./policies.ts";

const PATCH_TYPES = ["ApplyConfiguration", "JSONPatch"];
const REINVOCATION_POLICIES = ["IfNeeded", "Never"];

export const mutatingAdmissionPolicy = defineKind<MutatingAdmissionPolicy>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "MutatingAdmissionPolicy",
  plural: "mutatingadmissionpolicies",
  categories: ["api-extensions"],
  scope: "Cluster",
  allowUnconditionalUpdate: false,
  generation: "spec",
  storedVersion: "v1beta1",
  applyDefaults(object) {
    object.spec ??= {};
    defaultPolicy(object.spec);
  },
  validate: validatePolicy,
  validatesOnUpdate: false,
  validateUpdate(object, old, errors, at) {
    if (!sameSpec(object, old)) validatePolicy(object, errors, at);
  },
  columns: [NAME, column("Mutations", { type: "integer" }), column("ParamKind"), AGE],
  cells: (object, now) => [nameCell(object), object.spec?.mutations?.length ?? 0, paramKindCell(object.spec?.paramKind), ageCell(object, now)],
});

function validatePolicy(object: MutatingAdmissionPolicy, errors: FieldErrors, at: FieldPath): void {
  const { spec } = object;
  const specAt = at.child("spec");
  validatePolicyHead(spec, errors, specAt);
  validateMatchConditions(spec.matchConditions, errors, specAt.child("matchConditions"));
  validateVariables(spec.variables, errors, specAt.child("variables"));
  const mutations = spec.mutations ?? [];
  if (mutations.length === 0) errors.required(specAt.child("mutations"), "mutations must contain at least one item");
  for (const [i, mutation] of mutations.entries()) validateMutation(mutation, errors, specAt.child("mutations").index(i));
  if (!spec.reinvocationPolicy) errors.required(specAt.child("reinvocationPolicy"));
  else if (!REINVOCATION_POLICIES.includes(spec.reinvocationPolicy))
    errors.notSupported(specAt.child("reinvocationPolicy"), spec.reinvocationPolicy, REINVOCATION_POLICIES);
}

function validateMutation(mutation: Mutation, errors: FieldErrors, at: FieldPath): void {
  const check = (type: string, own: "applyConfiguration" | "jsonPatch", other: "applyConfiguration" | "jsonPatch") => {
    const body = mutation[own];
    if (!body) errors.required(at.child(own), `must be specified when patchType is ${type}`);
    else if (!body.expression?.trim()) errors.required(at.child(own, "expression"));
    else validateExpressionSyntax(body.expression, errors, at.child(own, "expression"));
    if (mutation[other]) errors.invalid(at.child(other), `{${other}}`, `must not be specified when patchType is ${type}`);
  };
  switch (mutation.patchType) {
    case "ApplyConfiguration":
      check("ApplyConfiguration", "applyConfiguration", "jsonPatch");
      break;
    case "JSONPatch":
      check("JSONPatch", "jsonPatch", "applyConfiguration");
      break;
    case "":
    case undefined:
      errors.required(at.child("patchType"));
      break;
    default:
      errors.notSupported(at.child("patchType"), mutation.patchType, PATCH_TYPES);
  }
}
