/** The status that load balancers report for Services and Ingresses. */
import { type FieldErrors, FieldPath } from "../machinery/field.ts";
import { isValidIPForLegacyField, parseIP } from "../machinery/ip.ts";
import { isDNS1123Subdomain, isQualifiedName } from "../machinery/names.ts";
import type { LoadBalancerStatus, Service } from "../schema/generated/types/core.v1.ts";

/** The addresses of a balancer, each once, sorted, joined by commas. */
export function loadBalancerCell(ingress: readonly { ip?: string; hostname?: string }[]): string {
  return [...new Set(ingress.map((each) => each.ip || each.hostname || "").filter((each) => each))].sort().join(",");
}

export function validateLoadBalancerStatus(status: LoadBalancerStatus, old: LoadBalancerStatus | undefined, owner: Service, errors: FieldErrors): void {
  const at = FieldPath.of("status", "loadBalancer");
  const ingressAt = at.child("ingress");
  const ingress = status.ingress ?? [];
  if (owner.spec?.type !== "LoadBalancer" && ingress.length > 0 && JSON.stringify(status) !== JSON.stringify(old ?? {})) {
    errors.forbidden(ingressAt, "may only be used when `spec.type` is 'LoadBalancer'");
    return;
  }
  const known = new Set((old?.ingress ?? []).map((each) => each.ip));
  for (const [i, each] of ingress.entries()) {
    const itemAt = ingressAt.index(i);
    if (each.ip) {
      if (!known.has(each.ip)) for (const problem of isValidIPForLegacyField(each.ip)) errors.invalid(itemAt.child("ip"), each.ip, problem);
      if (each.ipMode === undefined) errors.required(itemAt.child("ipMode"), "must be specified when `ip` is set");
    } else if (each.ipMode !== undefined) {
      errors.forbidden(itemAt.child("ipMode"), "may not be specified when `ip` is not set");
    }
    if (each.ipMode !== undefined && each.ipMode !== "VIP" && each.ipMode !== "Proxy")
      errors.notSupported(itemAt.child("ipMode"), each.ipMode, ["Proxy", "VIP"]);
    validateHostname(each.hostname, errors, itemAt);
    for (const [k, port] of (each.ports ?? []).entries()) {
      if (port.error) for (const problem of isQualifiedName(port.error)) errors.invalid(itemAt.child("ports").index(k).child("error"), port.error, problem);
    }
  }
}

/** A balancer's host name: a DNS name, not an address. */
export function validateHostname(hostname: string | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!hostname) return;
  for (const problem of isDNS1123Subdomain(hostname)) errors.invalid(at.child("hostname"), hostname, problem);
  if (parseIP(hostname)) errors.invalid(at.child("hostname"), hostname, "must be a DNS name, not an IP address");
}
