/** What a Node may say and how it may change. */
import { type FieldErrors, FieldPath } from "../machinery/field.ts";
import { isValidCIDRForLegacyField, parseCIDR } from "../machinery/ip.ts";
import { isQualifiedName, isValidLabelValue } from "../machinery/names.ts";
import type { Node, Taint } from "../schema/generated/types/core.v1.ts";
import { validateResourceQuantity } from "./resources.ts";

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function validateNode(object: Node, errors: FieldErrors, at: FieldPath): void {
  const specAt = at.child("spec");
  const spec = object.spec ?? {};
  if (spec.taints?.length) validateTaints(spec.taints, errors, at.child("metadata", "taints"));
  validateQuantities(object, errors, at);
  validatePodCIDRs(spec.podCIDRs ?? [], errors, specAt.child("podCIDRs"));
}

function validatePodCIDRs(cidrs: readonly string[], errors: FieldErrors, at: FieldPath): void {
  for (const [i, cidr] of cidrs.entries()) for (const problem of isValidCIDRForLegacyField(cidr)) errors.invalid(at.index(i), cidr, problem);
  if (cidrs.length < 2) return;
  const families = cidrs.map((cidr) => parseCIDR(cidr)?.address.length);
  if (cidrs.length > 2 || families.some((family) => !family) || families[0] === families[1]) {
    errors.invalid(at, cidrs, "may specify no more than one CIDR for each IP family");
  }
}

/** Taints: qualified key, label value, known effect, each key and effect once. */
export function validateTaints(taints: readonly Taint[], errors: FieldErrors, at: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, taint] of taints.entries()) {
    const taintAt = at.index(i);
    for (const problem of isQualifiedName(taint.key)) errors.invalid(taintAt.child("key"), taint.key, problem);
    const valueProblems = isValidLabelValue(taint.value ?? "");
    if (valueProblems.length > 0) errors.invalid(taintAt.child("value"), taint.value, valueProblems.join(";"));
    validateEffect(taint.effect, errors, taintAt.child("effect"));
    const key = `${taint.effect}/${taint.key}`;
    if (seen.has(key)) {
      const value = { Key: taint.key, Value: taint.value ?? "", Effect: taint.effect, TimeAdded: taint.timeAdded ?? null };
      errors.add("Duplicate", taintAt, value, "taints must be unique by key and effect pair");
    }
    seen.add(key);
  }
}

function validateEffect(effect: string | undefined, errors: FieldErrors, at: FieldPath): void {
  if (EFFECTS.includes(effect ?? "")) return;
  if (!effect) errors.required(at);
  else errors.add("NotSupported", at, effect, `supported values: ${EFFECTS.map((each) => JSON.stringify(each)).join(", ")}`);
}

export function validateNodeUpdate(object: Node, old: Node, errors: FieldErrors): void {
  const spec = object.spec ?? {};
  const was = old.spec ?? {};
  // Set once, by whoever assigns node networks.
  if (was.podCIDRs?.length) {
    if (spec.podCIDRs?.length !== was.podCIDRs.length || spec.podCIDRs.some((cidr, i) => cidr !== was.podCIDRs?.[i])) {
      errors.add("Forbidden", "spec.podCIDRs", undefined, 'node updates may not change podCIDR except from "" to valid');
    }
  }
  if (was.providerID && spec.providerID !== was.providerID) {
    errors.add("Forbidden", "spec.providerID", undefined, 'node updates may not change providerID except from "" to valid');
  }
  if (spec.externalID !== was.externalID) errors.add("Forbidden", "spec.externalID", undefined, "may not be updated");
}

/** What a status writer (the kubelet) may report. */
export function validateNodeStatusUpdate(object: Node, old: Node, errors: FieldErrors): void {
  validateNodeUpdate(object, old, errors);
  validateQuantities(object, errors, FieldPath.root);
  const seen = new Set<string>();
  for (const [i, { type, address }] of (object.status?.addresses ?? []).entries()) {
    const key = `${type}/${address}`;
    if (seen.has(key)) errors.duplicate(FieldPath.of("status", "addresses").index(i), { Type: type, Address: address });
    seen.add(key);
  }
}

function validateQuantities(object: Node, errors: FieldErrors, at: FieldPath): void {
  for (const field of ["capacity", "allocatable"] as const) {
    for (const [name, value] of Object.entries(object.status?.[field] ?? {})) validateResourceQuantity(name, value, errors, at.child("status", field, name));
  }
}
