/** How pods find the API server: the Service default/kubernetes, its endpoints, and the range that its address is from. */
import { addressAt, familyOf, specialAddressProblems } from "../core/ip.ts";
import { parseCIDR } from "../machinery/ip.ts";
import type { Endpoints, Service } from "../schema/generated/types/core.v1.ts";
import type { EndpointSlice } from "../schema/generated/types/discovery.v1.ts";
import type { ServiceCIDR } from "../schema/generated/types/networking.v1.ts";
import { timestamp } from "./times.ts";

/** Stands for a server without an address of its own (TEST-NET-1, RFC 5737); nodes reach it through their agent. */
const NO_ADDRESS = "192.0.2.1";

export function kubernetesServiceCIDR(cidr: string, now: Date): ServiceCIDR {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    metadata: { name: "kubernetes", finalizers: ["networking.k8s.io/service-cidr-finalizer"] },
    spec: { cidrs: [cidr] },
    status: {
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: timestamp(now), reason: "", message: "Kubernetes Service CIDR is ready" }],
    },
  };
}

/** @param cidr the range; the Service has its first address */
export function kubernetesService(cidr: string, targetPort: number): Service {
  const network = parseCIDR(cidr);
  if (!network) throw new Error(`not a CIDR: ${cidr}`);
  const clusterIP = addressAt(network, 1n);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "kubernetes", namespace: "default", labels: { component: "apiserver", provider: "kubernetes" } },
    spec: {
      ports: [{ name: "https", protocol: "TCP", port: 443, targetPort }],
      clusterIP,
      clusterIPs: [clusterIP],
      type: "ClusterIP",
      sessionAffinity: "None",
      ipFamilies: [familyOf(clusterIP) ?? "IPv4"],
      ipFamilyPolicy: "SingleStack",
      internalTrafficPolicy: "Cluster",
    },
    status: { loadBalancer: {} },
  };
}

/** An address that endpoints may have, for a host that may be a name or the local machine. */
function endpointAddress(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  return familyOf(bare) && specialAddressProblems(bare).length === 0 ? bare : NO_ADDRESS;
}

export function kubernetesEndpoints(host: string, port: number): Endpoints {
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "kubernetes", namespace: "default", labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
    subsets: [{ addresses: [{ ip: endpointAddress(host) }], ports: [{ name: "https", port, protocol: "TCP" }] }],
  };
}

export function kubernetesEndpointSlice(host: string, port: number): EndpointSlice {
  const address = endpointAddress(host);
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "kubernetes", namespace: "default", labels: { "kubernetes.io/service-name": "kubernetes" } },
    addressType: familyOf(address) ?? "IPv4",
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: "https", protocol: "TCP", port }],
  };
}
