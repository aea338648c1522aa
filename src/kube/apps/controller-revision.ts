/** ControllerRevision (apps/v1): a frozen state of a StatefulSet's or DaemonSet's template, to roll back to. */
import { sameJson } from "../core/equality.ts";
import { nonNegative } from "../core/pod-spec/checks.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import { isObject } from "../object.ts";
import type { ControllerRevision } from "../schema/generated/types/apps.v1.ts";

export const controllerRevision = defineKind<ControllerRevision>({
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  plural: "controllerrevisions",
  scope: "Namespaced",
  validate(object, errors, at) {
    if (object.data === undefined || object.data === null) errors.required(at.child("data"), "data is mandatory");
    else if (!isObject(object.data)) errors.required(at.child("data"), "data must be a valid JSON object");
    nonNegative(errors, at.child("revision"), object.revision);
  },
  validateUpdate(object, old, errors, at) {
    if (!sameJson(object.data, old.data)) errors.invalid(at.child("data"), object.data, "field is immutable");
  },
  columns: [NAME, column("Controller"), column("Revision"), AGE],
  cells: (object, now) => [nameCell(object), controllerCell(object), object.revision ?? 0, ageCell(object, now)],
});

/** The owner as `statefulset.apps/web`. */
function controllerCell(object: ControllerRevision): string {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller);
  if (!owner) return "<none>";
  const slash = owner.apiVersion.indexOf("/");
  const group = slash > 0 ? `.${owner.apiVersion.slice(0, slash)}` : "";
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}
