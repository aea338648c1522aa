/** The store's names of the resources that allocation touches. */
import type { KubeObject } from "../../../src/kube/object.ts";

const RESOURCES: Readonly<Record<string, string>> = {
  Service: "services",
  ServiceCIDR: "servicecidrs.networking.k8s.io",
  IPAddress: "ipaddresses.networking.k8s.io",
};

export function kindResource(object: KubeObject): string {
  const resource = RESOURCES[object.kind];
  if (!resource) throw new Error(`no resource of ${object.kind}`);
  return resource;
}
