/** Names of compute resources and the rules on maps of quantities (ResourceList). */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isQualifiedName } from "../machinery/names.ts";
import { compareQuantity, parseQuantity } from "../machinery/quantity.ts";

export type ResourceList = { [name: string]: string | number };

const HUGEPAGES = "hugepages-";
const COMPUTE = ["cpu", "memory", "ephemeral-storage"];
const QUOTA = [
  ...COMPUTE,
  ...COMPUTE.map((name) => `requests.${name}`),
  ...COMPUTE.map((name) => `limits.${name}`),
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "persistentvolumeclaims",
  "configmaps",
  "services.nodeports",
  "services.loadbalancers",
  "requests.storage",
];
/** Names without a domain that mean something; huge pages have names of their own. */
export const STANDARD_RESOURCES: ReadonlySet<string> = new Set([...QUOTA, "storage"]);
const QUOTA_NAMES = new Set(QUOTA);
const LIMIT_RANGE = new Set([...COMPUTE]);
/** Resources that come in whole units. */
const INTEGER = new Set([
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
]);

export function isStandardResource(name: string): boolean {
  return STANDARD_RESOURCES.has(name) || isHugePages(name) || name.startsWith(`requests.${HUGEPAGES}`);
}

export function isStandardQuotaResource(name: string): boolean {
  return QUOTA_NAMES.has(name) || isHugePages(name) || name.startsWith(`requests.${HUGEPAGES}`);
}

/** Resources that a container may ask for, by name without a domain. */
export function isStandardLimitRangeResource(name: string): boolean {
  return LIMIT_RANGE.has(name) || isHugePages(name);
}

export function isHugePages(name: string): boolean {
  return name.startsWith(HUGEPAGES);
}

/** `domain/name`: a resource that a device plugin or an operator defines. */
export function isFullyQualified(name: string): boolean {
  return name.includes("/");
}

/** In kubernetes.io or without a domain. */
export function isNativeResource(name: string): boolean {
  return !name.includes("/") || name.includes("kubernetes.io/");
}

/** An extended resource: has a domain that is not Kubernetes' own. */
export function isExtendedResource(name: string): boolean {
  return !isNativeResource(name) && !name.startsWith("requests.") && isQualifiedName(`requests.${name}`).length === 0;
}

export function isIntegerResource(name: string): boolean {
  return INTEGER.has(name) || isExtendedResource(name);
}

/** A resource of a quota or a node: qualified, and standard when it has no domain. */
export function validateResourceName(name: string, errors: FieldErrors, at: FieldPath): void {
  const problems = isQualifiedName(name);
  for (const problem of problems) errors.invalid(at, name, problem);
  if (problems.length === 0 && !name.includes("/") && !isStandardResource(name))
    errors.invalid(at, name, "must be a standard resource type or fully qualified");
}

/** At least zero, and whole where the resource comes in whole units. */
export function validateResourceQuantity(name: string, value: string | number, errors: FieldErrors, at: FieldPath): void {
  const quantity = parseQuantity(String(value));
  if (compareQuantity(quantity, parseQuantity("0")) < 0) errors.invalid(at, String(value), "must be greater than or equal to 0");
  if (isIntegerResource(name) && !isWhole(value)) errors.invalid(at, String(value), "must be an integer");
}

/** Whether a quantity has no part below one. */
export function isWhole(value: string | number): boolean {
  const text = String(value);
  if (!/[.numE]/.test(text)) return true;
  const quantity = parseQuantity(text);
  return Number.isInteger(quantity.toNumber());
}
