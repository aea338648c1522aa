/** Match label keys (KEP-3633, KEP-3243): on create, their values are folded into the selectors that they refine. */
import { entryOf } from "../machinery/json-value.ts";
import type { Pod, PodAffinityTerm } from "../schema/generated/types/core.v1.ts";
import type { LabelSelector } from "../schema/generated/types/meta.v1.ts";

/** Adds, in place, the pod's own values of the keys to the selectors of affinity terms and topology spread constraints. */
export function foldMatchLabelKeys({ metadata, spec }: Pod): void {
  const labels = metadata.labels ?? {};
  for (const affinity of [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]) {
    for (const term of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) foldInto(term, labels);
    for (const weighted of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) foldInto(weighted.podAffinityTerm, labels);
  }
  for (const constraint of spec.topologySpreadConstraints ?? []) add(constraint.labelSelector, constraint.matchLabelKeys, "In", labels);
}

function foldInto(term: PodAffinityTerm, labels: Readonly<Record<string, string>>): void {
  add(term.labelSelector, term.matchLabelKeys, "In", labels);
  add(term.labelSelector, term.mismatchLabelKeys, "NotIn", labels);
}

function add(
  selector: LabelSelector | undefined,
  keys: readonly string[] | undefined,
  operator: "In" | "NotIn",
  labels: Readonly<Record<string, string>>,
): void {
  if (!selector || !keys) return;
  for (const key of keys) {
    const value = entryOf(labels, key);
    if (value === undefined) continue;
    selector.matchExpressions ??= [];
    selector.matchExpressions.push({ key, operator, values: [value] });
  }
}
