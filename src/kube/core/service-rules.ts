/** What a Service may say and how it may change. */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { validateLabels } from "../machinery/label-selector.ts";
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  isValidCIDRForLegacyField,
  isValidIPForLegacyField,
  isValidPortName,
  isValidPortNum,
  nameIsDNSLabel,
} from "../machinery/names.ts";
import type { Service, ServicePort } from "../schema/generated/types/core.v1.ts";
import { familyOf, specialAddressProblems } from "./ip.ts";

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const AFFINITIES = ["ClientIP", "None"];
const MAX_AFFINITY_SECONDS = 86400;
const POLICIES = ["Cluster", "Local"];
const FAMILIES = ["IPv4", "IPv6"];
const FAMILY_POLICIES = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const DISTRIBUTIONS = ["PreferClose", "PreferSameZone", "PreferSameNode"];
const ONLY_BALANCED = "may only be used when `type` is 'LoadBalancer'";

/** RelaxedServiceNameValidation (KEP-5311): a DNS-1123 label; digits may lead. */
export const validateServiceName = nameIsDNSLabel;

export function validateService(object: Service, errors: FieldErrors, at: FieldPath): void {
  const specAt = at.child("spec");
  const spec = object.spec ?? {};
  const portsAt = specAt.child("ports");
  const ports = spec.ports ?? [];
  const headless = spec.clusterIP === "None" || spec.clusterIPs?.[0] === "None";
  if (ports.length === 0 && !headless && spec.type !== "ExternalName") errors.required(portsAt);
  if (spec.type === "LoadBalancer") {
    for (const [i, port] of ports.entries()) {
      // The kubelet's own port can't be balanced.
      if (port.port === 10250) errors.invalid(portsAt.index(i), internalPort(port), "may not expose port 10250 externally since it is used by kubelet");
    }
  }
  if (["NodePort", "LoadBalancer"].includes(spec.type ?? "") && headless) {
    errors.invalid(specAt.child("clusterIPs").index(0), spec.clusterIPs?.[0] ?? spec.clusterIP, `may not be set to 'None' for ${spec.type} services`);
  }
  if (spec.type === "ExternalName") validateExternalName(object, errors, specAt);

  const names = new Set<string>();
  const headlessOrExternal = headless;
  for (const [i, port] of ports.entries()) validatePort(port, ports.length > 1, headlessOrExternal, names, errors, portsAt.index(i));

  if (spec.selector) validateLabels(spec.selector, errors, specAt.child("selector"));
  if (!spec.sessionAffinity) errors.required(specAt.child("sessionAffinity"));
  else if (!AFFINITIES.includes(spec.sessionAffinity)) errors.notSupported(specAt.child("sessionAffinity"), spec.sessionAffinity, AFFINITIES);
  validateAffinityConfig(object, errors, specAt.child("sessionAffinityConfig"));

  for (const [i, ip] of (spec.externalIPs ?? []).entries()) {
    const problems = isValidIPForLegacyField(ip);
    for (const problem of problems) errors.invalid(specAt.child("externalIPs").index(i), ip, problem);
    if (problems.length === 0) for (const problem of specialAddressProblems(ip)) errors.invalid(specAt.child("externalIPs").index(i), ip, problem);
  }

  if (!spec.type) errors.required(specAt.child("type"));
  else if (!TYPES.includes(spec.type)) errors.notSupported(specAt.child("type"), spec.type, TYPES);

  validateProtocolsOfPorts(object, errors, portsAt);
  validateSourceRanges(object, errors, specAt);
  if (spec.type !== "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== undefined)
    errors.forbidden(specAt.child("allocateLoadBalancerNodePorts"), ONLY_BALANCED);
  validateLoadBalancerClass(object, errors, specAt.child("loadBalancerClass"));
  validateExternalTraffic(object, errors, specAt);
  validateInternalTraffic(object, errors, specAt.child("internalTrafficPolicy"));
  validateServiceAddresses(object, errors, specAt);
  if (spec.trafficDistribution !== undefined && !DISTRIBUTIONS.includes(spec.trafficDistribution)) {
    const supported = DISTRIBUTIONS.map((each) => JSON.stringify(each)).join(", ");
    errors.add("NotSupported", specAt.child("trafficDistribution"), spec.trafficDistribution, `supported values: ${supported}`);
  }
}

function validateExternalName(object: Service, errors: FieldErrors, at: FieldPath): void {
  const { spec } = object;
  const forbidden = "may not be set for ExternalName services";
  if ((spec.clusterIPs?.length ?? 0) > 0 || spec.clusterIP) errors.forbidden(at.child("clusterIPs"), forbidden);
  if ((spec.ipFamilies?.length ?? 0) > 0) errors.forbidden(at.child("ipFamilies"), forbidden);
  if (spec.ipFamilyPolicy !== undefined) errors.forbidden(at.child("ipFamilyPolicy"), forbidden);
  // A trailing dot makes the name absolute.
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (!name) errors.required(at.child("externalName"));
  else for (const problem of isDNS1123Subdomain(name)) errors.invalid(at.child("externalName"), name, problem);
}

function validatePort(port: ServicePort, requireName: boolean, headless: boolean, names: Set<string>, errors: FieldErrors, at: FieldPath): void {
  if (requireName && !port.name) {
    errors.required(at.child("name"));
  } else if (port.name) {
    for (const problem of isDNS1123Label(port.name)) errors.invalid(at.child("name"), port.name, problem);
    if (names.has(port.name)) errors.duplicate(at.child("name"), port.name);
    else names.add(port.name);
  }
  for (const problem of isValidPortNum(port.port ?? 0)) errors.invalid(at.child("port"), port.port ?? 0, problem);
  if (!port.protocol) errors.required(at.child("protocol"));
  else if (!PROTOCOLS.includes(port.protocol)) errors.notSupported(at.child("protocol"), port.protocol, PROTOCOLS);
  const target = port.targetPort ?? 0;
  const targetProblems = typeof target === "number" ? isValidPortNum(target) : isValidPortName(target);
  for (const problem of targetProblems) errors.invalid(at.child("targetPort"), target, problem);
  if (port.appProtocol !== undefined)
    for (const problem of isQualifiedName(port.appProtocol)) errors.invalid(at.child("appProtocol"), port.appProtocol, problem);
  void headless;
}

function validateAffinityConfig(object: Service, errors: FieldErrors, at: FieldPath): void {
  const { spec } = object;
  if (spec.sessionAffinity === "ClientIP") {
    const clientAt = at.child("clientIP");
    const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
    if (spec.sessionAffinityConfig === undefined) {
      errors.required(at, "when session affinity type is ClientIP");
    } else if (spec.sessionAffinityConfig.clientIP === undefined) {
      errors.required(clientAt, "when session affinity type is ClientIP");
    } else if (seconds === undefined) {
      errors.required(clientAt.child("timeoutSeconds"), "when session affinity type is ClientIP");
    } else if (seconds <= 0 || seconds > MAX_AFFINITY_SECONDS) {
      errors.invalid(clientAt.child("timeoutSeconds"), seconds, `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`);
    }
  } else if (spec.sessionAffinity === "None" && spec.sessionAffinityConfig !== undefined) {
    errors.forbidden(at, "must not be set when session affinity is None");
  }
}

/** A port as upstream's messages print it: by its internal field names. */
function internalPort(port: ServicePort): unknown {
  return {
    Name: port.name ?? "",
    Protocol: port.protocol ?? "",
    AppProtocol: port.appProtocol ?? null,
    Port: port.port ?? 0,
    TargetPort: port.targetPort ?? 0,
    NodePort: port.nodePort ?? 0,
  };
}

function validateProtocolsOfPorts(object: Service, errors: FieldErrors, at: FieldPath): void {
  const ports = object.spec.ports ?? [];
  if (object.spec.type === "ClusterIP") {
    for (const [i, port] of ports.entries()) if (port.nodePort) errors.forbidden(at.index(i).child("nodePort"), "may not be used when `type` is 'ClusterIP'");
  }
  const nodePorts = new Set<string>();
  for (const [i, port] of ports.entries()) {
    if (!port.nodePort) continue;
    const key = `${port.protocol}/${port.nodePort}`;
    if (nodePorts.has(key)) errors.duplicate(at.index(i).child("nodePort"), port.nodePort);
    nodePorts.add(key);
  }
  const seen = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const key = `${port.protocol}/${port.port}`;
    if (seen.has(key)) errors.duplicate(at.index(i), internalPort({ protocol: port.protocol ?? "", port: port.port, targetPort: 0 }));
    seen.add(key);
  }
}

function validateSourceRanges(object: Service, errors: FieldErrors, at: FieldPath): void {
  const { spec } = object;
  if (spec.loadBalancerSourceRanges?.length) {
    const field = at.child("LoadBalancerSourceRanges");
    if (spec.type !== "LoadBalancer") errors.forbidden(field, ONLY_BALANCED);
    for (const [i, range] of spec.loadBalancerSourceRanges.entries()) {
      for (const problem of isValidCIDRForLegacyField(range.trim())) errors.invalid(field.index(i), range.trim(), problem);
    }
    return;
  }
  const annotation = "service.beta.kubernetes.io/load-balancer-source-ranges";
  const value = object.metadata.annotations?.[annotation];
  if (value === undefined) return;
  const field = at.child("LoadBalancerSourceRanges");
  if (spec.type !== "LoadBalancer") errors.forbidden(field, ONLY_BALANCED);
  const text = value.trim();
  if (!text) return;
  for (const range of text.split(",").map((each) => each.trim())) for (const problem of isValidCIDRForLegacyField(range)) errors.invalid(field, value, problem);
}

function validateLoadBalancerClass(object: Service, errors: FieldErrors, at: FieldPath): void {
  const name = object.spec.loadBalancerClass;
  if (name === undefined) return;
  if (object.spec.type !== "LoadBalancer") errors.forbidden(at, ONLY_BALANCED);
  for (const problem of isQualifiedName(name)) errors.invalid(at, name, problem);
}

function validateExternalTraffic(object: Service, errors: FieldErrors, at: FieldPath): void {
  const { spec } = object;
  const policyAt = at.child("externalTrafficPolicy");
  const accessible = spec.type === "NodePort" || spec.type === "LoadBalancer" || (spec.type === "ClusterIP" && (spec.externalIPs?.length ?? 0) > 0);
  if (!accessible) {
    if (spec.externalTrafficPolicy) errors.invalid(policyAt, spec.externalTrafficPolicy, "may only be set for externally-accessible services");
  } else if (!spec.externalTrafficPolicy) {
    errors.required(policyAt);
  } else if (!POLICIES.includes(spec.externalTrafficPolicy)) {
    errors.notSupported(policyAt, spec.externalTrafficPolicy, POLICIES);
  }
  const portAt = at.child("healthCheckNodePort");
  const health = spec.healthCheckNodePort ?? 0;
  if (spec.type !== "LoadBalancer" || spec.externalTrafficPolicy !== "Local") {
    if (health !== 0) errors.invalid(portAt, health, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
  } else if (health !== 0) {
    for (const problem of isValidPortNum(health)) errors.invalid(portAt, health, problem);
  }
}

function validateInternalTraffic(object: Service, errors: FieldErrors, at: FieldPath): void {
  const policy = object.spec.internalTrafficPolicy;
  if (policy === undefined) {
    if (["ClusterIP", "NodePort", "LoadBalancer"].includes(object.spec.type ?? "")) errors.required(at);
  } else if (!POLICIES.includes(policy)) {
    errors.notSupported(at, policy, POLICIES);
  }
}

/** Rules on ipFamilies, ipFamilyPolicy, clusterIP and clusterIPs together; the allocator relies on them too. */
export function validateServiceAddresses(object: Service, errors: FieldErrors, at: FieldPath): void {
  const { spec } = object;
  if (spec.type === "ExternalName") return;
  const families = spec.ipFamilies ?? [];
  const ips = spec.clusterIPs ?? [];
  const ipsAt = at.child("clusterIPs");
  const familiesAt = at.child("ipFamilies");

  if (spec.clusterIP && ips[0] !== spec.clusterIP) errors.invalid(ipsAt, ips, "first value must match `clusterIP`");
  if (!spec.clusterIP && ips.length > 0) errors.invalid(ipsAt, ips, "must be empty when `clusterIP` is not specified");
  for (const [i, family] of families.entries()) {
    if (!FAMILIES.includes(family)) errors.notSupported(familiesAt.index(i), family, FAMILIES);
    if (families.indexOf(family) < i) errors.duplicate(familiesAt.index(i), family);
  }
  if (spec.ipFamilyPolicy !== undefined && !FAMILY_POLICIES.includes(spec.ipFamilyPolicy))
    errors.notSupported(at.child("ipFamilyPolicy"), spec.ipFamilyPolicy, FAMILY_POLICIES);

  let malformed = false;
  for (const [i, ip] of ips.entries()) {
    if (i === 0 && ip === "None") {
      if (ips.length > 1) {
        malformed = true;
        errors.invalid(ipsAt, ips, "'None' must be the first and only value");
      }
      continue;
    }
    for (const problem of isValidIPForLegacyField(ip)) {
      malformed = true;
      errors.invalid(ipsAt.index(i), ip, problem);
    }
  }
  if (ips.length > 2) errors.invalid(ipsAt, ips, "may only hold up to 2 values");
  if (malformed) return;
  if (ips.length > 1 && new Set(ips.map(familyOf)).size !== ips.length) errors.invalid(ipsAt, ips, "may specify no more than one IP for each IP family");
  if (ips[0] === "None") return;
  for (const [i, ip] of ips.entries()) {
    const family = families[i];
    if (family && FAMILIES.includes(family) && familyOf(ip) !== family)
      errors.invalid(ipsAt.index(i), ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``);
  }
}

export function validateServiceUpdate(object: Service, old: Service, errors: FieldErrors, at: FieldPath): void {
  const specAt = at.child("spec");
  if (object.spec.type !== "ExternalName" && old.spec.type !== "ExternalName") {
    const headless = isHeadless(object);
    const wasHeadless = isHeadless(old);
    if (!headless || !wasHeadless) validateStackChange("clusterIPs", object, old, errors, specAt);
    if (!headless && !wasHeadless) validateStackChange("ipFamilies", object, old, errors, specAt);
  }
  validateClassUpdate(object, old, errors, specAt.child("loadBalancerClass"));
  const before = old.spec.healthCheckNodePort ?? 0;
  const now = object.spec.healthCheckNodePort ?? 0;
  const wasLocal = old.spec.type === "LoadBalancer" && old.spec.externalTrafficPolicy === "Local";
  const isLocal = object.spec.type === "LoadBalancer" && object.spec.externalTrafficPolicy === "Local";
  if (wasLocal && isLocal && now !== before) errors.forbidden(specAt.child("healthCheckNodePort"), "field is immutable");
}

function isHeadless(object: Service): boolean {
  return object.spec.clusterIPs?.length === 1 && object.spec.clusterIPs[0] === "None";
}

/** A second address or family may come and go, with the fitting policy; the first never changes. */
function validateStackChange(field: "clusterIPs" | "ipFamilies", object: Service, old: Service, errors: FieldErrors, at: FieldPath): void {
  const now = object.spec[field] ?? [];
  const before = old.spec[field] ?? [];
  const what = field === "clusterIPs" ? "clusterIP" : "ipFamily";
  const fieldAt = at.child(field);
  if (now.length === before.length) {
    for (const [i, value] of before.entries()) if (value !== now[i]) errors.invalid(fieldAt.index(i), now, "may not change once set");
    return;
  }
  if (now.length < before.length && now.length === 0) errors.invalid(fieldAt.index(0), now, `primary ${what} can not be unset`);
  else if (before.length > 0 && now[0] !== before[0]) errors.invalid(fieldAt.index(0), now, "may not change once set");
  if (now.length < before.length && object.spec.ipFamilyPolicy !== "SingleStack") {
    errors.invalid(
      at.child("ipFamilyPolicy").index(0),
      object.spec.ipFamilyPolicy ?? null,
      `must be set to 'SingleStack' when releasing the secondary ${what}`,
    );
  }
}

function validateClassUpdate(object: Service, old: Service, errors: FieldErrors, at: FieldPath): void {
  if (old.spec.type !== "LoadBalancer" || object.spec.type !== "LoadBalancer") return;
  if (object.spec.loadBalancerClass !== old.spec.loadBalancerClass) errors.invalid(at, object.spec.loadBalancerClass ?? null, "may not change once set");
}
