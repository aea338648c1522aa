/** Resource requirements of containers and of whole pods. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { entryOf } from "../../machinery/json-value.ts";
import { isDNS1123Label } from "../../machinery/names.ts";
import { compareQuantity, parseQuantity, type Quantity, quantity } from "../../machinery/quantity.ts";
import type { Container, ContainerResizePolicy, PodSpec, ResourceRequirements } from "../../schema/generated/types/core.v1.ts";
import { invalidEach, unsupported } from "./checks.ts";
import { addTo, isExtendedResource, isOvercommitAllowed, isPodLevelResource, type ResourceList, raiseTo } from "./resource-lists.ts";
import { validateContainerResourceName } from "./resource-names.ts";

export function validateResourceRequirements(requirements: ResourceRequirements, claimNames: ReadonlySet<string>, errors: FieldErrors, at: FieldPath): void {
  const { limits, requests } = requirements;
  const limitsAt = at.child("limits");
  const requestsAt = at.child("requests");
  let hugePages = false;
  let cpuOrMemory = false;

  for (const name in limits) {
    const here = limitsAt.key(name);
    validateContainerResourceName(name, errors, here);
    validateResourceQuantity(name, limits[name] as string, errors, here);
    if (name.startsWith("hugepages-")) {
      hugePages = true;
      validateHugePages(name, limits[name] as string, errors, here);
    } else if (name === "cpu" || name === "memory") cpuOrMemory = true;
  }
  for (const name in requests) {
    const here = requestsAt.key(name);
    const value = requests[name] as string;
    validateContainerResourceName(name, errors, here);
    validateResourceQuantity(name, value, errors, here);
    if (name.startsWith("hugepages-")) {
      hugePages = true;
      validateHugePages(name, value, errors, here);
    } else if (name === "cpu" || name === "memory") cpuOrMemory = true;
    const limit = entryOf(limits, name);
    if (limit !== undefined) {
      const difference = compareQuantity(value, limit);
      if (difference > 0 && isOvercommitAllowed(name)) errors.invalid(requestsAt, text(value), `must be less than or equal to ${name} limit of ${text(limit)}`);
      else if (difference !== 0 && !isOvercommitAllowed(name)) errors.invalid(requestsAt, text(value), `must be equal to ${name} limit of ${text(limit)}`);
    } else if (!isOvercommitAllowed(name)) errors.required(limitsAt, "Limit must be set for non overcommitable resources");
  }
  if (hugePages && !cpuOrMemory) errors.forbidden(at, "HugePages require cpu or memory");
  if (requirements.claims) validateClaims(requirements.claims, claimNames, errors, at.child("claims"));
}

/** A container uses a claim as a whole, or some of its requests, each once. */
function validateClaims(claims: NonNullable<ResourceRequirements["claims"]>, podClaims: ReadonlySet<string>, errors: FieldErrors, at: FieldPath): void {
  const used = new Map<string, Set<string>>();
  claims.forEach(({ name, request = "" }, i) => {
    const here = at.index(i);
    if (!name) {
      errors.required(here);
      return;
    }
    if (request) invalidEach(errors, here.child("request"), request, isDNS1123Label(request));
    const parts = used.get(name) ?? new Set();
    const use = request ? `${name}/${request}` : name;
    if (parts.has(request)) errors.duplicate(here, use);
    else if (request === "") for (const _part of parts) errors.duplicate(here, name);
    else if (parts.has("")) errors.duplicate(here, name);
    parts.add(request);
    used.set(name, parts);
    if (podClaims.has(name)) return;
    const known = podClaims.size > 0 ? `: ${[...podClaims].sort().join(", ")}` : " which is empty";
    errors.add("NotFound", here, name, `must be one of the names in pod.spec.resourceClaims${known}`);
  });
}

export function validateResourceQuantity(name: string, value: string | number, errors: FieldErrors, at: FieldPath): void {
  const parsed = quantity(value);
  if (parsed.sign < 0) errors.invalid(at, text(value), "must be greater than or equal to 0");
  if (isIntegerResource(name) && parsed.milliValue() % 1000 !== 0) errors.invalid(at, text(value), "must be an integer");
}

function isIntegerResource(name: string): boolean {
  return isExtendedResource(name);
}

function validateHugePages(name: string, value: string | number, errors: FieldErrors, at: FieldPath): void {
  const page = parseQuantity(name.slice("hugepages-".length));
  const amount = quantity(value);
  if (amount.sign > 0 && page.sign > 0 && amount.value() % page.value() === 0) return;
  if (amount.isZero) return;
  errors.invalid(at, text(value), `${text(value)} is not positive integer multiple of ${name}`);
}

function text(value: string | number): string {
  return quantity(value).toString();
}

const RESIZABLE: readonly string[] = ["cpu", "memory"];
const RESIZE_POLICIES: readonly string[] = ["NotRequired", "RestartContainer"];

export function validateResizePolicy(
  policies: readonly ContainerResizePolicy[] | undefined,
  podRestartPolicy: string,
  errors: FieldErrors,
  at: FieldPath,
): void {
  if (!policies) return;
  const seen = new Set<string>();
  for (let i = 0; i < policies.length; i++) {
    const { resourceName, restartPolicy } = policies[i] as ContainerResizePolicy;
    if (seen.has(resourceName)) errors.duplicate(at.index(i), resourceName);
    seen.add(resourceName);
    if (!resourceName) errors.required(at);
    else if (!RESIZABLE.includes(resourceName)) unsupported(errors, at, resourceName, RESIZABLE);
    if (!restartPolicy) errors.required(at);
    else if (!RESIZE_POLICIES.includes(restartPolicy)) unsupported(errors, at, restartPolicy, RESIZE_POLICIES);
    if (podRestartPolicy === "Never" && restartPolicy !== "NotRequired")
      errors.invalid(at, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
  }
}

/** What all containers together ask for at their worst moment: sidecars run beside everything, init containers one after another before the rest. */
export function aggregateContainers(spec: Pick<PodSpec, "containers" | "initContainers">, pick: "requests" | "limits"): Map<string, Quantity> {
  const sums = new Map<string, Quantity>();
  for (const container of spec.containers ?? []) addTo(sums, container.resources?.[pick]);
  const sidecars = new Map<string, Quantity>();
  const peaks = new Map<string, Quantity>();
  for (const container of spec.initContainers ?? []) {
    const list = container.resources?.[pick];
    if (container.restartPolicy === "Always") {
      addTo(sums, list);
      addTo(sidecars, list);
      raiseTo(peaks, sidecars);
      continue;
    }
    const now = new Map(sidecars);
    addTo(now, list);
    raiseTo(peaks, now);
  }
  raiseTo(sums, peaks);
  return sums;
}

/** The pod's own requirements (pod-level resources, KEP-2837) against its containers'. */
export function validatePodResources(spec: PodSpec, claimNames: ReadonlySet<string>, errors: FieldErrors, at: FieldPath): void {
  const resources = spec.resources;
  if (!resources) return;
  const here = at.child("resources");
  if (resources.claims?.length) errors.forbidden(here.child("claims"), "claims may not be set for Resources at pod-level");
  for (const pick of ["limits", "requests"] as const) {
    for (const name in resources[pick]) {
      if (!isPodLevelResource(name)) unsupported(errors, here.child(pick).key(name), name, ["cpu", "hugepages-", "memory"]);
    }
  }
  validateResourceRequirements(resources, claimNames, errors, here);
  const requested = aggregateContainers(spec, "requests");
  for (const name in resources.requests) {
    const sum = requested.get(name);
    const value = resources.requests[name] as string;
    if (sum && compareQuantity(sum, value) > 0) {
      errors.invalid(here.child("requests").key(name), text(value), `must be greater than or equal to aggregate container requests of ${sum.toString()}`);
    }
  }
  if (!resources.limits) return;
  for (const [field, containers] of [
    ["containers", spec.containers ?? []],
    ["initContainers", spec.initContainers ?? []],
  ] as const) {
    validateWithinPodLimits(containers, resources.limits, errors, here.child(field));
  }
}

function validateWithinPodLimits(containers: readonly Container[], podLimits: Readonly<ResourceList>, errors: FieldErrors, at: FieldPath): void {
  for (let i = 0; i < containers.length; i++) {
    const limits = containers[i]?.resources?.limits;
    for (const name in limits) {
      const podLimit = podLimits[name];
      const limit = limits[name] as string;
      if (podLimit !== undefined && isPodLevelResource(name) && compareQuantity(limit, podLimit) > 0) {
        errors.invalid(at.index(i).key(name).child("limits"), text(limit), `must be less than or equal to pod limits of ${text(podLimit)}`);
      }
    }
  }
}
