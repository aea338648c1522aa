/** Address arithmetic and the addresses that endpoints may not have; texts are parsed and judged by machinery/ip. */
import { type CIDR, contains, formatIP, type IPAddress, parseCIDR, parseIP } from "../machinery/ip.ts";

export type IPFamily = "IPv4" | "IPv6";

export const CLUSTER_IP_FAMILIES: readonly IPFamily[] = ["IPv4", "IPv6"];

/** The family of an address text, undefined when it is none. */
export function familyOf(text: string): IPFamily | undefined {
  const address = parseIP(text);
  return address && (address.length === 4 ? "IPv4" : "IPv6");
}

export function familyOfNetwork(network: CIDR): IPFamily {
  return network.address.length === 4 ? "IPv4" : "IPv6";
}

export function addressToNumber(address: IPAddress): bigint {
  return address.reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}

export function numberToAddress(value: bigint, family: IPFamily): IPAddress {
  const address = new Uint8Array(family === "IPv4" ? 4 : 16);
  for (let at = address.length - 1; at >= 0; at--) {
    address[at] = Number(value & 255n);
    value >>= 8n;
  }
  return address;
}

/** How many addresses a network has. */
export function sizeOf(network: CIDR): bigint {
  return 1n << BigInt(network.address.length * 8 - network.prefix);
}

/** The text of the address `offset` places into a network. */
export function addressAt(network: CIDR, offset: bigint): string {
  return formatIP(numberToAddress(addressToNumber(network.address) + offset, familyOfNetwork(network)));
}

/** Whether `inner` is a part of `outer` (or all of it). */
export function networkCovers(outer: CIDR, inner: CIDR): boolean {
  return outer.prefix <= inner.prefix && contains(outer, inner.address);
}

export function networksOverlap(a: CIDR, b: CIDR): boolean {
  return networkCovers(a, b) || networkCovers(b, a);
}

const RANGES = {
  loopback: ["127.0.0.0/8", "::1/128"],
  linkLocal: ["169.254.0.0/16", "fe80::/10"],
  linkLocalMulticast: ["224.0.0.0/24", "ff02::/16"],
};

/** What is wrong with an address that traffic is to reach: unspecified, loopback and link-local are refused. */
export function specialAddressProblems(text: string): string[] {
  const address = parseIP(text);
  if (!address) return ["must be a valid IP address"];
  const problems: string[] = [];
  if (address.every((byte) => byte === 0)) problems.push(`may not be unspecified (${text})`);
  if (inAny(address, RANGES.loopback)) problems.push("may not be in the loopback range (127.0.0.0/8, ::1/128)");
  if (inAny(address, RANGES.linkLocal)) problems.push("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  if (inAny(address, RANGES.linkLocalMulticast)) problems.push("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
  return problems;
}

function inAny(address: IPAddress, ranges: readonly string[]): boolean {
  return ranges.some((range) => {
    const network = parseCIDR(range);
    return network !== undefined && contains(network, address);
  });
}
