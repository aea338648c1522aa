import { describe, expect, test } from "vitest";
import { CONTROLLER_UID, job } from "../../../src/kube/batch/job.ts";
import { FieldErrors, FieldPath } from "../../../src/kube/machinery/field.ts";
import type { JsonObject } from "../../../src/kube/object.ts";
import type { Job, JobStatus } from "../../../src/kube/schema/generated/types/batch.v1.ts";

const CONTEXT = { now: new Date("2026-01-02T03:04:05Z"), user: { username: "tester", groups: [] } };
const EARLY = "2020-01-01T00:00:00Z";
const LATE = "2021-01-01T00:00:00Z";

function stored(spec: JsonObject, template: JsonObject = {}): Job {
  const body = { template: { ...template, spec: { restartPolicy: "Never", containers: [{ name: "a", image: "nginx" }] } }, ...spec };
  const made = job.decode({ apiVersion: "batch/v1", kind: "Job", metadata: { name: "j", namespace: "ns", uid: "u" }, spec: body }, { strict: [] }) as Job;
  job.applyDefaults?.(made);
  job.prepareForCreate?.(made, CONTEXT);
  return made;
}

function texts(errors: FieldErrors): string[] {
  return errors.list.map((error) => `${error.field}: ${error.body()}`);
}

describe("creating a Job", () => {
  test("labels its pods with uid and name, selects by the uid and takes over the labels", () => {
    const made = stored({}, { metadata: { labels: { app: "x" } } });
    const labels = { app: "x", "job-name": "j", "batch.kubernetes.io/job-name": "j", "controller-uid": "u", [CONTROLLER_UID]: "u" };
    expect(made.spec.template.metadata.labels).toEqual(labels);
    expect(made.metadata.labels).toEqual(labels);
    expect(made.spec.selector).toEqual({ matchLabels: { [CONTROLLER_UID]: "u" } });
  });

  test("leaves a manual selector alone", () => {
    const made = stored({ manualSelector: true, selector: { matchLabels: { a: "b" } } }, { metadata: { labels: { a: "b" } } });
    expect(made.spec.template.metadata.labels).toEqual({ a: "b" });
    expect(made.spec.selector).toEqual({ matchLabels: { a: "b" } });
  });
});

describe("updating a Job", () => {
  const running = stored({ parallelism: 2, completions: 2 });
  const suspended = stored({ parallelism: 2, completions: 2, completionMode: "Indexed", suspend: true });

  function update(old: Job, change: (object: Job) => void): string[] {
    const changed = structuredClone(old);
    change(changed);
    const errors = new FieldErrors();
    job.validateUpdate?.(changed, old, errors, FieldPath.root);
    return texts(errors).map((text) => text.replace(/Invalid value: \{.*\}/, "Invalid value: {…}"));
  }

  test.each<[string, Job, (object: Job) => void, string[]]>([
    ["may change how many run at once", running, ({ spec }) => Object.assign(spec, { parallelism: 5 }), []],
    [
      "may change limits and suspend",
      running,
      ({ spec }) => Object.assign(spec, { backoffLimit: 3, activeDeadlineSeconds: 3, ttlSecondsAfterFinished: 4, suspend: true }),
      [],
    ],
    ["may not change completions", running, ({ spec }) => Object.assign(spec, { completions: 5 }), ["spec.completions: Invalid value: 5: field is immutable"]],
    ["may change completions of an Indexed Job with parallelism", suspended, ({ spec }) => Object.assign(spec, { completions: 5, parallelism: 5 }), []],
    [
      "but not without",
      suspended,
      ({ spec }) => Object.assign(spec, { completions: 5 }),
      ["spec.completions: Invalid value: 5: can only be modified in tandem with spec.parallelism"],
    ],
    [
      "may not change the image",
      running,
      ({ spec }) => Object.assign(spec.template.spec.containers[0] as object, { image: "x" }),
      ["spec.template: Invalid value: {…}: field is immutable"],
    ],
    [
      "nor the image while suspended",
      suspended,
      ({ spec }) => Object.assign(spec.template.spec.containers[0] as object, { image: "x" }),
      ["spec.template.spec: Invalid value: {…}: field is immutable"],
    ],
    [
      "may not change where it runs",
      running,
      ({ spec }) => Object.assign(spec.template.spec, { nodeSelector: { a: "b" } }),
      ["spec.template: Invalid value: {…}: field is immutable"],
    ],
    [
      "may change where it will run while suspended",
      suspended,
      ({ spec: { template } }) => {
        Object.assign(template.spec, { nodeSelector: { a: "b" }, tolerations: [{ operator: "Exists" }], schedulingGates: [{ name: "x" }] });
        Object.assign(template.metadata, { annotations: { a: "b" } });
      },
      [],
    ],
    [
      "may change resources while suspended",
      suspended,
      ({ spec }) => Object.assign(spec.template.spec.containers[0] as object, { resources: { requests: { cpu: "1" } } }),
      [],
    ],
    [
      "may not change the selector",
      running,
      ({ spec }) => Object.assign(spec, { selector: { matchLabels: { a: "b" } } }),
      [
        "spec.template.metadata.labels: Invalid value: {…}: `selector` does not match template `labels`",
        "spec.selector: Invalid value: {…}: field is immutable",
      ],
    ],
    [
      "may not lose the selector",
      running,
      ({ spec }) => delete spec.selector,
      [
        "spec.selector: Required value",
        "spec.template.metadata.labels: Invalid value: {…}: `selector` does not match template `labels`",
        "spec.selector: Invalid value: null: field is immutable",
      ],
    ],
    [
      "may not change who manages it",
      running,
      ({ spec }) => Object.assign(spec, { managedBy: "a.b/c" }),
      ['spec.managedBy: Invalid value: "a.b/c": field is immutable'],
    ],
  ])("%s", (_what, old, change, causes) => expect(update(old, change)).toEqual(causes));
});

describe("reporting a Job's status", () => {
  const conditions = (...types: string[]) => types.map((type) => ({ type, status: "True", lastProbeTime: EARLY, lastTransitionTime: EARLY }));

  function report(status: JobStatus, before: JobStatus = {}, spec: JsonObject = {}): string[] {
    const old = { ...stored(spec), status: before };
    const errors = new FieldErrors();
    const rules = job.subresources?.status;
    if (typeof rules === "object") rules.validateUpdate?.({ ...old, status } as Job, old as Job, errors);
    return texts(errors);
  }
  const done = { startTime: EARLY, completionTime: LATE, succeeded: 1, conditions: conditions("SuccessCriteriaMet", "Complete") };

  test.each<[string, JobStatus, JobStatus, JsonObject, string[]]>([
    ["counts", { startTime: EARLY, active: 1, ready: 1, terminating: 5 }, {}, {}, []],
    ["completes", done, {}, {}, []],
    [
      "never completes without times and criteria",
      { conditions: conditions("Complete") },
      {},
      {},
      [
        "status.completionTime: Required value: completionTime is required for Complete jobs",
        "status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
        "status.startTime: Required value: startTime is required for finished job",
      ],
    ],
    [
      "keeps the order of time",
      { ...done, startTime: LATE, completionTime: EARLY },
      {},
      {},
      ['status.completionTime: Invalid value: "2020-01-01T00:00:00Z": must be equal to or after `startTime`'],
    ],
    [
      "does not fail before it is to fail",
      { startTime: EARLY, conditions: conditions("Failed") },
      {},
      {},
      ["status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition"],
    ],
    [
      "does not both succeed and fail",
      { startTime: EARLY, conditions: conditions("SuccessCriteriaMet", "FailureTarget") },
      {},
      {},
      ["status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"],
    ],
    [
      "has no pods left when finished",
      { ...done, active: 1, terminating: 3, uncountedTerminatedPods: { succeeded: ["a"] } },
      {},
      {},
      [
        "status.active: Invalid value: 1: active>0 is invalid for finished job",
        'status.uncountedTerminatedPods: Invalid value: {"Succeeded":["a"],"Failed":null}: must be empty for finished job',
        "status.terminating: Invalid value: 3: terminating>0 is invalid for finished job",
      ],
    ],
    [
      "never unfinishes",
      { startTime: EARLY, succeeded: 1, conditions: conditions("SuccessCriteriaMet") },
      done,
      {},
      ["status.conditions: Invalid value: cannot disable the terminal Complete=True condition"],
    ],
    [
      "never counts down",
      { startTime: EARLY, succeeded: 1, failed: 1 },
      { startTime: EARLY, succeeded: 3, failed: 3 },
      {},
      ["status.failed: Invalid value: 1: cannot decrease the failed counter", "status.succeeded: Invalid value: 1: cannot decrease the succeeded counter"],
    ],
    [
      "keeps its start",
      { startTime: LATE },
      { startTime: EARLY },
      {},
      ['status.startTime: Invalid value: "2021-01-01T00:00:00Z": field is immutable for unsuspended job once set'],
    ],
    ["starts anew after a suspension", {}, { startTime: EARLY }, { suspend: true }, []],
    ["has no more ready pods than active ones", { ready: 5, active: 3 }, {}, {}, ["status.ready: Invalid value: 5: cannot set more ready pods than active"]],
    [
      "lists indexes of Indexed Jobs only",
      { completedIndexes: "1" },
      {},
      {},
      ['status.completedIndexes: Invalid value: "1": cannot set non-empty completedIndexes when non-indexed completion mode'],
    ],
    [
      "lists indexes that exist",
      { completedIndexes: "9" },
      {},
      { completionMode: "Indexed", completions: 5 },
      ['status.completedIndexes: Invalid value: "9": error parsing completedIndexes: too large index: "9"'],
    ],
    [
      "lists an index once",
      { completedIndexes: "0-2", failedIndexes: "1,4" },
      {},
      { completionMode: "Indexed", completions: 5, backoffLimitPerIndex: 1 },
      ['status.failedIndexes: Invalid value: "1,4": failedIndexes and completedIndexes overlap at index: 1'],
    ],
    [
      "names uncounted pods once",
      { uncountedTerminatedPods: { succeeded: ["a", "a", ""], failed: ["a"] } },
      {},
      {},
      [
        'status.uncountedTerminatedPods.succeeded[1]: Duplicate value: "a"',
        'status.uncountedTerminatedPods.succeeded[2]: Invalid value: "": must not be empty',
        'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
      ],
    ],
  ])("%s", (_what, status, before, spec, causes) => expect(report(status, before, spec)).toEqual(causes));
});
