/** Quality of service classes of pods. */
import { compareQuantity, quantity } from "../../machinery/quantity.ts";
import type { PodSpec, ResourceRequirements } from "../../schema/generated/types/core.v1.ts";

export type QOSClass = "Guaranteed" | "Burstable" | "BestEffort";

const COUNTED = ["cpu", "memory"] as const;

/**
 * Guaranteed when every container limits cpu and memory and requests just that, BestEffort when none asks for any,
 * else Burstable. Requirements of the pod itself (KEP-2837) take the containers' place.
 */
export function qosClassOf(spec: PodSpec): QOSClass {
  const all =
    spec.resources && hasAny(spec.resources)
      ? [spec.resources]
      : [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((container) => container.resources);
  let any = false;
  let guaranteed = true;
  for (const resources of all) {
    if (resources && hasAny(resources)) any = true;
    if (!isGuaranteed(resources)) guaranteed = false;
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

function hasAny({ limits, requests }: ResourceRequirements): boolean {
  return COUNTED.some((name) => isPositive(limits?.[name]) || isPositive(requests?.[name]));
}

function isPositive(value: string | number | undefined): boolean {
  return value !== undefined && quantity(value).sign > 0;
}

function isGuaranteed(resources: ResourceRequirements | undefined): boolean {
  return COUNTED.every((name) => {
    const limit = resources?.limits?.[name];
    if (!isPositive(limit)) return false;
    const request = resources?.requests?.[name];
    return request === undefined || compareQuantity(request, limit as string) === 0;
  });
}
