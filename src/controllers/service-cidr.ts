/**
 * service-cidr: makes ServiceCIDRs ready, and keeps one that is being deleted for as long as an address in use lies in
 * it alone (KEP-1880). All ranges are looked at together: whether one may go depends on the others.
 *
 * Upstream waits ten seconds before it lets go, until its allocators have heard of the deletion. Ours read the ranges in
 * the transaction that takes the address, so there is nothing to wait for.
 */
import { networkCovers } from "../kube/core/ip.ts";
import { type CIDR, contains, parseCIDR, parseIP } from "../kube/machinery/ip.ts";
import type { Condition } from "../kube/schema/generated/types/meta.v1.ts";
import type { IPAddress, ServiceCIDR } from "../kube/schema/generated/types/networking.v1.ts";
import { type Context, defineController, type ResourceRef } from "./controller.ts";

const RANGES: ResourceRef = { group: "networking.k8s.io", version: "v1", resource: "servicecidrs" };
const ADDRESSES: ResourceRef = { group: "networking.k8s.io", version: "v1", resource: "ipaddresses" };
const FINALIZER = "networking.k8s.io/service-cidr-finalizer";
const MANAGED = "ipaddress.kubernetes.io/managed-by=ipallocator.k8s.io";
/** The only key: all ranges. */
const ALL = "all";

const READY = { status: "True", reason: "", message: "Kubernetes Service CIDR is ready" };
const IN_USE = {
  status: "False",
  reason: "Terminating",
  message: "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
};

function networksOf({ spec }: ServiceCIDR): CIDR[] {
  return (spec.cidrs ?? []).map(parseCIDR).filter((network) => network !== undefined);
}

/** May `range` go, when `others` stay? Either they cover all of it, or each of its addresses in use. */
function mayGo(range: ServiceCIDR, others: readonly CIDR[], addresses: readonly IPAddress[]): boolean {
  const own = networksOf(range);
  if (own.every((network) => others.some((other) => networkCovers(other, network)))) return true;
  return addresses.every(({ metadata }) => {
    const address = parseIP(metadata.name ?? "");
    const isIn = (network: CIDR) => address !== undefined && contains(network, address);
    return !own.some(isIn) || others.some(isIn);
  });
}

async function setReady(range: ServiceCIDR, wanted: typeof READY, { client, now }: Context): Promise<void> {
  const conditions = range.status.conditions ?? [];
  const before = conditions.find(({ type }) => type === "Ready");
  if (before?.status === wanted.status && before.reason === wanted.reason && before.message === wanted.message) return;
  const time = `${new Date(now()).toISOString().slice(0, 19)}Z`;
  const next: Condition = { type: "Ready", ...wanted, lastTransitionTime: before?.status === wanted.status ? before.lastTransitionTime : time };
  const status = { ...range.status, conditions: [...conditions.filter(({ type }) => type !== "Ready"), next] };
  await client.update<ServiceCIDR>(RANGES, "", { ...range, status }, "status");
}

/** The range with or without the finalizer; writes only a change. */
async function setFinalizer(range: ServiceCIDR, held: boolean, { client }: Context): Promise<ServiceCIDR> {
  const finalizers = range.metadata.finalizers ?? [];
  if (finalizers.includes(FINALIZER) === held) return range;
  const next = held ? [...finalizers, FINALIZER] : finalizers.filter((each) => each !== FINALIZER);
  return client.update<ServiceCIDR>(RANGES, "", { ...range, metadata: { ...range.metadata, finalizers: next } });
}

export const serviceCIDRController = defineController({
  name: "service-cidr",
  watches: [
    { resource: "servicecidrs.networking.k8s.io", keys: () => [ALL] },
    { resource: "ipaddresses.networking.k8s.io", keys: ({ type }) => (type === "DELETED" ? [ALL] : []) },
  ],
  resync: async () => [ALL],
  async reconcile(_key, context) {
    const { client } = context;
    const ranges = await client.list<ServiceCIDR>(RANGES, "");
    const staying = ranges.filter(({ metadata }) => !metadata.deletionTimestamp);
    for (const range of staying) await setReady(await setFinalizer(range, true, context), READY, context);
    const leaving = ranges.filter(({ metadata }) => metadata.deletionTimestamp && metadata.finalizers?.includes(FINALIZER));
    if (leaving.length === 0) return undefined;
    const others = staying.flatMap(networksOf);
    const addresses = await client.list<IPAddress>(ADDRESSES, "", { labelSelector: MANAGED });
    for (const range of leaving) {
      if (mayGo(range, others, addresses)) await setFinalizer(range, false, context);
      else await setReady(range, IN_USE, context);
    }
    return undefined;
  },
});
