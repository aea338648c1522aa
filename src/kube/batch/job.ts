/** Job (batch/v1): pods that run to completion. */
import { sameJson } from "../core/equality.ts";
import { shownSelector, sortedByKey } from "../core/pod-spec/checks.ts";
import { dropDisabledFields } from "../core/pod-spec/disabled-fields.ts";
import { dnsLabelWarnings, templateWarnings } from "../core/pod-spec/warnings.ts";
import { SELECTOR_COLUMN, TEMPLATE_COLUMNS, templateCells } from "../core/pod-template-cells.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import { humanDuration } from "../machinery/duration.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { fromLabelSelectorObject, selectorCell, validateLabelSelector } from "../machinery/label-selector.ts";
import { isDNS1123Label } from "../machinery/names.ts";
import type { Job } from "../schema/generated/types/batch.v1.ts";
import { applyJobSpecDefaults, validateJobSpec } from "./job-spec.ts";
import { validateJobStatus } from "./job-status.ts";
import { validateJobUpdate } from "./job-update.ts";

export const CONTROLLER_UID = "batch.kubernetes.io/controller-uid";
export const JOB_NAME = "batch.kubernetes.io/job-name";
const LEGACY_CONTROLLER_UID = "controller-uid";
const LEGACY_JOB_NAME = "job-name";

export const job = defineKind<Job>({
  group: "batch",
  version: "v1",
  kind: "Job",
  plural: "jobs",
  categories: ["all"],
  scope: "Namespaced",
  subresources: { status: { validateUpdate: (object, old, errors) => validateJobStatus(object, old, errors) } },
  applyDefaults(object) {
    applyJobSpecDefaults(object.spec);
    shareTemplateLabels(object);
  },
  prepareForCreate(object) {
    const shared = object.metadata.labels === undefined || object.metadata.labels === object.spec.template.metadata?.labels;
    if (!object.spec.manualSelector) generateSelector(object);
    const labels = object.spec.template.metadata?.labels;
    if (shared && labels) object.metadata.labels = { ...labels };
    dropDisabledFields(object.spec.template.spec);
  },
  prepareForUpdate: ({ spec }) => dropDisabledFields(spec.template.spec),
  validate: validateJob,
  validateUpdate(object, old, errors, root) {
    // Once more: upstream lists what is wrong with the spec twice among the causes.
    validateSpec(object.spec, errors, root.child("spec"));
    validateJobUpdate(object, old, errors, root);
  },
  warnings: (object, old) => [
    ...(old ? [] : dnsLabelWarnings(object.metadata.name)),
    ...indexTrackingWarnings(object),
    ...templateWarnings(object.spec.template, old?.spec.template, "spec.template"),
  ],
  generation: "spec",
  defaultPropagation: "Orphan",
  resetFields: { "": [["status"]], status: [["spec"]] },
  selectableFields: { "status.successful": (object) => String(object.status?.succeeded ?? 0) },
  refuseField: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
  columns: [NAME, column("Status"), column("Completions"), column("Duration"), AGE, ...TEMPLATE_COLUMNS, SELECTOR_COLUMN],
  cells: (object, now) => [
    nameCell(object),
    statusCell(object),
    completionsCell(object),
    durationCell(object, now),
    ageCell(object, now),
    ...templateCells(object.spec.template),
    selectorCell(object.spec.selector),
  ],
});

/** A Job without labels of its own has its template's. Sharing the map lets the generated ones appear in both (`prepareForCreate`). */
function shareTemplateLabels({ metadata, spec }: Job): void {
  const labels = spec.template?.metadata?.labels;
  if (labels && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels;
}

/** The Job's pods carry its uid and name as labels, and its selector asks for the uid. What the author set stays, and validation judges it. */
function generateSelector({ metadata, spec }: Job): void {
  const uid = metadata.uid ?? "";
  spec.template.metadata ??= {};
  const labels = { ...spec.template.metadata.labels };
  for (const [key, value] of [
    [LEGACY_JOB_NAME, metadata.name ?? ""],
    [JOB_NAME, metadata.name ?? ""],
    [LEGACY_CONTROLLER_UID, uid],
    [CONTROLLER_UID, uid],
  ] as const) {
    labels[key] ??= value;
  }
  spec.template.metadata.labels = labels;
  spec.selector ??= {};
  spec.selector.matchLabels = { ...spec.selector.matchLabels };
  spec.selector.matchLabels[CONTROLLER_UID] ??= uid;
}

function validateJob(object: Job, errors: FieldErrors, root: FieldPath): void {
  validateIndexedName(object, errors, root.child("metadata", "name"));
  if (!object.spec.manualSelector && object.spec.selector) validateGenerated(object, errors, root.child("spec"));
  validateSpec(object.spec, errors, root.child("spec"));
}

function validateSpec(spec: Job["spec"], errors: FieldErrors, at: FieldPath): void {
  validateJobSpec(spec, errors, at);
  if (!spec.selector) errors.required(at.child("selector"));
  else validateLabelSelector(spec.selector, errors, at.child("selector"));
  const labels = spec.template.metadata?.labels;
  try {
    if (!fromLabelSelectorObject(spec.selector).matches(labels ?? {})) {
      errors.invalid(at.child("template", "metadata", "labels"), labels ? sortedByKey(labels) : null, "`selector` does not match template `labels`");
    }
  } catch {
    // An unreadable selector has been reported above.
  }
}

/** Pods of an Indexed Job are named <job>-<index>, and that is their host name. */
function validateIndexedName({ metadata, spec }: Job, errors: FieldErrors, at: FieldPath): void {
  if (spec.completionMode !== "Indexed" || !spec.completions || spec.completions <= 0) return;
  const last = `${metadata.name ?? ""}-${spec.completions - 1}`;
  if (isDNS1123Label(last).length > 0) errors.invalid(at, metadata.name, `will not able to create pod with invalid DNS label: ${last}`);
}

function validateGenerated({ metadata, spec }: Job, errors: FieldErrors, at: FieldPath): void {
  const labels = spec.template.metadata?.labels ?? {};
  const labelsAt = at.child("template", "metadata", "labels");
  const uid = metadata.uid ?? "";
  for (const [key, value] of [
    [LEGACY_CONTROLLER_UID, uid],
    [LEGACY_JOB_NAME, metadata.name ?? ""],
    [CONTROLLER_UID, uid],
    [JOB_NAME, metadata.name ?? ""],
  ] as const) {
    if (labels[key] !== value) errors.invalid(labelsAt.key(key), sortedByKey(labels), `must be '${value}'`);
  }
  const expected = { matchLabels: { [CONTROLLER_UID]: uid } };
  if (!sameJson(spec.selector, expected) && !sameJson(spec.selector, { matchLabels: { [LEGACY_CONTROLLER_UID]: uid } })) {
    errors.invalid(at.child("selector"), shownSelector(spec.selector), "`selector` not auto-generated");
  }
}

/** Too many indexes that may fail at once do not fit the status that lists them. */
function indexTrackingWarnings({ spec }: Job): string[] {
  const many = spec.completionMode === "Indexed" && (spec.completions ?? 0) > 100_000 && (spec.parallelism ?? 0) > 10_000;
  if (!many) return [];
  return [
    "spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail",
  ];
}

function hasCondition(object: Job, type: string): boolean {
  return object.status?.conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
}

function statusCell(object: Job): string {
  if (hasCondition(object, "Complete")) return "Complete";
  if (hasCondition(object, "Failed")) return "Failed";
  if (object.metadata.deletionTimestamp) return "Terminating";
  if (hasCondition(object, "Suspended")) return "Suspended";
  if (hasCondition(object, "FailureTarget")) return "FailureTarget";
  if (hasCondition(object, "SuccessCriteriaMet")) return "SuccessCriteriaMet";
  return "Running";
}

function completionsCell({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationCell({ status }: Job, now: Date): string {
  if (!status?.startTime) return "";
  const end = status.completionTime ? Date.parse(status.completionTime) : now.getTime();
  return humanDuration(end - Date.parse(status.startTime));
}
