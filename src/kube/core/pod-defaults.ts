/** Defaults that a Pod gets beyond those of its PodSpec: templates must stay as their authors wrote them. */
import { entryOf } from "../machinery/json-value.ts";
import { compareQuantity } from "../machinery/quantity.ts";
import type { Container, Pod, PodSpec } from "../schema/generated/types/core.v1.ts";
import { applyPodSpecDefaults } from "./pod-spec/defaults.ts";
import { isPodLevelResource } from "./pod-spec/resource-lists.ts";
import { aggregateContainers } from "./pod-spec/resources.ts";

/** Fills a Pod's defaults in place. Idempotent. */
export function applyPodDefaults(pod: Pod): void {
  const { spec } = pod;
  for (const container of spec.containers ?? []) requestsFromLimits(container);
  for (const container of spec.initContainers ?? []) requestsFromLimits(container);
  if (spec.enableServiceLinks === undefined) spec.enableServiceLinks = true;
  if (spec.hostNetwork) {
    for (const container of spec.containers ?? []) hostPortsFromContainerPorts(container);
    for (const container of spec.initContainers ?? []) hostPortsFromContainerPorts(container);
  }
  applyPodSpecDefaults(spec);
  if (spec.resources) applyPodResourceDefaults(spec);
}

function requestsFromLimits({ resources }: Container): void {
  if (!resources?.limits) return;
  for (const name in resources.limits) {
    if (entryOf(resources.requests, name) !== undefined) continue;
    resources.requests ??= {};
    resources.requests[name] = resources.limits[name] as string;
  }
}

function hostPortsFromContainerPorts({ ports }: Container): void {
  if (ports) for (const port of ports) if (!port.hostPort && port.containerPort) port.hostPort = port.containerPort;
}

/** Pod-level resources (KEP-2837): requests not given follow the containers' sum, then the pod's limits. */
function applyPodResourceDefaults(spec: PodSpec): void {
  const resources = spec.resources as NonNullable<PodSpec["resources"]>;
  if (!resources.limits && !resources.requests) return;
  const requests = { ...resources.requests };
  for (const [name, sum] of aggregateContainers(spec, "requests")) {
    const limited = name.startsWith("hugepages-") && entryOf(resources.limits, name) !== undefined;
    if (!Object.hasOwn(requests, name) && isPodLevelResource(name) && !limited) requests[name] = sum.toString();
  }
  for (const name in resources.limits) {
    if (!Object.hasOwn(requests, name) && isPodLevelResource(name)) requests[name] = resources.limits[name] as string;
  }
  if (Object.keys(requests).length > 0) resources.requests = requests;
  limitHugePages(spec);
}

/** Huge pages cannot be overcommitted: where only the containers or the request name them, the pod's limit follows. */
function limitHugePages(spec: PodSpec): void {
  const resources = spec.resources as NonNullable<PodSpec["resources"]>;
  for (const [name, sum] of aggregateContainers(spec, "limits")) {
    if (!name.startsWith("hugepages-") || entryOf(resources.limits, name) !== undefined) continue;
    const request = entryOf(resources.requests, name);
    if (request !== undefined && compareQuantity(request, sum) !== 0) continue;
    resources.limits = { ...resources.limits, [name]: sum.toString() };
  }
}
