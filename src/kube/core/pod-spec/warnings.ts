/** Warnings about pods and pod templates: what is accepted though it is deprecated, ignored or surely a mistake. */
import type { Pod, PodSpec, PodTemplateSpec } from "../../schema/generated/types/core.v1.ts";

/** Warnings of a template at `path`; on update only when the template changed. */
export function templateWarnings(template: PodTemplateSpec | undefined, _old: PodTemplateSpec | undefined, path: string): string[] {
  return template?.spec ? podSpecWarnings(template.spec, template.metadata?.annotations, path ? `${path}.` : "") : [];
}

/** `prefix` precedes `spec…` and `metadata…` in the texts, e.g. "spec.template.". */
export function podSpecWarnings(_spec: PodSpec, _annotations: Readonly<Record<string, string>> | undefined, _prefix: string): string[] {
  return [];
}

/** Warnings of a Pod that is created or updated. */
export function podWarnings(pod: Pod): string[] {
  return podSpecWarnings(pod.spec, pod.metadata.annotations, "");
}
