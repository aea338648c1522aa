/**
 * Cluster IPs (KEP-1880): every address in use is an IPAddress object named by it, so that taking one is creating the
 * object and two Services can never share one. Ranges are the ready ServiceCIDRs.
 */
import { addressAt, addressToNumber, familyOfNetwork, type IPFamily, sizeOf } from "../../kube/core/ip.ts";
import { type CIDR, contains, formatCIDR, formatIP, parseCIDR, parseIP } from "../../kube/machinery/ip.ts";
import type { IPAddress, ServiceCIDR } from "../../kube/schema/generated/types/networking.v1.ts";
import type { ObjectKey, Transaction } from "../store/types.ts";

const ADDRESSES = "ipaddresses.networking.k8s.io";
const RANGES = "servicecidrs.networking.k8s.io";
const MANAGED_BY = "ipallocator.k8s.io";

/** Whose address it is. */
export interface Owner {
  namespace: string;
  name: string;
}

/** Why an address can't be had, in upstream's words. */
export class AllocationError extends Error {}

export interface ClusterIPContext {
  readonly transaction: Transaction;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Says what would happen and takes nothing. */
  readonly dryRun: boolean;
  readonly now: Date;
}

/** The ranges that addresses may come from now: ready and not being deleted, the default one first. */
export function readyRanges(transaction: Transaction): CIDR[] {
  const ranges: { name: string; network: CIDR }[] = [];
  for (const stored of transaction.list(RANGES, "")) {
    const object = stored.object as unknown as ServiceCIDR;
    const ready = object.status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True");
    if (!ready || object.metadata.deletionTimestamp) continue;
    for (const text of object.spec?.cidrs ?? []) {
      const network = parseCIDR(text);
      if (network) ranges.push({ name: object.metadata.name ?? "", network });
    }
  }
  ranges.sort((a, b) => Number(b.name === "kubernetes") - Number(a.name === "kubernetes"));
  return ranges.map(({ network }) => network);
}

/** The cluster's families, its default one first. */
export function clusterFamilies(ranges: readonly CIDR[]): IPFamily[] {
  return [...new Set(ranges.map(familyOfNetwork))];
}

/** First and last offset that may be handed out: an IPv4 network's own and broadcast addresses, and IPv6's anycast one, may not. */
function usableOffsets(range: CIDR): { first: bigint; last: bigint } {
  const size = sizeOf(range);
  return { first: 1n, last: familyOfNetwork(range) === "IPv4" ? size - 2n : size - 1n };
}

function isUsable(range: CIDR, ip: string): boolean {
  const address = parseIP(ip);
  if (!address || !contains(range, address)) return false;
  const offset = addressToNumber(address) - addressToNumber(range.address);
  const { first, last } = usableOffsets(range);
  return offset >= first && offset <= last;
}

/** Takes a named address. @throws AllocationError when it is taken or in no range. */
export function takeClusterIP(ip: string, owner: Owner, ranges: readonly CIDR[], context: ClusterIPContext): void {
  const range = ranges.find((each) => isUsable(each, ip));
  if (!range) {
    const [first] = ranges;
    // A dry run asks the default range, a real one looks for the range of the address.
    if (context.dryRun && first) throw new AllocationError(`the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${formatCIDR(first)}`);
    throw new AllocationError("the provided network does not match the current range");
  }
  if (context.dryRun) return;
  const key = addressKey(ip);
  if (context.transaction.get(key)) throw new AllocationError("provided IP is already allocated");
  context.transaction.put(key, ipAddress(key.name, owner, context.now));
}

/** Takes any free address of a family: not from the lower block, which is for named ones, while the rest has one. @throws AllocationError when all are taken. */
export function takeAnyClusterIP(family: IPFamily, owner: Owner, ranges: readonly CIDR[], context: ClusterIPContext): string {
  const own = ranges.filter((range) => familyOfNetwork(range) === family);
  const [first] = own;
  // What upstream answers to a dry run: an address that nobody can have.
  if (context.dryRun && first) return formatIP(first.address);
  for (const range of own) {
    const ip = freeAddress(range, context);
    if (ip === undefined) continue;
    const key = addressKey(ip);
    context.transaction.put(key, ipAddress(key.name, owner, context.now));
    return ip;
  }
  throw new AllocationError("range is full");
}

/** Gives an address back, if it is this owner's. */
export function releaseClusterIP(ip: string, owner: Owner, context: ClusterIPContext): void {
  if (context.dryRun) return;
  const key = addressKey(ip);
  const stored = context.transaction.get(key);
  const parent = (stored?.object as unknown as IPAddress | undefined)?.spec?.parentRef;
  if (!stored || parent?.namespace !== owner.namespace || parent.name !== owner.name || parent.resource !== "services") return;
  context.transaction.delete(key, structuredClone(stored.object));
}

/** The size of the block that dynamic allocation leaves to named addresses (KEP-3070): a sixteenth, 16 to 256. */
export function lowerBlock(usable: bigint): bigint {
  if (usable < 16n) return 0n;
  const share = usable / 16n;
  return share < 16n ? 16n : share > 256n ? 256n : share;
}

/** A random free address above the lower block, else one in it. */
function freeAddress(range: CIDR, context: ClusterIPContext): string | undefined {
  const { first, last } = usableOffsets(range);
  const usable = last - first + 1n;
  if (usable <= 0n) return undefined;
  const upper = first + lowerBlock(usable);
  return scan(range, upper, last, context) ?? scan(range, first, upper - 1n, context);
}

/** From a random offset upwards, then around. */
function scan(range: CIDR, from: bigint, to: bigint, context: ClusterIPContext): string | undefined {
  const count = to - from + 1n;
  if (count <= 0n) return undefined;
  const start = randomBelow(count, context.random);
  for (let step = 0n; step < count; step++) {
    const ip = addressAt(range, from + ((start + step) % count));
    if (!context.transaction.get(addressKey(ip))) return ip;
  }
  return undefined;
}

function randomBelow(bound: bigint, random: () => number): bigint {
  // 2^48 starting points are enough for the widest IPv6 range.
  return (BigInt(Math.floor(random() * 2 ** 48)) * bound) >> 48n;
}

function addressKey(ip: string): ObjectKey {
  const address = parseIP(ip);
  return { resource: ADDRESSES, namespace: "", name: address ? formatIP(address) : ip };
}

function ipAddress(name: string, owner: Owner, now: Date): IPAddress {
  const labels = { "ipaddress.kubernetes.io/ip-family": name.includes(":") ? "IPv6" : "IPv4", "ipaddress.kubernetes.io/managed-by": MANAGED_BY };
  const time = `${now.toISOString().slice(0, 19)}Z`;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "IPAddress",
    metadata: {
      name,
      uid: crypto.randomUUID(),
      creationTimestamp: time,
      labels,
      managedFields: [
        {
          manager: "kube-apiserver",
          operation: "Update",
          apiVersion: "networking.k8s.io/v1",
          time,
          fieldsType: "FieldsV1",
          fieldsV1: {
            "f:metadata": { "f:labels": { ".": {}, "f:ipaddress.kubernetes.io/ip-family": {}, "f:ipaddress.kubernetes.io/managed-by": {} } },
            "f:spec": { "f:parentRef": { ".": {}, "f:name": {}, "f:namespace": {}, "f:resource": {} } },
          },
        },
      ],
    },
    spec: { parentRef: { resource: "services", namespace: owner.namespace, name: owner.name } },
  };
}
