/**
 * IP addresses and CIDRs as the API accepts them (KEP-4858: strict since v1.36): parsing, canonical text (RFC 5952),
 * containment, and the messages of validation.
 */

/** 4 or 16 bytes. IPv4-mapped IPv6 addresses are folded into 4, as Go's net package does when it prints them. */
export type IPAddress = Uint8Array;

export interface CIDR {
  /** The network's own address: bits past the prefix are zero. */
  readonly address: IPAddress;
  readonly prefix: number;
}

/** The address that `text` writes, leading zeros of IPv4 parts tolerated (they are decimal); undefined when it is none. */
export function parseIP(text: string): IPAddress | undefined {
  if (!text.includes(":")) return parseIPv4(text);
  const address = parseIPv6(text);
  return address && isMapped(address) ? address.slice(12) : address;
}

/** `10.0.0.1`, `2001:db8::1`. */
export function formatIP(address: IPAddress): string {
  if (address.length === 4) return address.join(".");
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(((address[at] as number) << 8) | (address[at + 1] as number));
  const { start, length } = longestZeroRun(groups);
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":");
  return length < 2 ? text(0, 8) : `${text(0, start)}::${text(start + length, 8)}`;
}

/** The network that `text` writes, host bits dropped; undefined when it is none. */
export function parseCIDR(text: string): CIDR | undefined {
  const slash = text.indexOf("/");
  if (slash < 0 || !/^[0-9]{1,3}$/.test(text.slice(slash + 1))) return undefined;
  const address = parseIP(text.slice(0, slash));
  let prefix = Number(text.slice(slash + 1));
  if (address?.length === 4 && text.includes(":")) {
    // Mapped notation counts the prefix over 128 bits.
    if (prefix < 96 || prefix > 128) return undefined;
    prefix -= 96;
  }
  if (!address || prefix > address.length * 8) return undefined;
  return { address: masked(address, prefix), prefix };
}

export function formatCIDR({ address, prefix }: CIDR): string {
  return `${formatIP(address)}/${prefix}`;
}

export function contains({ address, prefix }: CIDR, candidate: IPAddress): boolean {
  return candidate.length === address.length && equal(masked(candidate, prefix), address);
}

export function equal(a: IPAddress, b: IPAddress): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

export function isIPv6(text: string): boolean {
  return parseIP(text)?.length === 16;
}

/** For fields added since v1.33: a well-formed address in canonical form. */
export function isValidIP(value: string): string[] {
  const messages = isValidIPForLegacyField(value);
  if (messages.length > 0) return messages;
  const canonical = formatIP(parseIP(value) as IPAddress);
  return value === canonical ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

/** For older fields: well-formed, no leading zeros, not IPv4 in IPv6; IPv6 in any spelling. Values kept from before are the caller's to excuse. */
export function isValidIPForLegacyField(value: string): string[] {
  const address = parseIP(value);
  if (!address) return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"];
  const messages: string[] = [];
  if (hasLeadingZero(value)) messages.push("must not have leading 0s");
  if (address.length === 4 && value.includes(":")) messages.push("must not be an IPv4-mapped IPv6 address");
  return messages;
}

export function isValidCIDR(value: string): string[] {
  const messages = isValidCIDRForLegacyField(value);
  if (messages.length > 0) return messages;
  const canonical = formatCIDR(parseCIDR(value) as CIDR);
  return value === canonical ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

export function isValidCIDRForLegacyField(value: string): string[] {
  const network = parseCIDR(value);
  if (!network) return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"];
  const [host, prefix] = value.split("/") as [string, string];
  if (hasLeadingZero(host) || /^0[0-9]/.test(prefix)) return ["must not have leading 0s in IP or prefix length"];
  const address = parseIP(host) as IPAddress;
  if (address.length === 4 && host.includes(":")) return ["must not have an IPv4-mapped IPv6 address"];
  return equal(address, network.address) ? [] : ["must not have bits set beyond the prefix length"];
}

function parseIPv4(text: string): IPAddress | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let at = 0; at < 4; at++) {
    const part = parts[at] as string;
    if (!/^[0-9]+$/.test(part) || Number(part) > 255) return undefined;
    bytes[at] = Number(part);
  }
  return bytes;
}

function parseIPv6(text: string): IPAddress | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] as string, true) : [];
  if (!head || !tail) return undefined;
  const length = head.length + tail.length;
  // "::" stands for one group of zeros at least.
  if (halves.length === 1 ? length !== 16 : length > 14) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head, 0);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** The bytes of colon-separated groups; the last may be a dotted IPv4 address when it ends the text. */
function parseGroups(text: string, endsText: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [at, group] of groups.entries()) {
    if (endsText && at === groups.length - 1 && group.includes(".")) {
      const embedded = parseIPv4(group);
      if (!embedded) return undefined;
      bytes.push(...embedded);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes.length <= 16 ? bytes : undefined;
}

function isMapped(address: IPAddress): boolean {
  return address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 0xff && address[11] === 0xff;
}

function hasLeadingZero(text: string): boolean {
  const dotted = text.slice(text.lastIndexOf(":") + 1);
  return dotted.includes(".") && dotted.split(".").some((part) => part.length > 1 && part.startsWith("0"));
}

function masked(address: IPAddress, prefix: number): IPAddress {
  return address.map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - at * 8))));
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
