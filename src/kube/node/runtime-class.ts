/** RuntimeClass (node.k8s.io/v1): which container runtime handler runs a pod, and what it costs. */
import { isStandardLimitRangeResource, validateResourceName, validateResourceQuantity } from "../core/resources.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { validateLabels } from "../machinery/label-selector.ts";
import { isDNS1123Label } from "../machinery/names.ts";
import type { RuntimeClass } from "../schema/generated/types/node.v1.ts";
import { validateTolerations } from "./tolerations.ts";

export const runtimeClass = defineKind<RuntimeClass>({
  group: "node.k8s.io",
  version: "v1",
  kind: "RuntimeClass",
  plural: "runtimeclasses",
  scope: "Cluster",
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  validate: validateRuntimeClass,
  validatesOnUpdate: false,
  validateUpdate(object, old, errors, at) {
    if (object.handler !== old.handler) errors.invalid(at.child("handler"), object.handler, "field is immutable");
  },
  columns: [NAME, column("Handler"), AGE],
  cells: (object, now) => [nameCell(object), object.handler ?? "", ageCell(object, now)],
});

function validateRuntimeClass(object: RuntimeClass, errors: FieldErrors, at: FieldPath): void {
  if (!object.handler) errors.required(at.child("handler"));
  else for (const problem of isDNS1123Label(object.handler)) errors.invalid(at.child("handler"), object.handler, problem);
  if (object.overhead) {
    for (const [name, value] of Object.entries(object.overhead.podFixed ?? {})) {
      const resourceAt = at.child("overhead", "limits").key(name);
      validateResourceName(name, errors, resourceAt);
      if (!name.includes("/") && !isStandardLimitRangeResource(name)) errors.invalid(resourceAt, name, "must be a standard resource for containers");
      validateResourceQuantity(name, value, errors, resourceAt);
    }
  }
  if (object.scheduling) {
    validateLabels(object.scheduling.nodeSelector ?? {}, errors, at.child("scheduling", "nodeSelector"));
    validateTolerations(object.scheduling.tolerations ?? [], errors, at.child("scheduling", "tolerations"));
  }
}
