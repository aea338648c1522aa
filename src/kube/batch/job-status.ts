/** What the Job controller (or another that manages the Job) may report in a Job's status. */
import { nonNegative } from "../core/pod-spec/checks.ts";
import { type FieldErrors, FieldPath, OMIT_VALUE } from "../machinery/field.ts";
import type { Job, JobStatus } from "../schema/generated/types/batch.v1.ts";
import { indexesOf } from "./index-intervals.ts";

export function validateJobStatus(object: Job, old: Job, errors: FieldErrors): void {
  const at = FieldPath.of("status");
  const { status } = object;
  for (const field of ["active", "succeeded", "failed", "ready", "terminating"] as const) nonNegative(errors, at.child(field), status[field]);
  validateUncounted(status, errors, at.child("uncountedTerminatedPods"));
  validateConditions(status, errors, at);
  validateFinished(status, errors, at);
  validateIndexes(object, old, errors, at);
  if ((status.ready ?? 0) > (status.active ?? 0) && status.ready !== old.status?.ready) {
    errors.invalid(at.child("ready"), status.ready, "cannot set more ready pods than active");
  }
  validateTransition(object, old, errors, at);
}

/** Whether a condition is True. */
function is(status: JobStatus | undefined, type: string): boolean {
  return status?.conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
}

/** Uids of pods that are not counted yet: none empty, none twice. */
function validateUncounted(status: JobStatus, errors: FieldErrors, at: FieldPath): void {
  const seen = new Set<string>();
  for (const list of ["succeeded", "failed"] as const) {
    status.uncountedTerminatedPods?.[list]?.forEach((uid, i) => {
      const here = at.child(list).index(i);
      if (uid === "") errors.invalid(here, uid, "must not be empty");
      else if (seen.has(uid)) errors.duplicate(here, uid);
      else seen.add(uid);
    });
  }
}

/** Which conditions exclude and which require one another (KEP-3998, KEP-4368), and the completion time that goes with Complete. */
function validateConditions(status: JobStatus, errors: FieldErrors, at: FieldPath): void {
  const conditionsAt = at.child("conditions");
  const timeAt = at.child("completionTime");
  const [complete, failed, failureTarget, successCriteriaMet] = ["Complete", "Failed", "FailureTarget", "SuccessCriteriaMet"].map((type) => is(status, type));
  if (complete && failed) errors.invalid(conditionsAt, OMIT_VALUE, "cannot set Complete=True and Failed=true conditions");
  if (complete && failureTarget) errors.invalid(conditionsAt, OMIT_VALUE, "cannot set Complete=True and FailureTarget=true conditions");
  if (status.completionTime && !complete) errors.invalid(timeAt, status.completionTime, "cannot set completionTime when there is no Complete=True condition");
  if (complete && !status.completionTime) errors.required(timeAt, "completionTime is required for Complete jobs");
  if (status.completionTime && status.startTime && Date.parse(status.completionTime) < Date.parse(status.startTime)) {
    errors.invalid(timeAt, status.completionTime, "must be equal to or after `startTime`");
  }
  if (failed && !failureTarget) errors.invalid(conditionsAt, OMIT_VALUE, "cannot set Failed=True condition without the FailureTarget=true condition");
  if (complete && !successCriteriaMet)
    errors.invalid(conditionsAt, OMIT_VALUE, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
  if (successCriteriaMet && failed) errors.invalid(conditionsAt, OMIT_VALUE, "cannot set SuccessCriteriaMet=True and Failed=true conditions");
  if (successCriteriaMet && failureTarget) errors.invalid(conditionsAt, OMIT_VALUE, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
}

/** A finished Job has no pods left and has once begun. */
function validateFinished(status: JobStatus, errors: FieldErrors, at: FieldPath): void {
  if (!is(status, "Complete") && !is(status, "Failed")) return;
  const { active = 0, terminating = 0, uncountedTerminatedPods: uncounted } = status;
  if (active > 0) errors.invalid(at.child("active"), active, "active>0 is invalid for finished job");
  if (!status.startTime) errors.required(at.child("startTime"), "startTime is required for finished job");
  if (uncounted && (uncounted.succeeded?.length ?? 0) + (uncounted.failed?.length ?? 0) > 0) {
    const shown = { Succeeded: uncounted.succeeded ?? null, Failed: uncounted.failed ?? null };
    errors.invalid(at.child("uncountedTerminatedPods"), shown, "must be empty for finished job");
  }
  if (terminating > 0) errors.invalid(at.child("terminating"), terminating, "terminating>0 is invalid for finished job");
}

function validateIndexes({ spec, status }: Job, old: Job, errors: FieldErrors, at: FieldPath): void {
  const { completedIndexes = "", failedIndexes } = status;
  const read = (text: string, field: "completedIndexes" | "failedIndexes"): Set<number> | undefined => {
    try {
      return indexesOf(text, spec.completions ?? 0);
    } catch (error) {
      errors.invalid(at.child(field), text, `error parsing ${field}: ${(error as Error).message}`);
      return undefined;
    }
  };
  if (completedIndexes === (old.status?.completedIndexes ?? "") && failedIndexes === old.status?.failedIndexes) return;
  if (spec.completionMode !== "Indexed") {
    if (completedIndexes)
      errors.invalid(at.child("completedIndexes"), completedIndexes, "cannot set non-empty completedIndexes when non-indexed completion mode");
  }
  const completed = spec.completionMode === "Indexed" ? read(completedIndexes, "completedIndexes") : new Set<number>();
  if (failedIndexes === undefined) return;
  if (spec.backoffLimitPerIndex === undefined) {
    errors.invalid(at.child("failedIndexes"), failedIndexes, "cannot set non-null failedIndexes when backoffLimitPerIndex is null");
  }
  if (spec.completionMode !== "Indexed" || !completed) return;
  const overlap = [...(read(failedIndexes, "failedIndexes") ?? [])].find((index) => completed.has(index));
  if (overlap !== undefined) errors.invalid(at.child("failedIndexes"), failedIndexes, `failedIndexes and completedIndexes overlap at index: ${overlap}`);
}

/** Finished stays finished, counters only grow, and a running Job keeps the time that it began. */
function validateTransition({ spec, status }: Job, old: Job, errors: FieldErrors, at: FieldPath): void {
  const before = old.status ?? {};
  const conditionsAt = at.child("conditions");
  for (const type of ["Failed", "Complete", "FailureTarget"]) {
    if (is(before, type) && !is(status, type)) errors.invalid(conditionsAt, OMIT_VALUE, `cannot disable the terminal ${type}=True condition`);
  }
  if ((status.failed ?? 0) < (before.failed ?? 0)) errors.invalid(at.child("failed"), status.failed ?? 0, "cannot decrease the failed counter");
  if ((status.succeeded ?? 0) < (before.succeeded ?? 0)) errors.invalid(at.child("succeeded"), status.succeeded ?? 0, "cannot decrease the succeeded counter");
  if (before.completionTime && is(before, "Complete") && status.completionTime && status.completionTime !== before.completionTime) {
    errors.invalid(at.child("completionTime"), status.completionTime, "field is immutable");
  }
  if (before.startTime && status.startTime !== before.startTime && !spec.suspend) {
    errors.invalid(at.child("startTime"), status.startTime ?? null, "field is immutable for unsuspended job once set");
  }
  if (is(before, "SuccessCriteriaMet") && !is(status, "SuccessCriteriaMet")) {
    errors.invalid(conditionsAt, OMIT_VALUE, "cannot disable the SuccessCriteriaMet=True condition");
  }
}
