/** The objects that a new cluster starts with, in an order in which they can be created. */
import type { KubeObject } from "../object.ts";
import { apiServices } from "./api-services.ts";
import { authenticationConfigMap, tokenTrackingConfigMap } from "./config-maps.ts";
import { flowSchemas, priorityLevels } from "./flow-control.ts";
import { systemNamespaces } from "./namespaces.ts";
import { systemPriorityClasses } from "./priority-classes.ts";
import { rbacObjects } from "./rbac.ts";
import { kubernetesEndpointSlice, kubernetesEndpoints, kubernetesService, kubernetesServiceCIDR } from "./service.ts";

export interface BootstrapOptions {
  /** Where clients reach the API server. */
  host: string;
  port: number;
  /** PEM of the CA that clients' certificates are checked against; undefined = none are. */
  clientCA?: string;
  /** The range of cluster IPs. */
  serviceCIDR?: string;
  now: Date;
}

export const DEFAULT_SERVICE_CIDR = "10.96.0.0/16";

/**
 * All start objects. They carry the status that upstream's start-up controllers give them; a store that drops
 * status on create must write it afterwards.
 */
export function bootstrapObjects(options: BootstrapOptions): KubeObject[] {
  const cidr = options.serviceCIDR ?? DEFAULT_SERVICE_CIDR;
  return [
    ...systemNamespaces(),
    ...systemPriorityClasses(),
    ...rbacObjects(),
    ...priorityLevels(),
    ...flowSchemas(options.now),
    ...apiServices(options.now),
    kubernetesServiceCIDR(cidr, options.now),
    kubernetesService(cidr, options.port),
    kubernetesEndpoints(options.host, options.port),
    kubernetesEndpointSlice(options.host, options.port),
    authenticationConfigMap(options.clientCA),
    tokenTrackingConfigMap(options.now),
  ];
}
