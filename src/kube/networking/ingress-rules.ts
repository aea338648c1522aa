/** What an Ingress may say. */
import { validateHostname } from "../core/load-balancer.ts";
import { type FieldErrors, FieldPath } from "../machinery/field.ts";
import { isValidIPForLegacyField, parseIP } from "../machinery/ip.ts";
import { isDNS1123Label, isDNS1123Subdomain, isValidPortName, isValidPortNum, isWildcardDNS1123Subdomain } from "../machinery/names.ts";
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule } from "../schema/generated/types/networking.v1.ts";

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];
const CLASS_ANNOTATION = "kubernetes.io/ingress.class";
const INVALID_SEQUENCES = ["//", "/./", "/../", "%2f", "%2F"];
const INVALID_SUFFIXES = ["/..", "/."];

/** Rules of create (no `old`) and update. */
export function validateIngress(object: Ingress, old: Ingress | undefined, errors: FieldErrors, at: FieldPath): void {
  const specAt = at.child("spec");
  const spec = object.spec ?? {};
  const annotation = object.metadata.annotations?.[CLASS_ANNOTATION];
  if (!old && annotation !== undefined && spec.ingressClassName !== undefined && annotation !== spec.ingressClassName) {
    errors.invalid(at.child("annotations", CLASS_ANNOTATION), annotation, "must match `ingressClassName` when both are specified");
  }
  if (!spec.rules?.length && !spec.defaultBackend) errors.invalid(specAt, spec.rules ?? null, "either `defaultBackend` or `rules` must be specified");
  if (spec.defaultBackend) validateBackend(spec.defaultBackend, errors, specAt.child("defaultBackend"));
  for (const [i, rule] of (spec.rules ?? []).entries()) validateRule(rule, errors, specAt.child("rules").index(i));
  for (const [i, tls] of (spec.tls ?? []).entries()) {
    const tlsAt = specAt.child("tls").index(i);
    for (const [k, host] of (tls.hosts ?? []).entries()) validateHost(host, errors, tlsAt.child("hosts").index(k));
    if (tls.secretName) for (const problem of isDNS1123Subdomain(tls.secretName)) errors.invalid(tlsAt.child("secretName"), tls.secretName, problem);
  }
  if (spec.ingressClassName !== undefined) {
    for (const problem of isDNS1123Subdomain(spec.ingressClassName)) errors.invalid(specAt.child("ingressClassName"), spec.ingressClassName, problem);
  }
}

function validateHost(host: string, errors: FieldErrors, at: FieldPath): void {
  const problems = host.includes("*") ? isWildcardDNS1123Subdomain(host) : isDNS1123Subdomain(host);
  for (const problem of problems) errors.invalid(at, host, problem);
}

function validateRule(rule: IngressRule, errors: FieldErrors, at: FieldPath): void {
  if (rule.host) {
    if (parseIP(rule.host)) errors.invalid(at.child("host"), rule.host, "must be a DNS name, not an IP address");
    validateHost(rule.host, errors, at.child("host"));
  }
  if (!rule.http) return;
  const pathsAt = at.child("http", "paths");
  if (!rule.http.paths?.length) errors.required(pathsAt);
  for (const [i, path] of (rule.http.paths ?? []).entries()) validatePath(path, errors, pathsAt.index(i));
}

function validatePath(path: HTTPIngressPath, errors: FieldErrors, at: FieldPath): void {
  const text = path.path ?? "";
  if (path.pathType === undefined || path.pathType === null) {
    errors.required(at.child("pathType"), "pathType must be specified");
    return;
  }
  if (path.pathType === "Exact" || path.pathType === "Prefix") {
    if (!text.startsWith("/")) errors.invalid(at.child("path"), text, "must be an absolute path");
    if (text) {
      for (const sequence of INVALID_SEQUENCES) if (text.includes(sequence)) errors.invalid(at.child("path"), text, `must not contain '${sequence}'`);
      for (const suffix of INVALID_SUFFIXES) if (text.endsWith(suffix)) errors.invalid(at.child("path"), text, `cannot end with '${suffix}'`);
    }
  } else if (path.pathType === "ImplementationSpecific") {
    if (text && !text.startsWith("/")) errors.invalid(at.child("path"), text, "must be an absolute path");
  } else {
    errors.notSupported(at.child("pathType"), path.pathType, PATH_TYPES);
  }
  validateBackend(path.backend, errors, at.child("backend"));
}

function validateBackend(backend: IngressBackend, errors: FieldErrors, at: FieldPath): void {
  const { resource, service } = backend;
  if (resource && service) {
    errors.invalid(at, "", "cannot set both resource and service backends");
  } else if (resource) {
    validateResource(resource, errors, at.child("resource"));
  } else if (!service) {
    errors.invalid(at, "", "resource or service backend is required");
  } else {
    const serviceAt = at.child("service");
    if (!service.name) errors.required(serviceAt.child("name"));
    else for (const problem of isDNS1123Label(service.name)) errors.invalid(serviceAt.child("name"), service.name, problem);
    const name = service.port?.name;
    const number = service.port?.number ?? 0;
    if (name && number) {
      errors.invalid(at, "", "cannot set both port name & port number");
    } else if (name) {
      for (const problem of isValidPortName(name)) errors.invalid(serviceAt.child("port", "name"), name, problem);
    } else if (number) {
      for (const problem of isValidPortNum(number)) errors.invalid(serviceAt.child("port", "number"), number, problem);
    } else {
      errors.required(at, "port name or number is required");
    }
  }
}

function validateResource(resource: { apiGroup?: string; kind: string; name: string }, errors: FieldErrors, at: FieldPath): void {
  if (resource.apiGroup === undefined) errors.required(at.child("apiGroup"));
  else if (resource.apiGroup) for (const problem of isDNS1123Subdomain(resource.apiGroup)) errors.invalid(at.child("apiGroup"), resource.apiGroup, problem);
  if (!resource.kind) errors.required(at.child("kind"));
  if (!resource.name) errors.required(at.child("name"));
}

export function validateIngressStatus(object: Ingress, old: Ingress, errors: FieldErrors): void {
  const at = FieldPath.of("status", "loadBalancer", "ingress");
  const known = new Set((old.status?.loadBalancer?.ingress ?? []).map((each) => each.ip));
  for (const [i, each] of (object.status?.loadBalancer?.ingress ?? []).entries()) {
    const itemAt = at.index(i);
    if (each.ip && !known.has(each.ip)) for (const problem of isValidIPForLegacyField(each.ip)) errors.invalid(itemAt.child("ip"), each.ip, problem);
    validateHostname(each.hostname, errors, itemAt);
  }
}

export function ingressWarnings(object: Ingress, old?: Ingress): string[] {
  const warnings: string[] = [];
  if (!old && object.metadata.annotations?.[CLASS_ANNOTATION] !== undefined && object.spec?.ingressClassName === undefined) {
    warnings.push(`annotation ${JSON.stringify(CLASS_ANNOTATION)} is deprecated, please use 'spec.ingressClassName' instead`);
  }
  return warnings;
}
