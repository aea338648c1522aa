/** Node selectors as volumes and devices use them: which nodes can reach the thing. */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isDNS1123Subdomain, isQualifiedName, isValidLabelValue } from "../machinery/names.ts";
import type { NodeSelector, NodeSelectorRequirement } from "../schema/generated/types/core.v1.ts";

export function validateNodeSelector(selector: NodeSelector, errors: FieldErrors, at: FieldPath): void {
  const termsAt = at.child("nodeSelectorTerms");
  if (!selector.nodeSelectorTerms?.length) {
    errors.required(termsAt, "must have at least one node selector term");
    return;
  }
  for (const [i, term] of selector.nodeSelectorTerms.entries()) {
    for (const [k, requirement] of (term.matchExpressions ?? []).entries())
      validateExpression(requirement, errors, termsAt.index(i).child("matchExpressions").index(k));
    for (const [k, requirement] of (term.matchFields ?? []).entries())
      validateFieldRequirement(requirement, errors, termsAt.index(i).child("matchFields").index(k));
  }
}

function validateExpression(requirement: NodeSelectorRequirement, errors: FieldErrors, at: FieldPath): void {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
    case "NotIn":
      if (values.length === 0) errors.required(at.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0) errors.forbidden(at.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      break;
    case "Gt":
    case "Lt":
      if (values.length !== 1) errors.required(at.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
      break;
    default:
      errors.invalid(at.child("operator"), requirement.operator, "not a valid selector operator");
  }
  for (const problem of isQualifiedName(requirement.key)) errors.invalid(at.child("key"), requirement.key, problem);
  if (requirement.operator === "In" || requirement.operator === "NotIn") {
    for (const [i, value] of values.entries()) for (const problem of isValidLabelValue(value)) errors.invalid(at.child("values").index(i), value, problem);
  }
}

function validateFieldRequirement(requirement: NodeSelectorRequirement, errors: FieldErrors, at: FieldPath): void {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
    case "NotIn":
      if (values.length !== 1) errors.required(at.child("values"), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
      break;
    default:
      errors.invalid(at.child("operator"), requirement.operator, "not a valid selector operator");
  }
  if (requirement.key !== "metadata.name") {
    errors.invalid(at.child("key"), requirement.key, "not a valid field selector key");
    return;
  }
  for (const [i, value] of values.entries()) for (const problem of isDNS1123Subdomain(value)) errors.invalid(at.child("values").index(i), value, problem);
}
