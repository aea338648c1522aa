/** IPAddress (networking.k8s.io/v1): one address in use, and what uses it; named by the address (KEP-1880). */

import { sameJson } from "../core/equality.ts";
import { ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isDNS1123Subdomain, isPathSegmentName, isValidIP } from "../machinery/names.ts";
import type { IPAddress, ParentReference } from "../schema/generated/types/networking.v1.ts";

export const ipAddress = defineKind<IPAddress>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "IPAddress",
  plural: "ipaddresses",
  shortNames: ["ip"],
  scope: "Cluster",
  validateName: (name) => isValidIP(name),
  validate: (object, errors, at) => validateParent(object.spec?.parentRef, errors, at.child("spec", "parentRef")),
  validatesOnUpdate: false,
  validateUpdate(object, old, errors, at) {
    if (!sameJson(object.spec?.parentRef, old.spec?.parentRef))
      errors.invalid(at.child("spec", "parentRef"), internalParent(object.spec?.parentRef), "field is immutable");
  },
  columns: [NAME, column("ParentRef")],
  // Upstream prints an age without a column for it.
  cells: (object, now) => [nameCell(object), parentCell(object.spec?.parentRef), ageCell(object, now)],
});

function parentCell(parent: ParentReference | undefined): string {
  if (!parent) return "<none>";
  const resource = parent.group ? `${parent.resource}.${parent.group}` : (parent.resource ?? "");
  return [resource, ...(parent.namespace ? [parent.namespace] : []), parent.name ?? ""].join("/");
}

function validateParent(parent: ParentReference | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!parent) {
    errors.required(at);
    return;
  }
  if (parent.group) for (const problem of isDNS1123Subdomain(parent.group)) errors.invalid(at.child("group"), parent.group, problem);
  const check = (field: "resource" | "name" | "namespace", required: boolean) => {
    const value = parent[field];
    if (!value) {
      if (required) errors.required(at.child(field));
      return;
    }
    for (const problem of isPathSegmentName(value)) errors.invalid(at.child(field), value, problem);
  };
  check("resource", true);
  check("name", true);
  check("namespace", false);
}

function internalParent(parent: ParentReference | undefined): unknown {
  return parent ? { Group: parent.group ?? "", Resource: parent.resource ?? "", Namespace: parent.namespace ?? "", Name: parent.name ?? "" } : null;
}
