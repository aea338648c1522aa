/** ValidatingAdmissionPolicyBinding (admissionregistration.k8s.io/v1): puts a policy into force, with parameters and actions (KEP-3488). */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { ValidatingAdmissionPolicyBinding } from "../schema/generated/types/admissionregistration.v1.ts";
import { defaultBinding, paramRefCell, validateBindingHead } from "./policies.ts";

const ACTIONS = ["Audit", "Deny", "Warn"];

export const validatingAdmissionPolicyBinding = defineKind<ValidatingAdmissionPolicyBinding>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingAdmissionPolicyBinding",
  plural: "validatingadmissionpolicybindings",
  categories: ["api-extensions"],
  scope: "Cluster",
  allowUnconditionalUpdate: false,
  generation: "spec",
  applyDefaults(object) {
    object.spec ??= {};
    defaultBinding(object.spec);
  },
  validate(object, errors, at) {
    validateBindingHead(object.spec, errors, at.child("spec"));
    validateActions(object.spec.validationActions ?? [], errors, at.child("spec", "validationActions"));
  },
  columns: [NAME, column("PolicyName"), column("ParamRef"), AGE],
  cells: (object, now) => [nameCell(object), object.spec?.policyName ?? "", paramRefCell(object.spec?.paramRef), ageCell(object, now)],
});

function validateActions(actions: readonly string[], errors: FieldErrors, at: FieldPath): void {
  if (actions.length === 0) errors.required(at, "at least one validation action is required");
  const seen = new Set<string>();
  for (const [i, action] of actions.entries()) {
    if (!ACTIONS.includes(action)) errors.notSupported(at.index(i), action, ACTIONS);
    if (seen.has(action)) errors.duplicate(at.index(i), action);
    seen.add(action);
  }
  if (seen.has("Deny") && seen.has("Warn"))
    errors.invalid(
      at,
      actions,
      "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)",
    );
}
