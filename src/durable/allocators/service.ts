/** What a Service takes from the cluster when it is written: IP families, cluster IPs, node ports, a health check port. */
import { familyOf, type IPFamily } from "../../kube/core/ip.ts";
import { isHeadless, needsClusterIP, needsHealthCheckNodePort, needsNodePort } from "../../kube/core/service.ts";
import { validateServiceAddresses } from "../../kube/core/service-rules.ts";
import { FieldErrors, FieldPath } from "../../kube/machinery/field.ts";
import { type CIDR, parseCIDR } from "../../kube/machinery/ip.ts";
import { internalError, invalid, type StatusError } from "../../kube/machinery/status.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { Service } from "../../kube/schema/generated/types/core.v1.ts";
import type { AllocationContext, Allocator } from "../allocation.ts";
import { AllocationError, clusterFamilies, readyRanges, releaseClusterIP, takeAnyClusterIP, takeClusterIP } from "./cluster-ips.ts";
import { dryRunNodePorts, type NodePorts, nodePorts } from "./node-ports.ts";

const SPEC = FieldPath.of("spec");
/** Where the cluster has no ServiceCIDR (yet), only the family matters. */
const NO_RANGES: readonly CIDR[] = [parseCIDR("0.0.0.0/0") as CIDR];

export const serviceAllocator: Allocator = {
  create: (object, context) => allocateForCreate(object as unknown as Service, context),
  update: (object, old, context) => allocateForUpdate(object as unknown as Service, old as unknown as Service, context),
  release: (object: KubeObject, context) => releaseForDelete(object as unknown as Service, context),
};

/** Fills what is not named and takes what is. @throws StatusError 422 when a named value can't be had, 500 when a range is full */
export function allocateForCreate(service: Service, context: AllocationContext): void {
  if (service.spec.type !== "ExternalName") {
    const ranges = readyRanges(context.transaction);
    initialiseFamilies(service, ranges);
    takeClusterIPs(service, ranges, context);
  }
  const ports = portsOf(context);
  if (service.spec.type === "NodePort" || service.spec.type === "LoadBalancer") takeNodePorts(service, ports);
  if (needsHealthCheckNodePort(service)) takeHealthCheckPort(service, ports);
}

/** As for create; what the update keeps stays taken, what it gives up is released. @throws StatusError as for create */
export function allocateForUpdate(service: Service, old: Service, context: AllocationContext): void {
  if (service.spec.type !== "ExternalName") {
    const ranges = readyRanges(context.transaction);
    if (!keepsPreferredStack(service, old)) initialiseFamilies(service, ranges);
    if (!needsClusterIP(old)) takeClusterIPs(service, ranges, context);
    else if (!isHeadless(old) && !isHeadless(service) && !keepsPreferredStack(service, old)) changeStack(service, old, ranges, context);
  } else if (needsClusterIP(old) && !isHeadless(old)) {
    for (const ip of old.spec.clusterIPs ?? []) releaseClusterIP(ip, ownerOf(old), context);
  }
  const ports = portsOf(context);
  if (service.spec.type === "NodePort" || service.spec.type === "LoadBalancer") changeNodePorts(service, old, ports);
  if (needsHealthCheckNodePort(service) && !needsHealthCheckNodePort(old)) takeHealthCheckPort(service, ports);
}

/** Gives back what the Service has. Node ports are free as soon as the Service is gone. */
export function releaseForDelete(service: Service, context: AllocationContext): void {
  if (!needsClusterIP(service) || isHeadless(service)) return;
  for (const ip of service.spec.clusterIPs ?? []) releaseClusterIP(ip, ownerOf(service), context);
}

function ownerOf(service: Service): { namespace: string; name: string } {
  return { namespace: service.metadata.namespace ?? "", name: service.metadata.name ?? "" };
}

function portsOf(context: AllocationContext): NodePorts {
  return context.dryRun ? dryRunNodePorts() : nodePorts(context.transaction, context.random);
}

function refuse(service: Service, errors: FieldErrors): StatusError {
  return invalid({ group: "", kind: "Service" }, service.metadata.name ?? "", errors.list);
}

/** A PreferDualStack Service follows the cluster's stacks only when its addresses, families or policy are changed. */
function keepsPreferredStack(service: Service, old: Service): boolean {
  const { spec } = service;
  const was = old.spec;
  const same = (a: readonly string[] | undefined, b: readonly string[] | undefined) => JSON.stringify(a ?? []) === JSON.stringify(b ?? []);
  return (
    spec.type !== "ExternalName" &&
    was.type !== "ExternalName" &&
    spec.ipFamilyPolicy === "PreferDualStack" &&
    was.ipFamilyPolicy === "PreferDualStack" &&
    same(spec.clusterIPs, was.clusterIPs) &&
    same(spec.ipFamilies, was.ipFamilies)
  );
}

/** Settles ipFamilyPolicy and ipFamilies from what is asked for and what the cluster has. */
function initialiseFamilies(service: Service, ranges: readonly CIDR[]): void {
  const { spec } = service;
  const configured = clusterFamilies(ranges.length > 0 ? ranges : NO_RANGES);
  const selectorless = isHeadless(service) && Object.keys(spec.selector ?? {}).length === 0;
  // Nothing is known of the addresses that a headless Service without a selector will have.
  spec.ipFamilyPolicy ??= selectorless ? "RequireDualStack" : "SingleStack";

  const errors = new FieldErrors();
  validateServiceAddresses(service, errors, SPEC);
  if (!errors.empty) throw refuse(service, errors);

  const families = [...(spec.ipFamilies ?? [])] as IPFamily[];
  const ips = spec.clusterIPs ?? [];
  if (spec.ipFamilyPolicy === "SingleStack") {
    if (ips.length === 2)
      errors.invalid(
        SPEC.child("ipFamilyPolicy"),
        spec.ipFamilyPolicy,
        "must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified",
      );
    if (families.length === 2)
      errors.invalid(
        SPEC.child("ipFamilyPolicy"),
        spec.ipFamilyPolicy,
        "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
      );
  }
  for (const [i, ip] of ips.entries()) {
    const family = ip === "None" ? undefined : familyOf(ip);
    if (!family || i < families.length) continue;
    if (!configured.includes(family)) errors.invalid(SPEC.child("clusterIPs").index(i), ips, `${family} is not configured on this cluster`);
    else families.push(family);
  }
  if (!errors.empty) throw refuse(service, errors);

  if (selectorless) {
    const [first = configured[0] ?? "IPv4"] = families;
    if (families.length === 0) families.push(first);
    if (families.length < 2 && spec.ipFamilyPolicy !== "SingleStack") families.push(first === "IPv4" ? "IPv6" : "IPv4");
    spec.ipFamilies = families;
    return;
  }
  if (spec.ipFamilyPolicy === "RequireDualStack" && configured.length < 2) {
    errors.invalid(SPEC.child("ipFamilyPolicy"), spec.ipFamilyPolicy, "this cluster is not configured for dual-stack services");
  }
  for (const [i, family] of families.entries())
    if (!configured.includes(family)) errors.invalid(SPEC.child("ipFamilies").index(i), family, "not configured on this cluster");
  if (!errors.empty) throw refuse(service, errors);

  if (families.length === 0) families.push(configured[0] ?? "IPv4");
  if (spec.ipFamilyPolicy !== "SingleStack" && families.length === 1 && configured.length === 2) families.push(families[0] === "IPv4" ? "IPv6" : "IPv4");
  spec.ipFamilies = families;
}

/** One address for each family: the named ones, then free ones. */
function takeClusterIPs(service: Service, ranges: readonly CIDR[], context: AllocationContext): void {
  if (isHeadless(service)) return;
  const { spec } = service;
  const named = spec.clusterIPs ?? [];
  spec.clusterIPs = takeAddresses(service, named, (spec.ipFamilies ?? []) as IPFamily[], ranges, context);
  spec.clusterIP = spec.clusterIPs[0] ?? "";
}

function takeAddresses(
  service: Service,
  named: readonly string[],
  families: readonly IPFamily[],
  ranges: readonly CIDR[],
  context: AllocationContext,
): string[] {
  const owner = ownerOf(service);
  const taken: string[] = [];
  for (const [i, family] of families.entries()) {
    const ip = named[i];
    try {
      if (ip) takeClusterIP(ip, owner, ranges, context);
      taken.push(ip || takeAnyClusterIP(family, owner, ranges, context));
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      if (!ip) throw internalError(`failed to allocate a serviceIP: ${error.message}`);
      const errors = new FieldErrors();
      errors.invalid(SPEC.child("clusterIPs"), [...named], `failed to allocate IP ${ip}: ${error.message}`);
      throw refuse(service, errors);
    }
  }
  return taken;
}

/** A second family comes with an address and goes with it. */
function changeStack(service: Service, old: Service, ranges: readonly CIDR[], context: AllocationContext): void {
  const { spec } = service;
  const before = old.spec.clusterIPs ?? [];
  const families = (spec.ipFamilies ?? []) as IPFamily[];
  const wanted = spec.clusterIPs ?? [];
  if (before.length === 1 && families.length === 2) {
    const [second] = takeAddresses(service, wanted.slice(1), families.slice(1), ranges, context);
    if (second) spec.clusterIPs = [...before, second];
  } else if (before.length === 2 && spec.ipFamilyPolicy === "SingleStack") {
    spec.clusterIPs = before.slice(0, 1);
    spec.ipFamilies = families.slice(0, 1);
    if (before[1]) releaseClusterIP(before[1], ownerOf(old), context);
  }
}

/** The same port over several protocols shares one node port. */
function takeNodePorts(service: Service, ports: NodePorts): void {
  const list = service.spec.ports ?? [];
  const taken = new Map<number, number>();
  for (const [i, port] of list.entries()) {
    if (!port.nodePort && !needsNodePort(service)) continue;
    const shared = taken.get(port.port);
    if (shared === undefined) {
      const named = list.find((each) => each.port === port.port && each.nodePort)?.nodePort;
      if (named) takeNamedPort(service, i, named, ports);
      port.nodePort = named ?? takeAnyPort(ports);
      taken.set(port.port, port.nodePort);
    } else if (!port.nodePort) {
      port.nodePort = shared;
    } else if (port.nodePort !== shared) {
      takeNamedPort(service, i, port.nodePort, ports);
    }
  }
}

function changeNodePorts(service: Service, old: Service, ports: NodePorts): void {
  const kept = new Set((old.spec.ports ?? []).map((port) => port.nodePort).filter((port) => port));
  const taken = new Set<number>();
  const seen = new Set<string>();
  for (const [i, port] of (service.spec.ports ?? []).entries()) {
    if (!port.nodePort && !needsNodePort(service)) continue;
    if (!port.nodePort) {
      port.nodePort = takeAnyPort(ports);
    } else if (!kept.has(port.nodePort) && !taken.has(port.nodePort)) {
      takeNamedPort(service, i, port.nodePort, ports);
      taken.add(port.nodePort);
    }
    const key = `${port.protocol}/${port.nodePort}`;
    if (seen.has(key)) throw internalError(`duplicate nodePort: {${port.protocol} ${port.nodePort}}`);
    seen.add(key);
  }
}

function takeNamedPort(service: Service, index: number, port: number, ports: NodePorts): void {
  try {
    ports.take(port);
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    const errors = new FieldErrors();
    errors.invalid(SPEC.child("ports").index(index).child("nodePort"), port, error.message);
    throw refuse(service, errors);
  }
}

function takeAnyPort(ports: NodePorts): number {
  try {
    return ports.takeAny();
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    throw internalError(`failed to allocate a nodePort: ${error.message}`);
  }
}

function takeHealthCheckPort(service: Service, ports: NodePorts): void {
  const { spec } = service;
  const named = spec.healthCheckNodePort;
  try {
    if (named) ports.take(named);
    else spec.healthCheckNodePort = ports.takeAny();
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    throw internalError(
      named
        ? `failed to allocate requested HealthCheck NodePort ${named}: ${error.message}`
        : `failed to allocate a HealthCheck NodePort ${named ?? 0}: ${error.message}`,
    );
  }
}
