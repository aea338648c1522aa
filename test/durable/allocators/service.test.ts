import { describe, expect, test } from "vitest";
import { lowerBlock } from "../../../src/durable/allocators/cluster-ips.ts";
import { allocateForCreate, allocateForUpdate, releaseForDelete } from "../../../src/durable/allocators/service.ts";
import { bootstrapObjects } from "../../../src/kube/bootstrap/index.ts";
import { service as kind } from "../../../src/kube/core/service.ts";
import { StatusError } from "../../../src/kube/machinery/status.ts";
import type { KubeObject } from "../../../src/kube/object.ts";
import type { Service, ServiceSpec } from "../../../src/kube/schema/generated/types/core.v1.ts";
import { type MemoryTransaction, memoryTransaction } from "./memory-transaction.ts";

const NOW = new Date("2026-11-23T21:00:00Z");
const PORTS = [{ port: 80 }] as ServiceSpec["ports"];

function cluster(cidr = "10.96.0.0/16"): MemoryTransaction {
  const range = bootstrapObjects({ host: "192.0.2.2", port: 6443, now: NOW, serviceCIDR: cidr }).filter((object) => object.kind === "ServiceCIDR");
  return memoryTransaction(range);
}

function manifest(spec: Partial<ServiceSpec>, name = "web"): Service {
  const object = kind.decode(
    { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default" }, spec: spec as Record<string, unknown> },
    { strict: [] },
  );
  kind.applyDefaults?.(object);
  return object as unknown as Service;
}

const asObject = (service: Service) => service as unknown as KubeObject;

function create(transaction: MemoryTransaction, spec: Partial<ServiceSpec>, name = "web", options: { dryRun?: boolean; random?: () => number } = {}): Service {
  const made = manifest(spec, name);
  kind.prepareForCreate?.(asObject(made), { now: NOW, user: { username: "a", groups: [] } });
  allocateForCreate(made, { transaction, random: options.random ?? (() => 0.5), dryRun: options.dryRun ?? false, now: NOW });
  if (!options.dryRun) transaction.put({ resource: "services", namespace: "default", name }, asObject(made));
  return made;
}

function update(transaction: MemoryTransaction, old: Service, spec: Partial<ServiceSpec>): Service {
  const next = manifest({ ...structuredClone(old.spec), ...spec }, old.metadata.name);
  kind.prepareForUpdate?.(asObject(next), asObject(old), { now: NOW, user: { username: "a", groups: [] } });
  allocateForUpdate(next, old, { transaction, random: () => 0.5, dryRun: false, now: NOW });
  transaction.put({ resource: "services", namespace: "default", name: old.metadata.name ?? "" }, asObject(next));
  return next;
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "accepted";
}

const addresses = (transaction: MemoryTransaction) => transaction.keys("ipaddresses.networking.k8s.io");

describe("cluster IPs", () => {
  test("an address is an IPAddress object of the Service's, taken with it and given back with it", () => {
    const transaction = cluster();
    const made = create(transaction, { ports: PORTS, clusterIP: "10.96.7.7" });
    expect(transaction.get({ resource: "ipaddresses.networking.k8s.io", namespace: "", name: "10.96.7.7" })?.object).toMatchObject({
      kind: "IPAddress",
      metadata: { labels: { "ipaddress.kubernetes.io/ip-family": "IPv4", "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io" } },
      spec: { parentRef: { resource: "services", namespace: "default", name: "web" } },
    });
    releaseForDelete(made, { transaction, random: () => 0, dryRun: false, now: NOW });
    expect(addresses(transaction)).toEqual([]);
  });

  test.each([
    ["10.96.7.7", 'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.7.7"]: failed to allocate IP 10.96.7.7: provided IP is already allocated'],
    [
      "10.99.0.1",
      'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.99.0.1"]: failed to allocate IP 10.99.0.1: the provided network does not match the current range',
    ],
    [
      "10.96.0.0",
      'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.0"]: failed to allocate IP 10.96.0.0: the provided network does not match the current range',
    ],
    [
      "10.96.255.255",
      'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.255.255"]: failed to allocate IP 10.96.255.255: the provided network does not match the current range',
    ],
  ])("%s can't be had", (clusterIP, message) => {
    const transaction = cluster();
    create(transaction, { ports: PORTS, clusterIP: "10.96.7.7" });
    expect(refusal(() => create(transaction, { ports: PORTS, clusterIP }, "b"))).toBe(`422 ${message}`);
  });

  test("dynamic addresses leave the lower block to named ones until the rest is full", () => {
    const transaction = cluster("10.0.0.0/27");
    const upper = Array.from({ length: 14 }, (_, i) => create(transaction, { ports: PORTS }, `s${i}`).spec.clusterIP ?? "");
    expect(upper.map((ip) => Number(ip.split(".")[3])).sort((a, b) => a - b)).toEqual(Array.from({ length: 14 }, (_, i) => 17 + i));
    const lower = Array.from({ length: 16 }, (_, i) => create(transaction, { ports: PORTS }, `t${i}`).spec.clusterIP ?? "");
    expect(new Set([...upper, ...lower]).size).toBe(30);
    expect(refusal(() => create(transaction, { ports: PORTS }, "full"))).toBe("500 Internal error occurred: failed to allocate a serviceIP: range is full");
  });

  test.each([
    [14n, 0n],
    [62n, 16n],
    [510n, 31n],
    [65534n, 256n],
  ])("of %s usable addresses the lower block has %s", (usable, block) => expect(lowerBlock(usable)).toBe(block));

  test("a dry run takes nothing and answers with the range's own address", () => {
    const transaction = cluster();
    expect(create(transaction, { ports: PORTS }, "dry", { dryRun: true }).spec.clusterIP).toBe("10.96.0.0");
    expect(addresses(transaction)).toEqual([]);
  });

  test("becoming an ExternalName releases the address; coming back takes a new one", () => {
    const transaction = cluster();
    const made = create(transaction, { ports: PORTS, clusterIP: "10.96.7.7" });
    const external = update(transaction, made, { type: "ExternalName", externalName: "example.com" });
    expect(external.spec.clusterIP).toBeUndefined();
    expect(addresses(transaction)).toEqual([]);
    const back = update(transaction, external, { type: "ClusterIP" });
    expect(addresses(transaction)).toEqual([`/${back.spec.clusterIP}`]);
  });

  test.each<[string, Partial<ServiceSpec>, string[], string]>([
    ["with a selector", { clusterIP: "None", selector: { a: "b" } }, ["IPv4"], "SingleStack"],
    ["without a selector", { clusterIP: "None" }, ["IPv4", "IPv6"], "RequireDualStack"],
  ])("a headless Service %s has no address, but families", (_name, spec, ipFamilies, ipFamilyPolicy) => {
    const transaction = cluster();
    expect(create(transaction, spec).spec).toMatchObject({ clusterIP: "None", clusterIPs: ["None"], ipFamilies, ipFamilyPolicy });
    expect(addresses(transaction)).toEqual([]);
  });

  test("a range that is being deleted or not ready gives no addresses", () => {
    const transaction = cluster();
    const key = { resource: "servicecidrs.networking.k8s.io", namespace: "", name: "kubernetes" };
    const range = structuredClone(transaction.get(key)?.object) as KubeObject;
    range.metadata.deletionTimestamp = "2026-11-23T21:00:00Z";
    transaction.put(key, range);
    expect(refusal(() => create(transaction, { ports: PORTS, clusterIP: "10.96.1.1" }))).toContain("the provided network does not match the current range");
  });
});

describe("node ports", () => {
  test.each([
    [30222, "provided port is already allocated"],
    [29222, "provided port is not in the valid range. The range of valid ports is 30000-32767"],
  ])("%s can't be had", (nodePort, why) => {
    const transaction = cluster();
    create(transaction, { type: "NodePort", ports: [{ port: 80, targetPort: 80, nodePort: 30222 }] });
    expect(refusal(() => create(transaction, { type: "NodePort", ports: [{ port: 80, targetPort: 80, nodePort }] }, "b"))).toBe(
      `422 Service "b" is invalid: spec.ports[0].nodePort: Invalid value: ${nodePort}: ${why}`,
    );
  });

  test("one port over two protocols has one node port", () => {
    const made = create(cluster(), {
      type: "NodePort",
      ports: [
        { name: "tcp", port: 53, targetPort: 53, protocol: "TCP" },
        { name: "udp", port: 53, targetPort: 53, protocol: "UDP" },
      ],
    });
    expect(made.spec.ports?.[0]?.nodePort).toBe(made.spec.ports?.[1]?.nodePort);
  });

  test("dynamic ports stay above the lower block of 86, whatever the dice say", () => {
    const transaction = cluster();
    expect(create(transaction, { type: "NodePort", ports: PORTS }, "low", { random: () => 0 }).spec.ports?.[0]?.nodePort).toBe(30086);
    expect(create(transaction, { type: "NodePort", ports: PORTS }, "next", { random: () => 0 }).spec.ports?.[0]?.nodePort).toBe(30087);
    expect(create(transaction, { type: "NodePort", ports: PORTS }, "high", { random: () => 0.9999999 }).spec.ports?.[0]?.nodePort).toBe(32767);
  });

  test("ports in annotations are not taken ports", () => {
    const transaction = cluster();
    const made = manifest({ ports: PORTS }, "old");
    made.metadata.annotations = { "kubectl.kubernetes.io/last-applied-configuration": '{"spec":{"ports":[{"nodePort":30500}]}}' };
    transaction.put({ resource: "services", namespace: "default", name: "old" }, asObject(made));
    expect(create(transaction, { type: "NodePort", ports: [{ port: 80, targetPort: 80, nodePort: 30500 }] }).spec.ports?.[0]?.nodePort).toBe(30500);
  });

  test("an update keeps node ports by port name, gives up dropped ones and takes new ones", () => {
    const transaction = cluster();
    const made = create(transaction, { type: "NodePort", ports: [{ name: "a", port: 80, targetPort: 80, nodePort: 30100 }] });
    const grown = update(transaction, made, {
      ports: [
        { name: "a", port: 81, targetPort: 81 },
        { name: "b", port: 82, targetPort: 82 },
      ],
    });
    expect(grown.spec.ports?.[0]?.nodePort).toBe(30100);
    expect(grown.spec.ports?.[1]?.nodePort).toBeGreaterThanOrEqual(30086);
    update(transaction, grown, { ports: [{ name: "b", port: 82, targetPort: 82 }] });
    expect(create(transaction, { type: "NodePort", ports: [{ port: 80, targetPort: 80, nodePort: 30100 }] }, "other").spec.ports?.[0]?.nodePort).toBe(30100);
  });

  test("a local balancer has a health check port of its own", () => {
    const transaction = cluster();
    const made = create(transaction, { type: "LoadBalancer", externalTrafficPolicy: "Local", ports: [{ port: 80, targetPort: 80, nodePort: 30100 }] });
    expect(made.spec.healthCheckNodePort).toBeGreaterThan(30000);
    expect(refusal(() => create(transaction, { type: "LoadBalancer", externalTrafficPolicy: "Local", healthCheckNodePort: 30100, ports: PORTS }, "b"))).toBe(
      "500 Internal error occurred: failed to allocate requested HealthCheck NodePort 30100: provided port is already allocated",
    );
    expect(update(transaction, made, { externalTrafficPolicy: "Cluster" }).spec.healthCheckNodePort).toBeUndefined();
  });

  test("a dry run answers with numbers beyond the range", () => {
    const made = create(cluster(), { type: "LoadBalancer", externalTrafficPolicy: "Local", ports: PORTS }, "dry", { dryRun: true });
    expect([made.spec.ports?.[0]?.nodePort, made.spec.healthCheckNodePort]).toEqual([32769, 32770]);
  });
});
