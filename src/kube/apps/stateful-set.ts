/** StatefulSet (apps/v1): pods with stable names, ordinals and volume claims. */
import { sameJson } from "../core/equality.ts";
import { invalidEach, nonNegative, shownSelector, unsupported } from "../core/pod-spec/checks.ts";
import { validateClaimTemplateSpec } from "../core/pod-spec/claim-template.ts";
import { applyPodTemplateDefaults } from "../core/pod-spec/defaults.ts";
import { dropDisabledFields } from "../core/pod-spec/disabled-fields.ts";
import { roundUpToMilli } from "../core/pod-spec/resource-lists.ts";
import { validatePodTemplateSpec } from "../core/pod-spec/template.ts";
import { templateWarnings } from "../core/pod-spec/warnings.ts";
import { TEMPLATE_COLUMNS, templateCells } from "../core/pod-template-cells.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import { type FieldErrors, FieldPath } from "../machinery/field.ts";
import { fromLabelSelectorObject, validateLabelSelector } from "../machinery/label-selector.ts";
import { isDNS1123Label, nameIsDNSLabel } from "../machinery/names.ts";
import type { StatefulSet, StatefulSetSpec, StatefulSetStatus } from "../schema/generated/types/apps.v1.ts";
import type { PersistentVolumeClaim, PodTemplateSpec } from "../schema/generated/types/core.v1.ts";
import { validateCollisionCount } from "./deployment.ts";
import { isEmptySelector, validateLongRunningTemplate, validateTemplateLabels } from "./pod-selector.ts";

const RETENTION: readonly string[] = ["Retain", "Delete"];
const MUTABLE_FIELDS = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
] as const;

export const statefulSet = defineKind<StatefulSet>({
  group: "apps",
  version: "v1",
  kind: "StatefulSet",
  plural: "statefulsets",
  shortNames: ["sts"],
  categories: ["all"],
  scope: "Namespaced",
  subresources: {
    status: { validateUpdate: (object, old, errors) => validateStatus(object.status, old.status, errors) },
    scale: { spec: ".spec.replicas", status: ".status.replicas", selector: ".spec.selector" },
  },
  applyDefaults({ spec }) {
    if (!spec.podManagementPolicy) spec.podManagementPolicy = "OrderedReady";
    spec.updateStrategy ??= {};
    const { updateStrategy } = spec;
    if (!updateStrategy.type) updateStrategy.type = "RollingUpdate";
    if (updateStrategy.type === "RollingUpdate") {
      updateStrategy.rollingUpdate ??= {};
      updateStrategy.rollingUpdate.partition ??= 0;
    }
    spec.persistentVolumeClaimRetentionPolicy ??= {};
    if (!spec.persistentVolumeClaimRetentionPolicy.whenDeleted) spec.persistentVolumeClaimRetentionPolicy.whenDeleted = "Retain";
    if (!spec.persistentVolumeClaimRetentionPolicy.whenScaled) spec.persistentVolumeClaimRetentionPolicy.whenScaled = "Retain";
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    applyPodTemplateDefaults(spec.template);
    for (const claim of spec.volumeClaimTemplates ?? []) applyClaimDefaults(claim);
  },
  // Pods are named after their StatefulSet, and a pod's name becomes its host name.
  validateName: nameIsDNSLabel,
  prepareForCreate: ({ spec }) => dropDisabled(spec),
  prepareForUpdate: ({ spec }) => dropDisabled(spec),
  validate: validateStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  warnings: (object, old) => templateWarnings(object.spec.template, old?.spec.template, "spec.template"),
  generation: "spec",
  resetFields: { "": [["status"]], status: [["spec"]] },
  columns: [NAME, column("Ready"), AGE, ...TEMPLATE_COLUMNS],
  cells: (object, now) => [
    nameCell(object),
    `${object.status?.readyReplicas ?? 0}/${object.spec.replicas ?? 0}`,
    ageCell(object, now),
    ...templateCells(object.spec.template),
  ],
});

/** As for all templates; and rolling several pods at a time (KEP-961) is not on by default. */
function dropDisabled(spec: StatefulSetSpec): void {
  delete spec.updateStrategy.rollingUpdate?.maxUnavailable;
  dropDisabledFields(spec.template.spec);
}

/** Templates of claims are stored as whole claims, with their type and a first status. */
function applyClaimDefaults(claim: PersistentVolumeClaim): void {
  claim.apiVersion = "v1";
  claim.kind = "PersistentVolumeClaim";
  claim.status ??= {};
  if (!claim.status.phase) claim.status.phase = "Pending";
  claim.spec.volumeMode ??= "Filesystem";
  if (claim.spec.resources?.limits) roundUpToMilli(claim.spec.resources.limits);
  if (claim.spec.resources?.requests) roundUpToMilli(claim.spec.resources.requests);
}

function validateStatefulSet({ spec }: StatefulSet, errors: FieldErrors, root: FieldPath): void {
  const at = root.child("spec");
  if (!spec.podManagementPolicy) errors.required(at.child("podManagementPolicy"));
  else if (spec.podManagementPolicy !== "OrderedReady" && spec.podManagementPolicy !== "Parallel") {
    errors.invalid(at.child("podManagementPolicy"), spec.podManagementPolicy, "must be 'OrderedReady' or 'Parallel'");
  }
  validateUpdateStrategy(spec, errors, at.child("updateStrategy"));
  validateRetention(spec, errors, at.child("persistentVolumeClaimRetentionPolicy"));
  nonNegative(errors, at.child("replicas"), spec.replicas);
  nonNegative(errors, at.child("minReadySeconds"), spec.minReadySeconds);
  if (spec.ordinals) nonNegative(errors, at.child("ordinals", "start"), spec.ordinals.start);
  const selectorAt = at.child("selector");
  if (!spec.selector) errors.required(selectorAt);
  else {
    validateLabelSelector(spec.selector, errors, selectorAt);
    if (isEmptySelector(spec.selector)) errors.invalid(selectorAt, spec.selector, "empty selector is invalid for statefulset");
  }
  if (spec.serviceName) invalidEach(errors, at.child("serviceName"), spec.serviceName, isDNS1123Label(spec.serviceName));
  validateTemplate(spec, errors, at);
}

function validateTemplate(spec: StatefulSetSpec, errors: FieldErrors, at: FieldPath): void {
  const here = at.child("template");
  for (const [i, claim] of (spec.volumeClaimTemplates ?? []).entries()) {
    validateClaimTemplateSpec(claim.spec, errors, at.child("volumeClaimTemplates").index(i).child("spec"));
  }
  try {
    const matcher = fromLabelSelectorObject(spec.selector);
    if (!spec.selector || !isEmptySelector(spec.selector)) validateTemplateLabels(spec.template, matcher, errors, here);
    validatePodTemplateSpec(withClaimVolumes(spec), errors, here);
  } catch {
    errors.invalid(at.child("selector"), shownSelector(spec.selector), "");
  }
  validateLongRunningTemplate(spec.template, "StatefulSet", errors, here);
}

/** The template as the pods will have it: each claim template is a volume, in place of one of its name. */
function withClaimVolumes({ template, volumeClaimTemplates }: StatefulSetSpec): PodTemplateSpec {
  if (!volumeClaimTemplates?.length) return template;
  const claims = new Set(volumeClaimTemplates.map(({ metadata }) => metadata.name ?? ""));
  const others = (template.spec.volumes ?? []).filter((volume) => !claims.has(volume.name));
  const volumes = [...claims].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...template, spec: { ...template.spec, volumes: [...volumes, ...others] } };
}

function validateUpdateStrategy({ updateStrategy }: StatefulSetSpec, errors: FieldErrors, at: FieldPath): void {
  const { type, rollingUpdate } = updateStrategy;
  if (!type) {
    errors.required(at);
    return;
  }
  if (type === "OnDelete") {
    if (rollingUpdate) errors.invalid(at.child("rollingUpdate"), internalRollingUpdate(rollingUpdate), "only allowed for updateStrategy 'RollingUpdate'");
  } else if (type === "RollingUpdate") {
    nonNegative(errors, at.child("rollingUpdate", "partition"), rollingUpdate?.partition);
  } else errors.invalid(at, { Type: type, RollingUpdate: internalRollingUpdate(rollingUpdate) }, "must be 'RollingUpdate' or 'OnDelete'");
}

/** As upstream prints it: the internal type's field names. */
function internalRollingUpdate(rollingUpdate: StatefulSetSpec["updateStrategy"]["rollingUpdate"]): object | null {
  return rollingUpdate ? { Partition: rollingUpdate.partition ?? 0, MaxUnavailable: rollingUpdate.maxUnavailable ?? null } : null;
}

function validateRetention({ persistentVolumeClaimRetentionPolicy: policy }: StatefulSetSpec, errors: FieldErrors, at: FieldPath): void {
  for (const field of ["whenDeleted", "whenScaled"] as const) {
    const value = policy?.[field];
    if (value !== undefined && !RETENTION.includes(value)) unsupported(errors, at.child(field), value, RETENTION);
  }
}

function validateStatefulSetUpdate(object: StatefulSet, old: StatefulSet, errors: FieldErrors, root: FieldPath): void {
  const fixed = { ...object.spec } as Record<string, unknown>;
  const oldFixed = { ...old.spec } as Record<string, unknown>;
  for (const field of MUTABLE_FIELDS) {
    delete fixed[field];
    delete oldFixed[field];
  }
  if (sameJson(fixed, oldFixed)) return;
  errors.forbidden(
    root.child("spec"),
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  );
}

function validateStatus(status: StatefulSetStatus, old: StatefulSetStatus | undefined, errors: FieldErrors): void {
  const at = FieldPath.of("status");
  const { replicas = 0, readyReplicas = 0, currentReplicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  for (const field of [
    "replicas",
    "readyReplicas",
    "currentReplicas",
    "updatedReplicas",
    "availableReplicas",
    "observedGeneration",
    "collisionCount",
  ] as const) {
    nonNegative(errors, at.child(field), status[field]);
  }
  const whole = "cannot be greater than status.replicas";
  if (readyReplicas > replicas) errors.invalid(at.child("readyReplicas"), readyReplicas, whole);
  if (currentReplicas > replicas) errors.invalid(at.child("currentReplicas"), currentReplicas, whole);
  if (updatedReplicas > replicas) errors.invalid(at.child("updatedReplicas"), updatedReplicas, whole);
  if (availableReplicas > replicas) errors.invalid(at.child("availableReplicas"), availableReplicas, whole);
  if (availableReplicas > readyReplicas) errors.invalid(at.child("availableReplicas"), availableReplicas, "cannot be greater than status.readyReplicas");
  validateCollisionCount(status.collisionCount, old?.collisionCount, errors, at.child("collisionCount"));
}
