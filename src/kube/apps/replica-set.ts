/** ReplicaSet (apps/v1): keeps a number of pods of one template. */
import { nonNegative } from "../core/pod-spec/checks.ts";
import { applyPodTemplateDefaults } from "../core/pod-spec/defaults.ts";
import { dropDisabledFields } from "../core/pod-spec/disabled-fields.ts";
import { validateReplicaCounts } from "../core/pod-spec/replicas.ts";
import { dnsLabelWarnings, templateWarnings } from "../core/pod-spec/warnings.ts";
import { SELECTOR_COLUMN, TEMPLATE_COLUMNS, templateCells } from "../core/pod-template-cells.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { selectorCell } from "../machinery/label-selector.ts";
import type { ReplicaSet } from "../schema/generated/types/apps.v1.ts";
import { validateImmutableSelector, validatePodSelector, validateTemplateForReplicas } from "./pod-selector.ts";

export const replicaSet = defineKind<ReplicaSet>({
  group: "apps",
  version: "v1",
  kind: "ReplicaSet",
  plural: "replicasets",
  shortNames: ["rs"],
  categories: ["all"],
  scope: "Namespaced",
  subresources: {
    status: { validateUpdate: (object, _old, errors) => validateReplicaCounts(object.status, errors) },
    scale: { spec: ".spec.replicas", status: ".status.replicas", selector: ".spec.selector" },
  },
  applyDefaults({ spec }) {
    spec.replicas ??= 1;
    applyPodTemplateDefaults(spec.template);
  },
  prepareForCreate: ({ spec }) => dropDisabledFields(spec.template.spec),
  prepareForUpdate: ({ spec }) => dropDisabledFields(spec.template.spec),
  validate: validateReplicaSet,
  validateUpdate: ({ spec }, old, errors, at) => validateImmutableSelector(spec.selector, old.spec.selector, errors, at.child("spec", "selector")),
  warnings: (object, old) => [
    ...(old ? [] : dnsLabelWarnings(object.metadata.name)),
    ...templateWarnings(object.spec.template, old?.spec.template, "spec.template"),
  ],
  generation: "spec",
  resetFields: { "": [["status"]], status: [["spec"]] },
  columns: [NAME, ...["Desired", "Current", "Ready"].map((name) => column(name, { type: "integer" })), AGE, ...TEMPLATE_COLUMNS, SELECTOR_COLUMN],
  cells: (object, now) => [
    nameCell(object),
    object.spec.replicas ?? 0,
    object.status?.replicas ?? 0,
    object.status?.readyReplicas ?? 0,
    ageCell(object, now),
    ...templateCells(object.spec.template),
    selectorCell(object.spec.selector),
  ],
});

function validateReplicaSet({ spec }: ReplicaSet, errors: FieldErrors, root: FieldPath): void {
  const at = root.child("spec");
  nonNegative(errors, at.child("replicas"), spec.replicas);
  nonNegative(errors, at.child("minReadySeconds"), spec.minReadySeconds);
  const matcher = validatePodSelector(spec.selector, "empty selector is invalid for deployment", errors, at.child("selector"));
  if (matcher) validateTemplateForReplicas(spec.template, matcher, spec.selector, "ReplicaSet", errors, at.child("template"));
}
