/** DaemonSet (apps/v1): one pod on every node that suits. */
import { sameJson } from "../core/equality.ts";
import { nonNegative, unsupported } from "../core/pod-spec/checks.ts";
import { applyPodTemplateDefaults } from "../core/pod-spec/defaults.ts";
import { dropDisabledFields } from "../core/pod-spec/disabled-fields.ts";
import { validatePodTemplateSpec } from "../core/pod-spec/template.ts";
import { templateWarnings } from "../core/pod-spec/warnings.ts";
import { SELECTOR_COLUMN, TEMPLATE_COLUMNS, templateCells } from "../core/pod-template-cells.ts";
import { AGE, ageCell, column, labelsCell, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import { type FieldErrors, FieldPath } from "../machinery/field.ts";
import { fromLabelSelectorObject, type LabelSelector, type LabelSelectorObject, selectorCell, validateLabelSelector } from "../machinery/label-selector.ts";
import type { DaemonSet, DaemonSetStatus, DaemonSetUpdateStrategy } from "../schema/generated/types/apps.v1.ts";
import { validateCollisionCount } from "./deployment.ts";
import { magnitude, validateAtMost100Percent, validateIntOrPercent } from "./int-or-percent.ts";
import { isEmptySelector, validateImmutableSelector, validateLongRunningTemplate, validateTemplateLabels } from "./pod-selector.ts";

const COUNTS = ["Desired", "Current", "Ready", "Up-to-date", "Available"];

export const daemonSet = defineKind<DaemonSet>({
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  plural: "daemonsets",
  shortNames: ["ds"],
  categories: ["all"],
  scope: "Namespaced",
  subresources: { status: { validateUpdate: (object, old, errors) => validateStatus(object.status, old.status, errors) } },
  applyDefaults({ metadata, spec }) {
    metadata.annotations = { [TEMPLATE_GENERATION]: "0", ...metadata.annotations };
    spec.updateStrategy ??= {};
    const { updateStrategy } = spec;
    if (!updateStrategy.type) updateStrategy.type = "RollingUpdate";
    if (updateStrategy.type === "RollingUpdate") {
      updateStrategy.rollingUpdate ??= {};
      updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      updateStrategy.rollingUpdate.maxSurge ??= 0;
    } else if (updateStrategy.rollingUpdate) {
      updateStrategy.rollingUpdate.maxUnavailable ??= 0;
      updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    applyPodTemplateDefaults(spec.template);
  },
  prepareForCreate(object) {
    setTemplateGeneration(object, 1);
    dropDisabledFields(object.spec.template.spec);
  },
  prepareForUpdate(object, old) {
    dropDisabledFields(object.spec.template.spec);
    const before = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? 1);
    setTemplateGeneration(object, sameJson(object.spec.template, old.spec.template) ? before : before + 1);
  },
  validate: validateDaemonSet,
  validatesOnUpdate: false,
  validateUpdate(object, old, errors, at) {
    validateImmutableSelector(object.spec.selector, old.spec.selector, errors, at.child("spec", "selector"));
    validateDaemonSet(object, errors, at);
  },
  warnings: (object, old) => templateWarnings(object.spec.template, old?.spec.template, "spec.template"),
  generation: "spec",
  resetFields: { "": [["status"]], status: [["spec"]] },
  columns: [NAME, ...COUNTS.map((name) => column(name, { type: "integer" })), column("Node Selector"), AGE, ...TEMPLATE_COLUMNS, SELECTOR_COLUMN],
  cells: (object, now) => [
    nameCell(object),
    object.status?.desiredNumberScheduled ?? 0,
    object.status?.currentNumberScheduled ?? 0,
    object.status?.numberReady ?? 0,
    object.status?.updatedNumberScheduled ?? 0,
    object.status?.numberAvailable ?? 0,
    labelsCell(object.spec.template.spec.nodeSelector),
    ageCell(object, now),
    ...templateCells(object.spec.template),
    selectorCell(object.spec.selector),
  ],
});

/** Kept since extensions/v1beta1: counts the template's changes. */
const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}

function validateDaemonSet({ spec }: DaemonSet, errors: FieldErrors, root: FieldPath): void {
  const at = root.child("spec");
  validateLabelSelector(spec.selector, errors, at.child("selector"));
  const matcher = readableSelector(spec.selector);
  if (matcher && !(spec.selector && isEmptySelector(spec.selector))) validateTemplateLabels(spec.template, matcher, errors, at.child("template"));
  if (spec.selector && isEmptySelector(spec.selector)) errors.invalid(at.child("selector"), spec.selector, "empty selector is invalid for daemonset");
  validatePodTemplateSpec(spec.template, errors, at.child("template"));
  validateLongRunningTemplate(spec.template, "DaemonSet", errors, at.child("template"));
  nonNegative(errors, at.child("minReadySeconds"), spec.minReadySeconds);
  validateUpdateStrategy(spec.updateStrategy, errors, at.child("updateStrategy"));
  nonNegative(errors, at.child("revisionHistoryLimit"), spec.revisionHistoryLimit);
}

function readableSelector(selector: LabelSelectorObject | undefined): LabelSelector | undefined {
  try {
    return fromLabelSelectorObject(selector);
  } catch {
    return undefined;
  }
}

function validateUpdateStrategy({ type, rollingUpdate }: DaemonSetUpdateStrategy, errors: FieldErrors, at: FieldPath): void {
  if (type === "OnDelete") return;
  if (type !== "RollingUpdate") {
    unsupported(
      errors,
      at,
      { Type: type ?? "", RollingUpdate: rollingUpdate ? { MaxUnavailable: rollingUpdate.maxUnavailable, MaxSurge: rollingUpdate.maxSurge } : null },
      ["RollingUpdate", "OnDelete"],
    );
    return;
  }
  const here = at.child("rollingUpdate");
  if (!rollingUpdate) {
    errors.required(here);
    return;
  }
  const { maxUnavailable, maxSurge } = rollingUpdate;
  validateIntOrPercent(maxUnavailable, errors, here.child("maxUnavailable"));
  validateAtMost100Percent(maxUnavailable, errors, here.child("maxUnavailable"));
  validateIntOrPercent(maxSurge, errors, here.child("maxSurge"));
  validateAtMost100Percent(maxSurge, errors, here.child("maxSurge"));
  const some = magnitude(maxUnavailable) !== 0;
  const surge = magnitude(maxSurge) !== 0;
  if (some && surge) errors.invalid(here.child("maxSurge"), maxSurge, "may not be set when maxUnavailable is non-zero");
  else if (!some && !surge) errors.required(here.child("maxUnavailable"), "cannot be 0 when maxSurge is 0");
}

function validateStatus(status: DaemonSetStatus, old: DaemonSetStatus | undefined, errors: FieldErrors): void {
  const at = FieldPath.of("status");
  for (const field of [
    "currentNumberScheduled",
    "numberMisscheduled",
    "desiredNumberScheduled",
    "numberReady",
    "observedGeneration",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
    "collisionCount",
  ] as const) {
    nonNegative(errors, at.child(field), status[field]);
  }
  validateCollisionCount(status.collisionCount, old?.collisionCount, errors, at.child("collisionCount"));
}
