/** ResourceQuota (v1): hard limits on what a namespace may use in all. */
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { entryOf } from "../machinery/json-value.ts";
import type { ResourceQuota } from "../schema/generated/types/core.v1.ts";
import { validateQuotaSpec, validateQuotaStatus } from "./quota-rules.ts";
import { AGE, ageCell, column, NAME, nameCell } from "./table.ts";

export const resourceQuota = defineKind<ResourceQuota>({
  group: "",
  version: "v1",
  kind: "ResourceQuota",
  plural: "resourcequotas",
  shortNames: ["quota"],
  scope: "Namespaced",
  subresources: { status: { keeps: { labels: true, annotations: true }, validateUpdate: validateQuotaStatus } },
  returnsDeletedObject: true,
  resetFields: { "": [["status"]], status: [["spec"]] },
  validate: (object, errors, at) => validateQuotaSpec(object.spec ?? {}, errors, at.child("spec")),
  validateUpdate: validateScopesUnchanged,
  columns: [NAME, column("Request"), column("Limit"), AGE],
  cells(object, now) {
    const requests: string[] = [];
    const limits: string[] = [];
    for (const resource of Object.keys(object.status?.hard ?? {}).sort()) {
      const text = `${resource}: ${entryOf(object.status?.used, resource) ?? "0"}/${object.status?.hard?.[resource]}`;
      (resource.startsWith("limits.") ? limits : requests).push(text);
    }
    return [nameCell(object), requests.join(", "), limits.join(", "), ageCell(object, now)];
  },
});

function validateScopesUnchanged(object: ResourceQuota, old: ResourceQuota, errors: FieldErrors, at: FieldPath): void {
  const now = new Set(object.spec?.scopes ?? []);
  const before = new Set(old.spec?.scopes ?? []);
  const same = now.size === before.size && [...now].every((scope) => before.has(scope));
  if (!same) errors.invalid(at.child("spec", "scopes"), object.spec?.scopes ?? null, "field is immutable");
}
