/** CronJob (batch/v1): Jobs on a schedule. */
import { nonNegative, unsupported } from "../core/pod-spec/checks.ts";
import { dropDisabledFields } from "../core/pod-spec/disabled-fields.ts";
import { dnsLabelWarnings, templateWarnings } from "../core/pod-spec/warnings.ts";
import { SELECTOR_COLUMN, TEMPLATE_COLUMNS, templateCells } from "../core/pod-template-cells.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import { ageOf } from "../machinery/duration.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { selectorCell } from "../machinery/label-selector.ts";
import type { CronJob, CronJobSpec } from "../schema/generated/types/batch.v1.ts";
import { cronScheduleProblem } from "./cron-schedule.ts";
import { applyJobTemplateDefaults, validateJobSpec } from "./job-spec.ts";
import { isTimeZone } from "./time-zone.ts";

/** A Job's name is the CronJob's and a timestamp of up to 11 characters, within 63. */
const MAX_NAME = 52;
const POLICIES: readonly string[] = ["Allow", "Forbid", "Replace"];

export const cronJob = defineKind<CronJob>({
  group: "batch",
  version: "v1",
  kind: "CronJob",
  plural: "cronjobs",
  shortNames: ["cj"],
  categories: ["all"],
  scope: "Namespaced",
  subresources: { status: true },
  applyDefaults({ spec }) {
    if (!spec.concurrencyPolicy) spec.concurrencyPolicy = "Allow";
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    if (spec.jobTemplate?.spec) applyJobTemplateDefaults(spec.jobTemplate.spec);
  },
  prepareForCreate: ({ spec }) => dropDisabledFields(spec.jobTemplate.spec.template.spec),
  prepareForUpdate: ({ spec }) => dropDisabledFields(spec.jobTemplate.spec.template.spec),
  validate(object, errors, at) {
    validateCronJobSpec(object.spec, errors, at.child("spec"));
    const name = object.metadata.name ?? "";
    if (name.length > MAX_NAME) errors.invalid(at.child("metadata", "name"), name, `must be no more than ${MAX_NAME} characters`);
  },
  warnings: (object, old) => [
    ...(old ? [] : dnsLabelWarnings(object.metadata.name)),
    ...templateWarnings(object.spec.jobTemplate?.spec?.template, old?.spec.jobTemplate?.spec?.template, "spec.jobTemplate.spec.template"),
  ],
  generation: "spec",
  resetFields: { "": [["status"]], status: [["spec"]] },
  columns: [
    NAME,
    column("Schedule"),
    column("Timezone"),
    column("Suspend", { type: "boolean" }),
    column("Active", { type: "integer" }),
    column("Last Schedule"),
    AGE,
    ...TEMPLATE_COLUMNS,
    SELECTOR_COLUMN,
  ],
  cells: (object, now) => [
    nameCell(object),
    object.spec.schedule,
    object.spec.timeZone ?? "<none>",
    object.spec.suspend ? "True" : "False",
    object.status?.active?.length ?? 0,
    object.status?.lastScheduleTime ? ageOf(object.status.lastScheduleTime, now) : "<none>",
    ageCell(object, now),
    ...templateCells(object.spec.jobTemplate?.spec?.template),
    selectorCell(object.spec.jobTemplate?.spec?.selector),
  ],
});

function validateCronJobSpec(spec: CronJobSpec, errors: FieldErrors, at: FieldPath): void {
  if (!spec.schedule) errors.required(at.child("schedule"));
  else validateSchedule(spec.schedule, errors, at.child("schedule"));
  nonNegative(errors, at.child("startingDeadlineSeconds"), spec.startingDeadlineSeconds);
  if (spec.timeZone !== undefined) validateTimeZone(spec.timeZone, errors, at.child("timeZone"));
  if (!spec.concurrencyPolicy) errors.required(at.child("concurrencyPolicy"));
  else if (!POLICIES.includes(spec.concurrencyPolicy)) unsupported(errors, at.child("concurrencyPolicy"), spec.concurrencyPolicy, POLICIES);
  validateJobTemplate(spec, errors, at.child("jobTemplate"));
  nonNegative(errors, at.child("successfulJobsHistoryLimit"), spec.successfulJobsHistoryLimit);
  nonNegative(errors, at.child("failedJobsHistoryLimit"), spec.failedJobsHistoryLimit);
}

function validateSchedule(schedule: string, errors: FieldErrors, at: FieldPath): void {
  if (schedule.includes("TZ")) {
    errors.invalid(at, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
    return;
  }
  const problem = cronScheduleProblem(schedule);
  if (problem) errors.invalid(at, schedule, problem);
}

function validateTimeZone(name: string, errors: FieldErrors, at: FieldPath): void {
  if (name.length === 0) errors.invalid(at, name, "timeZone must be nil or non-empty string");
  else if (name.toLowerCase() === "local") errors.invalid(at, name, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
  else if (!isTimeZone(name)) errors.invalid(at, name, `unknown time zone ${name}`);
}

/** Each Job gets a selector of its own, so its template has none. */
function validateJobTemplate({ jobTemplate }: CronJobSpec, errors: FieldErrors, at: FieldPath): void {
  const { spec } = jobTemplate;
  validateJobSpec(spec, errors, at.child("spec"));
  if (spec.selector) errors.invalid(at.child("spec", "selector"), spec.selector, "`selector` will be auto-generated");
  if (spec.manualSelector) unsupported(errors, at.child("spec", "manualSelector"), spec.manualSelector, ["nil", "false"]);
}
