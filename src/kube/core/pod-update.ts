/** What a plain update may change in a Pod; through /ephemeralcontainers and /resize other rules hold (files of those names). */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { Container, NodeSelectorTerm, Pod, PodSpec, Toleration } from "../schema/generated/types/core.v1.ts";
import { sameJson } from "./equality.ts";
import { differenceText } from "./pod-difference.ts";
import { MIRROR_ANNOTATION } from "./pod-spec/annotations.ts";
import { INT32_MAX } from "./pod-spec/checks.ts";
import { internalNodeSelectorTerm } from "./pod-spec/internal.ts";
import { validateTolerations } from "./pod-spec/scheduling.ts";

const MUTABLE =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/** The rules of PUT and PATCH on the pod itself. */
export function validatePodUpdate(pod: Pod, old: Pod, errors: FieldErrors, root: FieldPath): void {
  const at = root.child("spec");
  validateMirror(pod, old, errors, root.child("metadata", "annotations").key(MIRROR_ANNOTATION));
  for (const field of ["containers", "initContainers"] as const) {
    if ((pod.spec[field]?.length ?? 0) === (old.spec[field]?.length ?? 0)) continue;
    errors.forbidden(at.child(field), "pod updates may not add or remove containers");
    return;
  }
  validateImages(pod.spec.containers, errors, at.child("containers"));
  validateImages(pod.spec.initContainers, errors, at.child("initContainers"));
  validateDeadline(pod.spec, old.spec, errors, at.child("activeDeadlineSeconds"));
  validateTolerationsAdded(pod.spec, old.spec, errors, at.child("tolerations"));
  validateGatesRemoved(pod.spec, old.spec, errors, at.child("schedulingGates"));
  if (sameJson(pod.spec, old.spec)) return;
  const munged = mungedSpec(pod.spec, old.spec);
  if (old.spec.schedulingGates?.length) validateTightened(munged, old.spec, errors, at);
  if (!sameJson(munged, old.spec)) errors.forbidden(at, `${MUTABLE}\n${differenceText(munged, old.spec)}`);
}

/** A mirror pod stands for a static pod of a kubelet, from its creation on. */
function validateMirror(pod: Pod, old: Pod, errors: FieldErrors, at: FieldPath): void {
  const [value, before] = [pod.metadata.annotations?.[MIRROR_ANNOTATION], old.metadata.annotations?.[MIRROR_ANNOTATION]];
  if (value === before) return;
  if (before === undefined) errors.forbidden(at, "may not add mirror pod annotation");
  else if (value === undefined) errors.forbidden(at, "may not remove mirror pod annotation");
  else errors.forbidden(at, "may not update mirror pod annotation");
}

function validateImages(containers: readonly Container[] | null | undefined, errors: FieldErrors, at: FieldPath): void {
  containers?.forEach((container, i) => {
    const image = container.image ?? "";
    if (image === "") errors.required(at.index(i).child("image"));
    else if (image !== image.trim()) errors.invalid(at.index(i).child("image"), image, "must not have leading or trailing whitespace");
  });
}

/** A deadline may be set or brought forward, never lifted. */
function validateDeadline(spec: PodSpec, old: PodSpec, errors: FieldErrors, at: FieldPath): void {
  const [value, before] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds];
  if (value !== undefined) {
    if (value < 0 || value > INT32_MAX) {
      errors.invalid(at, value, `must be between 0 and ${INT32_MAX}, inclusive`);
      return;
    }
    if (before !== undefined && before < value) errors.invalid(at, value, "must be less than or equal to previous value");
  } else if (before !== undefined) errors.invalid(at, null, "must not update from a positive integer to nil value");
}

function sameToleration(a: Toleration, b: Toleration): boolean {
  return a.key === b.key && a.operator === b.operator && a.value === b.value && a.effect === b.effect;
}

function validateTolerationsAdded(spec: PodSpec, old: PodSpec, errors: FieldErrors, at: FieldPath): void {
  const now = spec.tolerations ?? [];
  validateTolerations(now, errors, at);
  for (const toleration of old.tolerations ?? []) {
    if (now.some((each) => sameToleration(each, toleration))) continue;
    errors.forbidden(at, "existing toleration can not be modified except its tolerationSeconds");
    return;
  }
}

function validateGatesRemoved(spec: PodSpec, old: PodSpec, errors: FieldErrors, at: FieldPath): void {
  const before = new Set((old.schedulingGates ?? []).map((gate) => gate.name));
  for (const [i, { name }] of (spec.schedulingGates ?? []).entries()) {
    if (!before.has(name)) errors.forbidden(at.index(i).child("name"), `only deletion is allowed, but found new scheduling gate '${name}'`);
  }
}

/** The new spec with everything that may change put back, so that what still differs may not. */
function mungedSpec(spec: PodSpec, old: PodSpec): PodSpec {
  const munged: PodSpec = { ...spec };
  munged.containers = spec.containers?.map((container, i) => ({ ...container, ...imageOf(old.containers[i]) }));
  if (spec.initContainers) munged.initContainers = spec.initContainers.map((container, i) => ({ ...container, ...imageOf(old.initContainers?.[i]) }));
  restore(munged, old, "activeDeadlineSeconds");
  restore(munged, old, "tolerations");
  restore(munged, old, "schedulingGates");
  if (old.terminationGracePeriodSeconds !== undefined && old.terminationGracePeriodSeconds < 0 && spec.terminationGracePeriodSeconds === 1) {
    munged.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  }
  return munged;
}

function imageOf(container: Container | undefined): Pick<Container, "image"> {
  return container?.image === undefined ? {} : { image: container.image };
}

function restore<Field extends keyof PodSpec>(spec: PodSpec, old: PodSpec, field: Field): void {
  if (old[field] === undefined) delete spec[field];
  else spec[field] = old[field];
}

/** A gated pod's node selector and required node affinity may become narrower (KEP-3838); what is allowed is put back in `munged`. */
function validateTightened(munged: PodSpec, old: PodSpec, errors: FieldErrors, at: FieldPath): void {
  const selector = munged.nodeSelector ?? {};
  const before = old.nodeSelector ?? {};
  if (Object.keys(before).every((key) => selector[key] === before[key])) restore(munged, old, "nodeSelector");
  else {
    errors.invalid(at.child("nodeSelector"), selector, "only additions to spec.nodeSelector are allowed (no mutations or deletions)");
    restore(munged, old, "nodeSelector");
  }
  const affinity = munged.affinity?.nodeAffinity;
  const oldAffinity = old.affinity?.nodeAffinity;
  if (sameJson(affinity, oldAffinity)) return;
  validateNodeAffinityTightened(affinity, oldAffinity, errors, at.child("affinity", "nodeAffinity"));
  const { nodeAffinity: _dropped, ...rest } = munged.affinity ?? {};
  munged.affinity = oldAffinity ? { ...rest, nodeAffinity: oldAffinity } : rest;
  if (Object.keys(munged.affinity).length === 0 && old.affinity === undefined) delete munged.affinity;
}

type NodeAffinity = NonNullable<NonNullable<PodSpec["affinity"]>["nodeAffinity"]>;

function validateNodeAffinityTightened(affinity: NodeAffinity | undefined, old: NodeAffinity | undefined, errors: FieldErrors, at: FieldPath): void {
  const before = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (!before) return;
  const here = at.child("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms");
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms?.length !== before.length) {
    errors.invalid(here, terms?.map(internalNodeSelectorTerm) ?? null, "no additions/deletions to non-empty NodeSelectorTerms list are allowed");
    return;
  }
  before.forEach((term, i) => {
    const now = terms[i] as NodeSelectorTerm;
    const kept = (["matchExpressions", "matchFields"] as const).every((field) =>
      (term[field] ?? []).every((requirement, r) => sameJson(now?.[field]?.[r], requirement)),
    );
    if (!kept) errors.invalid(here.index(i), internalNodeSelectorTerm(now), "only additions are allowed (no mutations or deletions)");
  });
}
