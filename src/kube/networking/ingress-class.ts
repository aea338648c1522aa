/** IngressClass (networking.k8s.io/v1): which controller serves an Ingress, and its parameters. */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isDNS1123Label, isDNS1123Subdomain, isDomainPrefixedPath, isPathSegmentName } from "../machinery/names.ts";
import type { IngressClass, IngressClassParametersReference } from "../schema/generated/types/networking.v1.ts";

const SCOPES = ["Cluster", "Namespace"];
const CONTROLLER_MAX = 250;

export const ingressClass = defineKind<IngressClass>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "IngressClass",
  plural: "ingressclasses",
  scope: "Cluster",
  generation: "spec",
  applyDefaults(object) {
    const parameters = object.spec?.parameters;
    if (parameters) parameters.scope ??= "Cluster";
  },
  validate(object, errors, at) {
    const specAt = at.child("spec");
    validateController(object.spec?.controller ?? "", errors, specAt.child("controller"));
    if (object.spec?.parameters) validateParameters(object.spec.parameters, errors, specAt.child("parameters"));
  },
  validateUpdate(object, old, errors, at) {
    if ((object.spec?.controller ?? "") !== (old.spec?.controller ?? ""))
      errors.invalid(at.child("spec", "controller"), object.spec?.controller ?? "", "field is immutable");
  },
  columns: [NAME, column("Controller"), column("Parameters"), AGE],
  cells: (object, now) => [nameCell(object), object.spec?.controller ?? "", parametersCell(object.spec?.parameters), ageCell(object, now)],
});

function parametersCell(parameters: IngressClassParametersReference | undefined): string {
  if (!parameters) return "<none>";
  const kind = parameters.apiGroup === undefined ? parameters.kind : `${parameters.kind}.${parameters.apiGroup}`;
  return `${kind}/${parameters.name}`;
}

function validateController(controller: string, errors: FieldErrors, at: FieldPath): void {
  if (controller.length > CONTROLLER_MAX) errors.tooLong(at, CONTROLLER_MAX);
  if (!controller) errors.required(at);
  else for (const { value, message } of isDomainPrefixedPath(controller)) errors.invalid(at, value, message);
}

function validateParameters(parameters: IngressClassParametersReference, errors: FieldErrors, at: FieldPath): void {
  if (parameters.apiGroup !== undefined)
    for (const problem of isDNS1123Subdomain(parameters.apiGroup)) errors.invalid(at.child("apiGroup"), parameters.apiGroup, problem);
  if (!parameters.kind) errors.required(at.child("kind"));
  else for (const problem of isPathSegmentName(parameters.kind)) errors.invalid(at.child("kind"), parameters.kind, problem);
  if (!parameters.name) errors.required(at.child("name"));
  else for (const problem of isPathSegmentName(parameters.name)) errors.invalid(at.child("name"), parameters.name, problem);
  if (parameters.scope === undefined) {
    errors.required(at.child("scope"));
    return;
  }
  if (!SCOPES.includes(parameters.scope)) {
    errors.notSupported(at.child("scope"), parameters.scope, SCOPES);
    return;
  }
  const namespace = parameters.namespace ?? "";
  if (parameters.scope === "Cluster") {
    if (parameters.namespace !== undefined) errors.forbidden(at.child("namespace"), "`parameters.scope` is set to 'Cluster'");
  } else if (!namespace) {
    errors.required(at.child("namespace"), "`parameters.scope` is set to 'Namespace'");
  } else {
    for (const problem of isDNS1123Label(namespace)) errors.invalid(at.child("namespace"), namespace, problem);
  }
}
