/** Deployment (apps/v1): replicas of a pod template, rolled over from one template to the next. */
import { sameJson } from "../core/equality.ts";
import { nonNegative, unsupported } from "../core/pod-spec/checks.ts";
import { applyPodTemplateDefaults } from "../core/pod-spec/defaults.ts";
import { dropDisabledFields } from "../core/pod-spec/disabled-fields.ts";
import { dnsLabelWarnings, templateWarnings } from "../core/pod-spec/warnings.ts";
import { SELECTOR_COLUMN, TEMPLATE_COLUMNS, templateCells } from "../core/pod-template-cells.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import { type FieldErrors, FieldPath } from "../machinery/field.ts";
import { selectorCell } from "../machinery/label-selector.ts";
import type { Deployment, DeploymentStatus, DeploymentStrategy } from "../schema/generated/types/apps.v1.ts";
import { magnitude, validateAtMost100Percent, validateIntOrPercent } from "./int-or-percent.ts";
import { validateImmutableSelector, validatePodSelector, validateTemplateForReplicas } from "./pod-selector.ts";

const STRATEGIES: readonly string[] = ["Recreate", "RollingUpdate"];

export const deployment = defineKind<Deployment>({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  shortNames: ["deploy"],
  categories: ["all"],
  scope: "Namespaced",
  subresources: {
    status: { keeps: { labels: false }, validateUpdate: (object, old, errors) => validateStatus(object.status, old.status, errors) },
    scale: { spec: ".spec.replicas", status: ".status.replicas", selector: ".spec.selector" },
  },
  applyDefaults({ spec }) {
    spec.replicas ??= 1;
    spec.strategy ??= {};
    const { strategy } = spec;
    if (!strategy.type) strategy.type = "RollingUpdate";
    if (strategy.type === "RollingUpdate") {
      strategy.rollingUpdate ??= {};
      strategy.rollingUpdate.maxUnavailable ??= "25%";
      strategy.rollingUpdate.maxSurge ??= "25%";
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    applyPodTemplateDefaults(spec.template);
  },
  prepareForCreate: ({ spec }) => dropDisabledFields(spec.template.spec),
  prepareForUpdate: ({ spec }) => dropDisabledFields(spec.template.spec),
  validate: validateDeployment,
  validateUpdate: ({ spec }, old, errors, at) => validateImmutableSelector(spec.selector, old.spec.selector, errors, at.child("spec", "selector")),
  warnings: (object, old) => [
    ...(old ? [] : dnsLabelWarnings(object.metadata.name)),
    ...templateWarnings(object.spec.template, old?.spec.template, "spec.template"),
  ],
  // Annotations count too: `kubectl rollout` and the deployment controller keep theirs in step with the observed generation.
  generation: (object, old) => !sameJson(object.spec, old.spec) || !sameJson(object.metadata.annotations, old.metadata.annotations),
  resetFields: { "": [["status"]], status: [["spec"], ["metadata", "labels"]] },
  columns: [NAME, column("Ready"), column("Up-to-date"), column("Available"), AGE, ...TEMPLATE_COLUMNS, SELECTOR_COLUMN],
  cells(object, now) {
    const { readyReplicas = 0, updatedReplicas = 0, availableReplicas = 0 } = object.status ?? {};
    return [
      nameCell(object),
      `${readyReplicas}/${object.spec.replicas ?? 0}`,
      updatedReplicas,
      availableReplicas,
      ageCell(object, now),
      ...templateCells(object.spec.template),
      selectorCell(object.spec.selector),
    ];
  },
});

function validateDeployment({ spec }: Deployment, errors: FieldErrors, root: FieldPath): void {
  const at = root.child("spec");
  nonNegative(errors, at.child("replicas"), spec.replicas);
  const matcher = validatePodSelector(spec.selector, "empty selector is invalid for deployment", errors, at.child("selector"));
  if (matcher) validateTemplateForReplicas(spec.template, matcher, spec.selector, "ReplicaSet", errors, at.child("template"));
  validateStrategy(spec.strategy, errors, at.child("strategy"));
  nonNegative(errors, at.child("minReadySeconds"), spec.minReadySeconds);
  nonNegative(errors, at.child("revisionHistoryLimit"), spec.revisionHistoryLimit);
  if (spec.progressDeadlineSeconds === undefined) return;
  nonNegative(errors, at.child("progressDeadlineSeconds"), spec.progressDeadlineSeconds);
  if (spec.progressDeadlineSeconds <= (spec.minReadySeconds ?? 0)) {
    errors.invalid(at.child("progressDeadlineSeconds"), spec.progressDeadlineSeconds, "must be greater than minReadySeconds");
  }
}

function validateStrategy({ type, rollingUpdate }: DeploymentStrategy, errors: FieldErrors, at: FieldPath): void {
  if (type === "Recreate") {
    if (rollingUpdate) errors.forbidden(at.child("rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'");
  } else if (type === "RollingUpdate") {
    const here = at.child("rollingUpdate");
    if (!rollingUpdate) {
      errors.required(here, "this should be defaulted and never be nil");
      return;
    }
    const { maxUnavailable, maxSurge } = rollingUpdate;
    validateIntOrPercent(maxUnavailable, errors, here.child("maxUnavailable"));
    validateIntOrPercent(maxSurge, errors, here.child("maxSurge"));
    if (magnitude(maxUnavailable) === 0 && magnitude(maxSurge) === 0) {
      errors.invalid(here.child("maxUnavailable"), maxUnavailable, "may not be 0 when `maxSurge` is 0");
    }
    validateAtMost100Percent(maxUnavailable, errors, here.child("maxUnavailable"));
  } else unsupported(errors, at, internalStrategy({ type, rollingUpdate }), STRATEGIES);
}

/** As upstream prints it: the internal type's field names. */
function internalStrategy({ type, rollingUpdate }: DeploymentStrategy): object {
  const rolling = rollingUpdate ? { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 } : null;
  return { Type: type ?? "", RollingUpdate: rolling };
}

function validateStatus(status: DeploymentStatus, old: DeploymentStatus | undefined, errors: FieldErrors): void {
  const at = FieldPath.of("status");
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0, collisionCount } = status;
  for (const field of [
    "observedGeneration",
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
    "terminatingReplicas",
    "collisionCount",
  ] as const) {
    nonNegative(errors, at.child(field), status[field]);
  }
  const whole = "cannot be greater than status.replicas";
  if (updatedReplicas > replicas) errors.invalid(at.child("updatedReplicas"), updatedReplicas, whole);
  if (readyReplicas > replicas) errors.invalid(at.child("readyReplicas"), readyReplicas, whole);
  if (availableReplicas > replicas) errors.invalid(at.child("availableReplicas"), availableReplicas, whole);
  if (availableReplicas > readyReplicas) errors.invalid(at.child("availableReplicas"), availableReplicas, "cannot be greater than readyReplicas");
  validateCollisionCount(collisionCount, old?.collisionCount, errors, at.child("collisionCount"));
}

/** The collision count names the next hash to try, so it never goes back. */
export function validateCollisionCount(count: number | undefined, old: number | undefined, errors: FieldErrors, at: FieldPath): void {
  if (old !== undefined && (count === undefined || count < old)) errors.invalid(at, count ?? 0, "cannot be decremented");
}
