/** Service (v1): a stable name and address for a set of pods. Addresses and node ports come from durable/allocators. */
import { defineKind } from "../define.ts";
import type { Service, ServicePort } from "../schema/generated/types/core.v1.ts";
import { sameJson } from "./equality.ts";
import { loadBalancerCell, validateLoadBalancerStatus } from "./load-balancer.ts";
import { validateService, validateServiceName, validateServiceUpdate } from "./service-rules.ts";
import { serviceWarnings } from "./service-warnings.ts";
import { AGE, ageCell, column, labelsCell, NAME, nameCell } from "./table.ts";

export const service = defineKind<Service>({
  group: "",
  version: "v1",
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  scope: "Namespaced",
  subresources: {
    status: {
      keeps: { labels: true, annotations: true },
      validateUpdate: (object, old, errors) => validateLoadBalancerStatus(object.status?.loadBalancer ?? {}, old.status?.loadBalancer, object, errors),
    },
    others: { proxy: { verbs: ["create", "delete", "get", "patch", "update"], kind: "ServiceProxyOptions" } },
  },
  returnsDeletedObject: true,
  allowCreateOnUpdate: true,
  resetFields: { "": [["status"]], status: [["spec"]] },
  validateName: validateServiceName,
  applyDefaults: defaultService,
  prepareForCreate: (object) => syncClusterIPs(object),
  prepareForUpdate(object, old) {
    inheritAllocations(object, old);
    syncClusterIPs(object, old);
    dropTypeDependentFields(object, old);
  },
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  warnings: serviceWarnings,
  columns: [NAME, column("Type"), column("Cluster-IP"), column("External-IP"), column("Port(s)"), AGE, column("Selector", { wide: true })],
  cells: (object, now) => [
    nameCell(object),
    object.spec?.type ?? "",
    object.spec?.clusterIPs?.[0] ?? "<none>",
    externalAddressCell(object),
    portsCell(object.spec?.ports ?? []),
    ageCell(object, now),
    labelsCell(object.spec?.selector),
  ],
  selectableFields: { "spec.clusterIP": (object) => object.spec?.clusterIP ?? "", "spec.type": (object) => object.spec?.type ?? "" },
});

export const isHeadless = (object: Service): boolean => object.spec?.clusterIP === "None" || object.spec?.clusterIPs?.[0] === "None";

/** All types but ExternalName carry a cluster IP; a type that is none keeps what it has until validation refuses it. */
export const needsClusterIP = (object: Service): boolean => object.spec?.type !== "ExternalName";

export const needsNodePort = (object: Service): boolean =>
  object.spec?.type === "NodePort" || (object.spec?.type === "LoadBalancer" && object.spec.allocateLoadBalancerNodePorts !== false);

export const needsHealthCheckNodePort = (object: Service): boolean => object.spec?.type === "LoadBalancer" && object.spec.externalTrafficPolicy === "Local";

const isExternallyAccessible = (object: Service): boolean =>
  object.spec?.type === "NodePort" || object.spec?.type === "LoadBalancer" || (object.spec?.type === "ClusterIP" && (object.spec.externalIPs?.length ?? 0) > 0);

function defaultService(object: Service): void {
  object.spec ??= {};
  const spec = object.spec;
  spec.sessionAffinity ||= "None";
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === "ClientIP" && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10800 } };
  }
  spec.type ||= "ClusterIP";
  for (const port of spec.ports ?? []) {
    port.protocol ||= "TCP";
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === "") port.targetPort = port.port ?? 0;
  }
  if (isExternallyAccessible(object)) spec.externalTrafficPolicy ||= "Cluster";
  if (["ClusterIP", "NodePort", "LoadBalancer"].includes(spec.type)) spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type === "LoadBalancer") {
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of object.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= "VIP";
  }
}

/** Writers that leave out what the server allocated keep it: `kubectl replace` of the file that made the Service. */
function inheritAllocations(object: Service, old: Service): void {
  const { spec } = object;
  if (needsClusterIP(old) && needsClusterIP(object)) {
    if (!spec.clusterIP && old.spec.clusterIP) spec.clusterIP = old.spec.clusterIP;
    if (!spec.clusterIPs?.length && spec.clusterIP === old.spec.clusterIP && old.spec.clusterIPs) spec.clusterIPs = [...old.spec.clusterIPs];
  }
  if (needsNodePort(old) && needsNodePort(object)) inheritNodePorts(object, old);
  if (needsHealthCheckNodePort(old) && needsHealthCheckNodePort(object) && !spec.healthCheckNodePort && old.spec.healthCheckNodePort) {
    spec.healthCheckNodePort = old.spec.healthCheckNodePort;
  }
}

/** Ports keep their node port by name, unless the update uses it for another port. */
function inheritNodePorts(object: Service, old: Service): void {
  const previous = new Map((old.spec.ports ?? []).map((port) => [port.name ?? "", port.nodePort ?? 0]));
  const oldPorts = new Set(previous.values());
  const used = new Set((object.spec.ports ?? []).map((port) => port.nodePort ?? 0).filter((port) => port && oldPorts.has(port)));
  for (const port of object.spec.ports ?? []) {
    const nodePort = previous.get(port.name ?? "");
    if (port.nodePort || !nodePort || used.has(nodePort)) continue;
    port.nodePort = nodePort;
    used.add(nodePort);
  }
}

/** clusterIP is the first of clusterIPs; clients that know only the one of them are understood. */
function syncClusterIPs(object: Service, old?: Service): void {
  const { spec } = object;
  const now = spec.clusterIP ?? "";
  if (!old) {
    if (now && !spec.clusterIPs?.length) spec.clusterIPs = [now];
    return;
  }
  const before = old.spec.clusterIP ?? "";
  if (now === before || !sameJson(spec.clusterIPs, old.spec.clusterIPs)) {
    if (now && !spec.clusterIPs?.length) spec.clusterIPs = [now];
    return;
  }
  if (now === "") delete spec.clusterIPs;
  else spec.clusterIPs = [now];
}

/** After a change of type, fields that only the old type has and that the update did not touch are dropped. */
function dropTypeDependentFields(object: Service, old: Service): void {
  const { spec } = object;
  const was = old.spec;
  if (needsClusterIP(old) && !needsClusterIP(object) && sameClusterIPs(object, old)) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
  }
  if (needsClusterIP(old) && !needsClusterIP(object) && sameJson(spec.ipFamilies, was.ipFamilies)) delete spec.ipFamilies;
  if (needsClusterIP(old) && !needsClusterIP(object) && spec.ipFamilyPolicy === was.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  if (canHaveNodePorts(old) && !canHaveNodePorts(object) && sameNodePorts(object, old)) for (const port of spec.ports ?? []) delete port.nodePort;
  if (needsHealthCheckNodePort(old) && !needsHealthCheckNodePort(object) && (spec.healthCheckNodePort ?? 0) === (was.healthCheckNodePort ?? 0))
    delete spec.healthCheckNodePort;
  if (was.type === "LoadBalancer" && spec.type !== "LoadBalancer") {
    if (sameJson(spec.allocateLoadBalancerNodePorts, was.allocateLoadBalancerNodePorts)) delete spec.allocateLoadBalancerNodePorts;
    if (spec.loadBalancerClass !== undefined && spec.loadBalancerClass === was.loadBalancerClass) delete spec.loadBalancerClass;
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(object) && spec.externalTrafficPolicy === was.externalTrafficPolicy)
    delete spec.externalTrafficPolicy;
  if (needsClusterIP(old) && !needsClusterIP(object) && spec.internalTrafficPolicy === was.internalTrafficPolicy) delete spec.internalTrafficPolicy;
}

const canHaveNodePorts = (object: Service): boolean => object.spec?.type === "NodePort" || object.spec?.type === "LoadBalancer";

function sameClusterIPs(object: Service, old: Service): boolean {
  return (object.spec.clusterIP ?? "") === (old.spec.clusterIP ?? "") && sameJson(object.spec.clusterIPs, old.spec.clusterIPs);
}

function sameNodePorts(object: Service, old: Service): boolean {
  const ports = (each: Service) => (each.spec.ports ?? []).map((port) => port.nodePort ?? 0).sort();
  const now = ports(object);
  const before = new Set(ports(old));
  return now.every((port) => before.has(port));
}

function portsCell(ports: readonly ServicePort[]): string {
  if (ports.length === 0) return "<none>";
  return ports.map((port) => (port.nodePort ? `${port.port}:${port.nodePort}/${port.protocol}` : `${port.port}/${port.protocol}`)).join(",");
}

function externalAddressCell(object: Service): string {
  const external = object.spec?.externalIPs ?? [];
  switch (object.spec?.type) {
    case "ClusterIP":
    case "NodePort":
      return external.length > 0 ? external.join(",") : "<none>";
    case "LoadBalancer": {
      const balanced = loadBalancerCell(object.status?.loadBalancer?.ingress ?? []);
      if (external.length > 0) return [...(balanced ? balanced.split(",") : []), ...external].join(",");
      return balanced || "<pending>";
    }
    case "ExternalName":
      return object.spec.externalName ?? "";
    default:
      return "<unknown>";
  }
}
