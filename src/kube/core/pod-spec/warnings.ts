/** Warnings about pods and pod templates: what is accepted though it is deprecated, ignored or surely a mistake. */
import { formatIP, parseIP } from "../../machinery/ip.ts";
import { entryOf } from "../../machinery/json-value.ts";
import { isDNS1123Label } from "../../machinery/names.ts";
import type { Container, Pod, PodAffinityTerm, PodSpec, PodTemplateSpec } from "../../schema/generated/types/core.v1.ts";
import { sameJson } from "../equality.ts";
import { APPARMOR_ANNOTATION, SECCOMP_CONTAINER, SECCOMP_POD } from "./annotations.ts";
import { PortWarnings } from "./port-warnings.ts";
import { fractionalBytesWarnings } from "./resource-lists.ts";
import { volumeWarnings } from "./volume-warnings.ts";

const DEPRECATED_LABELS: Readonly<Record<string, string>> = {
  "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
  "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};
const CRITICAL_POD = "scheduler.alpha.kubernetes.io/critical-pod";
const SYSCTLS = "security.alpha.kubernetes.io/sysctls";
const UNSAFE_SYSCTLS = "security.alpha.kubernetes.io/unsafe-sysctls";
const NO_SELECTOR = "a null labelSelector results in matching no pod";

/** Warnings of a Pod that is created, or updated in its spec. */
export function podWarnings(pod: Pod, old?: Pod): string[] {
  if (old) return [];
  return [...dnsLabelWarnings(pod.metadata.name, "the Pod's hostname"), ...podSpecWarnings(pod.spec, pod.metadata.annotations, "")];
}

/** Warnings of a workload's template at `path`, when it is new or changed. */
export function templateWarnings(template: PodTemplateSpec | undefined, old: PodTemplateSpec | undefined, path: string): string[] {
  if (!template?.spec || (old && sameJson(template, old))) return [];
  return podSpecWarnings(template.spec, template.metadata?.annotations, path ? `${path}.` : "");
}

/** Names that become (part of) host names should be DNS labels; `use` says whose. */
export function dnsLabelWarnings(name: string | undefined, use = "Pod names and hostnames"): string[] {
  if (!name) return [];
  const problems = dnsLabelProblems(name);
  if (problems.length === 0) return [];
  return [`metadata.name: this is used in ${use}, which can result in surprising behavior; a DNS label is recommended: [${problems.join(" ")}]`];
}

/** What keeps a valid object name from being a DNS label. */
function dnsLabelProblems(name: string): string[] {
  const problems = isDNS1123Label(name);
  if (problems.length === 0) return [];
  const dotted = name.includes(".") ? ["must not contain dots"] : [];
  return [...(name.length > 63 ? ["must be no more than 63 characters"] : []), ...dotted];
}

/** `prefix` precedes `spec…` and `metadata…` in the texts, e.g. "spec.template.". */
function podSpecWarnings(spec: PodSpec, annotations: Readonly<Record<string, string>> | undefined, prefix: string): string[] {
  const warnings: string[] = [];
  const at = `${prefix}spec`;
  if (spec.nodeSelector) {
    for (const key in DEPRECATED_LABELS) if (Object.hasOwn(spec.nodeSelector, key)) warnings.push(`${at}.nodeSelector[${key}]: ${DEPRECATED_LABELS[key]}`);
  }
  if (spec.affinity?.nodeAffinity) nodeAffinityWarnings(spec.affinity.nodeAffinity, `${at}.affinity.nodeAffinity`, warnings);
  spec.topologySpreadConstraints?.forEach(({ topologyKey, labelSelector }, i) => {
    const deprecated = entryOf(DEPRECATED_LABELS, topologyKey);
    if (deprecated) warnings.push(`${at}.topologySpreadConstraints[${i}].topologyKey: ${topologyKey} is ${deprecated}`);
    if (!labelSelector) warnings.push(`${at}.topologySpreadConstraints[${i}].labelSelector: ${NO_SELECTOR}`);
  });
  if (annotations) annotationWarnings(annotations, spec, `${prefix}metadata.annotations`, warnings);
  repeatedNameWarnings(spec, at, warnings);
  if (spec.volumes) volumeWarnings(spec.volumes, `${at}.volumes`, warnings);
  const ports = new PortWarnings();
  for (const field of ["initContainers", "containers"] as const) {
    for (const [i, container] of (spec[field] ?? []).entries()) containerWarnings(container, `${at}.${field}[${i}]`, warnings);
  }
  if (spec.overhead) fractionalBytesWarnings(spec.overhead, `${at}.overhead`, warnings);
  if (spec.terminationGracePeriodSeconds !== undefined && spec.terminationGracePeriodSeconds < 0) {
    warnings.push(`${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`);
  }
  podAffinityWarnings(spec, `${at}.affinity`, warnings);
  addressWarnings(spec, at, warnings);
  for (const field of ["initContainers", "containers"] as const) {
    for (const [i, container] of (spec[field] ?? []).entries()) ports.note(container, `${at}.${field}[${i}]`, warnings);
  }
  // Several files in one place give the same text more than once.
  return warnings.length > 1 ? [...new Set(warnings)] : warnings;
}

type NodeAffinity = NonNullable<NonNullable<PodSpec["affinity"]>["nodeAffinity"]>;

function nodeAffinityWarnings(affinity: NodeAffinity, at: string, warnings: string[]): void {
  const warn = (key: string, path: string): void => {
    const deprecated = entryOf(DEPRECATED_LABELS, key);
    if (deprecated) warnings.push(`${path}.key: ${key} is ${deprecated}`);
  };
  affinity.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms?.forEach((term, t) => {
    term.matchExpressions?.forEach(({ key }, i) => {
      warn(key, `${at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${t}].matchExpressions[${i}]`);
    });
  });
  affinity.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ preference }, t) => {
    preference.matchExpressions?.forEach(({ key }, i) => {
      warn(key, `${at}.preferredDuringSchedulingIgnoredDuringExecution[${t}].preference.matchExpressions[${i}]`);
    });
  });
}

function podAffinityWarnings(spec: PodSpec, at: string, warnings: string[]): void {
  for (const kind of ["podAffinity", "podAntiAffinity"] as const) {
    const affinity = spec.affinity?.[kind];
    const warn = (term: PodAffinityTerm, path: string): void => {
      if (!term.labelSelector) warnings.push(`${path}.labelSelector: ${NO_SELECTOR}`);
    };
    affinity?.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, i) => {
      warn(term, `${at}.${kind}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`);
    });
    affinity?.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ podAffinityTerm }, i) => {
      warn(podAffinityTerm, `${at}.${kind}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm`);
    });
  }
}

function annotationWarnings(annotations: Readonly<Record<string, string>>, spec: PodSpec, at: string, warnings: string[]): void {
  const superseded = (key: string, since: string, field: string): void => {
    if (key in annotations) warnings.push(`${at}[${key}]: ${since}; use the "${field}" field instead`);
  };
  superseded(SECCOMP_POD, "non-functional in v1.27+", "seccompProfile");
  for (const list of [spec.initContainers, spec.containers]) {
    for (const container of list ?? []) {
      superseded(`${SECCOMP_CONTAINER}${container.name}`, "non-functional in v1.27+", "seccompProfile");
      superseded(`${APPARMOR_ANNOTATION}${container.name}`, "deprecated since v1.30", "appArmorProfile");
    }
  }
  superseded(CRITICAL_POD, "non-functional in v1.16+", "priorityClassName");
  superseded(SYSCTLS, "non-functional in v1.11+", "sysctls");
  superseded(UNSAFE_SYSCTLS, "non-functional in v1.11+", "sysctls");
}

function addressWarnings(spec: PodSpec, at: string, warnings: string[]): void {
  spec.dnsConfig?.nameservers?.forEach((address, i) => {
    canonicalAddressWarning(address, `${at}.dnsConfig.nameservers[${i}]`, warnings);
  });
  spec.hostAliases?.forEach(({ ip }, i) => {
    canonicalAddressWarning(ip, `${at}.hostAliases[${i}].ip`, warnings);
  });
}

function canonicalAddressWarning(text: string, at: string, warnings: string[]): void {
  const address = parseIP(text);
  const canonical = address && formatIP(address);
  if (canonical && canonical !== text && text.includes(":"))
    warnings.push(`${at}: IPv6 address "${text}" should be in RFC 5952 canonical format ("${canonical}")`);
}

function repeatedNameWarnings(spec: PodSpec, at: string, warnings: string[]): void {
  const ips = new Set<string>();
  spec.hostAliases?.forEach(({ ip }, i) => {
    if (ips.has(ip)) warnings.push(`${at}.hostAliases[${i}].ip: duplicate ip "${ip}"`);
    ips.add(ip);
  });
  const names = new Set<string>();
  spec.imagePullSecrets?.forEach(({ name = "" }, i) => {
    if (name && names.has(name)) warnings.push(`${at}.imagePullSecrets[${i}].name: duplicate name "${name}"`);
    names.add(name);
  });
  spec.imagePullSecrets?.forEach(({ name }, i) => {
    if (!name) warnings.push(`${at}.imagePullSecrets[${i}].name: invalid empty name ""`);
  });
}

function containerWarnings(container: Container, at: string, warnings: string[]): void {
  const { limits, requests } = container.resources ?? {};
  for (const name of ["memory", "ephemeral-storage"]) {
    if (limits) fractionalBytesWarnings(limits, `${at}.resources.limits`, warnings, [name]);
    if (requests) fractionalBytesWarnings(requests, `${at}.resources.requests`, warnings, [name]);
  }
  const defined = new Set<string>();
  container.env?.forEach(({ name, value }, i) => {
    if (defined.has(name) && !value?.includes(`$(${name})`)) {
      warnings.push(`${at}.env[${i}]: hides previous definition of "${name}", which may be dropped when using apply`);
    }
    defined.add(name);
  });
}
