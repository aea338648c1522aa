/** Ingress (networking.k8s.io/v1): HTTP routes from outside to Services. */
import { loadBalancerCell } from "../core/load-balancer.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { Ingress } from "../schema/generated/types/networking.v1.ts";
import { ingressWarnings, validateIngress, validateIngressStatus } from "./ingress-rules.ts";

export const ingress = defineKind<Ingress>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "Ingress",
  plural: "ingresses",
  shortNames: ["ing"],
  scope: "Namespaced",
  subresources: { status: { keeps: { labels: true, annotations: true }, validateUpdate: validateIngressStatus } },
  generation: "spec",
  resetFields: { "": [["status"]], status: [["spec"]] },
  validate: (object, errors, at) => validateIngress(object, undefined, errors, at),
  validatesOnUpdate: false,
  validateUpdate: validateIngress,
  warnings: ingressWarnings,
  columns: [NAME, column("Class"), column("Hosts"), column("Address"), column("Ports"), AGE],
  cells(object, now) {
    const { spec } = object;
    return [
      nameCell(object),
      spec?.ingressClassName ?? "<none>",
      hostsCell(object),
      loadBalancerCell(object.status?.loadBalancer?.ingress ?? []),
      spec?.tls?.length ? "80, 443" : "80",
      ageCell(object, now),
    ];
  },
});

/** Up to three hosts; `*` when no rule names one. */
function hostsCell(object: Ingress): string {
  const rules = object.spec?.rules ?? [];
  const hosts: string[] = [];
  let more = false;
  for (const rule of rules) {
    if (hosts.length === 3) more = true;
    if (!more && rule.host) hosts.push(rule.host);
  }
  if (hosts.length === 0) return "*";
  return more ? `${hosts.join(",")} + ${rules.length - 3} more...` : hosts.join(",");
}
