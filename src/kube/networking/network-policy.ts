/** NetworkPolicy (networking.k8s.io/v1): which traffic reaches and leaves pods. */
import { networkCovers } from "../core/ip.ts";
import { cidrWarnings } from "../core/ip-warnings.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isValidCIDRForLegacyField, parseCIDR } from "../machinery/ip.ts";
import { selectorCell, validateLabelSelector } from "../machinery/label-selector.ts";
import { isValidPortName, isValidPortNum } from "../machinery/names.ts";
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "../schema/generated/types/networking.v1.ts";

const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const POLICY_TYPES = ["Ingress", "Egress"];
const list = (values: readonly string[]) => `supported values: ${values.map((value) => JSON.stringify(value)).join(", ")}`;

export const networkPolicy = defineKind<NetworkPolicy>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "NetworkPolicy",
  plural: "networkpolicies",
  shortNames: ["netpol"],
  scope: "Namespaced",
  generation: "spec",
  applyDefaults(object) {
    object.spec ??= { podSelector: {} };
    const { spec } = object;
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ["Ingress", "Egress"] : ["Ingress"];
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) for (const port of rule.ports ?? []) port.protocol ??= "TCP";
  },
  validate: validateNetworkPolicy,
  warnings: blockWarnings,
  columns: [NAME, column("Pod-Selector"), AGE],
  cells: (object, now) => [nameCell(object), selectorCell(object.spec?.podSelector ?? {}), ageCell(object, now)],
});

function blockWarnings(object: NetworkPolicy): string[] {
  const warnings: string[] = [];
  const check = (peers: readonly NetworkPolicyPeer[] | undefined, path: string) => {
    for (const [k, { ipBlock }] of (peers ?? []).entries()) {
      if (!ipBlock) continue;
      warnings.push(...cidrWarnings(`${path}[${k}].ipBlock.cidr`, ipBlock.cidr));
      for (const [n, except] of (ipBlock.except ?? []).entries()) warnings.push(...cidrWarnings(`${path}[${k}].ipBlock.except[${n}]`, except));
    }
  };
  for (const [i, rule] of (object.spec?.ingress ?? []).entries()) check(rule.from, `spec.ingress[${i}].from`);
  for (const [i, rule] of (object.spec?.egress ?? []).entries()) check(rule.to, `spec.egress[${i}].to`);
  return warnings;
}

function validateNetworkPolicy(object: NetworkPolicy, errors: FieldErrors, at: FieldPath): void {
  const specAt = at.child("spec");
  const { spec } = object;
  validateLabelSelector(spec.podSelector ?? {}, errors, specAt.child("podSelector"));
  for (const [i, rule] of (spec.ingress ?? []).entries()) {
    const ruleAt = specAt.child("ingress").index(i);
    for (const [k, port] of (rule.ports ?? []).entries()) validatePort(port, errors, ruleAt.child("ports").index(k));
    for (const [k, peer] of (rule.from ?? []).entries()) validatePeer(peer, errors, ruleAt.child("from").index(k));
  }
  for (const [i, rule] of (spec.egress ?? []).entries()) {
    const ruleAt = specAt.child("egress").index(i);
    for (const [k, port] of (rule.ports ?? []).entries()) validatePort(port, errors, ruleAt.child("ports").index(k));
    for (const [k, peer] of (rule.to ?? []).entries()) validatePeer(peer, errors, ruleAt.child("to").index(k));
  }
  const types = spec.policyTypes ?? [];
  if (types.length > 2) {
    errors.invalid(specAt.child("policyTypes"), types, "may not specify more than two policyTypes");
    return;
  }
  for (const [i, type] of types.entries())
    if (!POLICY_TYPES.includes(type)) errors.add("NotSupported", specAt.child("policyTypes").index(i), type, list(POLICY_TYPES));
}

function validatePort(port: NetworkPolicyPort, errors: FieldErrors, at: FieldPath): void {
  if (port.protocol !== undefined && !PROTOCOLS.includes(port.protocol)) errors.add("NotSupported", at.child("protocol"), port.protocol, list(PROTOCOLS));
  if (typeof port.port === "number") {
    for (const problem of isValidPortNum(port.port)) errors.invalid(at.child("port"), port.port, problem);
    if (port.endPort !== undefined) {
      if (port.endPort < port.port) errors.invalid(at.child("endPort"), port.port, "must be greater than or equal to `port`");
      for (const problem of isValidPortNum(port.endPort)) errors.invalid(at.child("endPort"), port.endPort, problem);
    }
  } else if (port.port !== undefined) {
    if (port.endPort !== undefined) errors.invalid(at.child("endPort"), port.endPort, "may not be specified when `port` is non-numeric");
    for (const problem of isValidPortName(port.port)) errors.invalid(at.child("port"), port.port, problem);
  } else if (port.endPort !== undefined) {
    errors.invalid(at.child("endPort"), port.endPort, "may not be specified when `port` is not specified");
  }
}

function validatePeer(peer: NetworkPolicyPeer, errors: FieldErrors, at: FieldPath): void {
  if (peer.podSelector) validateLabelSelector(peer.podSelector, errors, at.child("podSelector"));
  if (peer.namespaceSelector) validateLabelSelector(peer.namespaceSelector, errors, at.child("namespaceSelector"));
  if (peer.ipBlock) validateBlock(peer.ipBlock, errors, at.child("ipBlock"));
  const selectors = Number(peer.podSelector !== undefined) + Number(peer.namespaceSelector !== undefined);
  if (selectors + Number(peer.ipBlock !== undefined) === 0) errors.required(at, "must specify a peer");
  else if (peer.ipBlock && selectors > 0) errors.forbidden(at, "may not specify both ipBlock and another peer");
}

function validateBlock(block: IPBlock, errors: FieldErrors, at: FieldPath): void {
  if (!block.cidr) {
    errors.required(at.child("cidr"));
    return;
  }
  for (const problem of isValidCIDRForLegacyField(block.cidr)) errors.invalid(at.child("cidr"), block.cidr, problem);
  const outer = parseCIDR(block.cidr);
  for (const [i, text] of (block.except ?? []).entries()) {
    const exceptAt = at.child("except").index(i);
    for (const problem of isValidCIDRForLegacyField(text)) errors.invalid(exceptAt, text, problem);
    const inner = parseCIDR(text);
    if (!inner || !outer) continue;
    if (!networkCovers(outer, inner) || inner.prefix === outer.prefix) errors.invalid(exceptAt, text, "must be a strict subset of `cidr`");
  }
}
