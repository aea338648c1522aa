/** The warnings that writing a Service can bring. */

import type { Service } from "../schema/generated/types/core.v1.ts";
import { cidrWarnings, ipWarnings } from "./ip-warnings.ts";

const TOPOLOGY_HINTS = ["service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"];

export function serviceWarnings(object: Service, old?: Service): string[] {
  const warnings: string[] = [];
  const { spec } = object;
  for (const annotation of TOPOLOGY_HINTS) {
    if (object.metadata.annotations?.[annotation] !== undefined && old?.metadata.annotations?.[annotation] === undefined) {
      warnings.push(`annotation ${annotation} is deprecated, please use spec.trafficDistribution instead`);
    }
  }
  if (spec?.externalIPs?.length && !old?.spec?.externalIPs?.length) {
    warnings.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
  }
  if (spec?.clusterIP !== "None" && spec?.type !== "ExternalName") {
    for (const [i, ip] of (spec?.clusterIPs ?? []).entries()) warnings.push(...ipWarnings(`spec.clusterIPs[${i}]`, ip));
  }
  if (spec?.type === "LoadBalancer") {
    for (const [i, cidr] of (spec.loadBalancerSourceRanges ?? []).entries()) warnings.push(...cidrWarnings(`spec.loadBalancerSourceRanges[${i}]`, cidr.trim()));
  }
  if (spec?.type === "ExternalName" && spec.publishNotReadyAddresses)
    warnings.push('spec.publishNotReadyAddresses is ignored when spec.type is "ExternalName"');
  if (spec?.type !== "ExternalName" && spec?.externalName) warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec?.trafficDistribution === "PreferClose") warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return warnings;
}
