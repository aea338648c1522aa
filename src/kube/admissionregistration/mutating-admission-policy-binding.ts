/** MutatingAdmissionPolicyBinding (admissionregistration.k8s.io/v1): puts a mutating policy into force (KEP-3962). */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { MutatingAdmissionPolicyBinding } from "../schema/generated/types/admissionregistration.v1.ts";
import { defaultBinding, paramRefCell, validateBindingHead } from "./policies.ts";

export const mutatingAdmissionPolicyBinding = defineKind<MutatingAdmissionPolicyBinding>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "MutatingAdmissionPolicyBinding",
  plural: "mutatingadmissionpolicybindings",
  categories: ["api-extensions"],
  scope: "Cluster",
  allowUnconditionalUpdate: false,
  generation: "spec",
  storedVersion: "v1beta1",
  applyDefaults(object) {
    object.spec ??= {};
    defaultBinding(object.spec);
  },
  validate: (object, errors, at) => validateBindingHead(object.spec, errors, at.child("spec")),
  columns: [NAME, column("PolicyName"), column("ParamRef"), AGE],
  cells: (object, now) => [nameCell(object), object.spec?.policyName ?? "", paramRefCell(object.spec?.paramRef), ageCell(object, now)],
});
