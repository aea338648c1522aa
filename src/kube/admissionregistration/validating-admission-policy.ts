/** ValidatingAdmissionPolicy (admissionregistration.k8s.io/v1): refuses writes by CEL expressions (KEP-3488). */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { byteLength, isQualifiedName } from "../machinery/names.ts";
import type { ValidatingAdmissionPolicy, Validation } from "../schema/generated/types/admissionregistration.v1.ts";
import { validateExpressionSyntax, validateMatchConditions } from "./match-resources.ts";
import { defaultPolicy, paramKindCell, sameSpec, validatePolicyHead, validateVariables } from "./policies.ts";

const REASONS = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
const MAX_AUDIT_ANNOTATIONS = 20;
const MAX_EXPRESSION_BYTES = 5 * 1024;

export const validatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingAdmissionPolicy",
  plural: "validatingadmissionpolicies",
  categories: ["api-extensions"],
  scope: "Cluster",
  subresources: { status: { keeps: { labels: true, annotations: true } } },
  allowUnconditionalUpdate: false,
  generation: "spec",
  resetFields: { "": [["status"]], status: [["spec"]] },
  applyDefaults(object) {
    object.spec ??= {};
    defaultPolicy(object.spec);
  },
  validate: validatePolicy,
  validatesOnUpdate: false,
  validateUpdate(object, old, errors, at) {
    if (!sameSpec(object, old)) validatePolicy(object, errors, at);
  },
  columns: [NAME, column("Validations", { type: "integer" }), column("ParamKind"), AGE],
  cells: (object, now) => [nameCell(object), object.spec?.validations?.length ?? 0, paramKindCell(object.spec?.paramKind), ageCell(object, now)],
});

function validatePolicy(object: ValidatingAdmissionPolicy, errors: FieldErrors, at: FieldPath): void {
  const { spec } = object;
  const specAt = at.child("spec");
  validatePolicyHead(spec, errors, specAt);
  validateMatchConditions(spec.matchConditions, errors, specAt.child("matchConditions"));
  validateVariables(spec.variables, errors, specAt.child("variables"));
  const validations = spec.validations ?? [];
  const annotations = spec.auditAnnotations ?? [];
  if (validations.length === 0 && annotations.length === 0) {
    const why = "validations or auditAnnotations must contain at least one item";
    errors.required(specAt.child("validations"), why);
    errors.required(specAt.child("auditAnnotations"), why);
    return;
  }
  for (const [i, validation] of validations.entries()) validateValidation(validation, errors, specAt.child("validations").index(i));
  if (annotations.length > MAX_AUDIT_ANNOTATIONS) {
    errors.invalid(specAt.child("auditAnnotations"), annotations, `must not have more than ${MAX_AUDIT_ANNOTATIONS} auditAnnotations`);
  }
  const keys = new Set<string>();
  for (const [i, annotation] of annotations.entries()) {
    const itemAt = specAt.child("auditAnnotations").index(i);
    const key = `${object.metadata.name ?? ""}/${annotation.key ?? ""}`;
    for (const problem of isQualifiedName(key)) errors.invalid(itemAt.child("key"), key, problem);
    if (!annotation.valueExpression?.trim()) errors.required(itemAt.child("valueExpression"), "valueExpression is not specified");
    else if (byteLength(annotation.valueExpression) > MAX_EXPRESSION_BYTES)
      errors.required(itemAt.child("valueExpression"), `must not exceed ${MAX_EXPRESSION_BYTES} bytes in length`);
    else validateExpressionSyntax(annotation.valueExpression, errors, itemAt.child("valueExpression"));
    if (keys.has(annotation.key)) errors.duplicate(itemAt.child("key"), annotation.key);
    keys.add(annotation.key);
  }
}

function validateValidation(validation: Validation, errors: FieldErrors, at: FieldPath): void {
  if (!validation.expression?.trim()) errors.required(at.child("expression"), "expression is not specified");
  else validateExpressionSyntax(validation.expression, errors, at.child("expression"));
  const { messageExpression } = validation;
  if (messageExpression && !messageExpression.trim()) errors.invalid(at.child("messageExpression"), messageExpression, "must be non-empty if specified");
  else if (messageExpression) validateExpressionSyntax(messageExpression, errors, at.child("messageExpression"));
  const message = validation.message ?? "";
  if (message && !message.trim()) errors.invalid(at.child("message"), message, "must be non-empty if specified");
  else if (/[\r\n]/.test(message.trim())) errors.invalid(at.child("message"), message, "must not contain line breaks");
  if (validation.reason !== undefined && !REASONS.includes(validation.reason)) errors.notSupported(at.child("reason"), validation.reason, REASONS);
}
