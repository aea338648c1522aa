/** ReplicationController (v1): the elder of ReplicaSet, with a plain label map as its selector. */
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { ReplicationController } from "../schema/generated/types/core.v1.ts";
import { nonNegative, sortedByKey, unsupported } from "./pod-spec/checks.ts";
import { applyPodTemplateDefaults } from "./pod-spec/defaults.ts";
import { dropDisabledFields } from "./pod-spec/disabled-fields.ts";
import { validateReplicaCounts } from "./pod-spec/replicas.ts";
import { validatePodTemplateSpec } from "./pod-spec/template.ts";
import { dnsLabelWarnings, templateWarnings } from "./pod-spec/warnings.ts";
import { SELECTOR_COLUMN, TEMPLATE_COLUMNS, templateCells } from "./pod-template-cells.ts";
import { AGE, ageCell, column, labelsCell, NAME, nameCell } from "./table.ts";

export const replicationController = defineKind<ReplicationController>({
  group: "",
  version: "v1",
  kind: "ReplicationController",
  plural: "replicationcontrollers",
  shortNames: ["rc"],
  categories: ["all"],
  scope: "Namespaced",
  subresources: {
    status: { validateUpdate: (object, _old, errors) => validateReplicaCounts(object.status, errors) },
    scale: { spec: ".spec.replicas", status: ".status.replicas", selector: ".spec.selector" },
  },
  applyDefaults(object) {
    const { spec } = object;
    const labels = spec.template?.metadata?.labels;
    if (labels) {
      if (!spec.selector || Object.keys(spec.selector).length === 0) spec.selector = { ...labels };
      if (!object.metadata.labels || Object.keys(object.metadata.labels).length === 0) object.metadata.labels = { ...labels };
    }
    spec.replicas ??= 1;
    applyPodTemplateDefaults(spec.template);
  },
  prepareForCreate: ({ spec }) => spec.template && dropDisabledFields(spec.template.spec),
  prepareForUpdate: ({ spec }) => spec.template && dropDisabledFields(spec.template.spec),
  validate: validateReplicationController,
  warnings: (object, old) => [
    ...(old ? [] : dnsLabelWarnings(object.metadata.name)),
    ...templateWarnings(object.spec.template, old?.spec.template, "spec.template"),
  ],
  generation: "spec",
  defaultPropagation: "Orphan",
  selectableFields: { "status.replicas": (object) => String(object.status?.replicas ?? 0) },
  columns: [NAME, ...["Desired", "Current", "Ready"].map((name) => column(name, { type: "integer" })), AGE, ...TEMPLATE_COLUMNS, SELECTOR_COLUMN],
  cells: (object, now) => [
    nameCell(object),
    object.spec.replicas ?? 0,
    object.status?.replicas ?? 0,
    object.status?.readyReplicas ?? 0,
    ageCell(object, now),
    ...templateCells(object.spec.template),
    labelsCell(object.spec.selector),
  ],
});

function validateReplicationController({ spec }: ReplicationController, errors: FieldErrors, root: FieldPath): void {
  const at = root.child("spec");
  const selector = spec.selector ?? {};
  nonNegative(errors, at.child("minReadySeconds"), spec.minReadySeconds);
  if (Object.keys(selector).length === 0) errors.required(at.child("selector"));
  nonNegative(errors, at.child("replicas"), spec.replicas);
  const here = at.child("template");
  const { template } = spec;
  if (!template) {
    errors.required(here);
    return;
  }
  const labels = template.metadata?.labels ?? {};
  if (Object.keys(selector).length > 0 && Object.entries(selector).some(([key, value]) => labels[key] !== value)) {
    errors.invalid(here.child("metadata", "labels"), sortedByKey(labels), "`selector` does not match template `labels`");
  }
  validatePodTemplateSpec(template, errors, here);
  if (template.spec.restartPolicy !== "Always") unsupported(errors, here.child("spec", "restartPolicy"), template.spec.restartPolicy, ["Always"]);
  if (template.spec.activeDeadlineSeconds !== undefined)
    errors.forbidden(here.child("spec", "activeDeadlineSeconds"), "activeDeadlineSeconds in ReplicationController is not Supported");
}
