/** The warnings that writing a Service can bring. */

import { formatCIDR, formatIP, isValidCIDR, isValidIP, parseCIDR, parseIP } from "../machinery/ip.ts";
import type { Service } from "../schema/generated/types/core.v1.ts";

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

/** A valid address in another than its canonical form. */
function ipWarnings(path: string, text: string): string[] {
  const address = parseIP(text);
  if (!address || isValidIP(text).length === 0) return [];
  return address.length === 16
    ? [`${path}: IPv6 address ${JSON.stringify(text)} should be in RFC 5952 canonical format (${JSON.stringify(formatIP(address))})`]
    : [];
}

function cidrWarnings(path: string, text: string): string[] {
  const network = parseCIDR(text);
  if (!network || isValidCIDR(text).length === 0) return [];
  return network.address.length === 16
    ? [`${path}: IPv6 CIDR value ${JSON.stringify(text)} should be in RFC 5952 canonical format (${JSON.stringify(formatCIDR(network))})`]
    : [];
}
