/** Warnings about addresses that are valid but written in an unusual way. */
import { formatCIDR, formatIP, isValidCIDR, isValidIP, parseCIDR, parseIP } from "../machinery/ip.ts";

/** A valid address in another than its canonical form. */
export function ipWarnings(path: string, text: string): string[] {
  const address = parseIP(text);
  if (!address || isValidIP(text).length === 0) return [];
  return address.length === 16
    ? [`${path}: IPv6 address ${JSON.stringify(text)} should be in RFC 5952 canonical format (${JSON.stringify(formatIP(address))})`]
    : [];
}

/** As `ipWarnings`, for a CIDR. */
export function cidrWarnings(path: string, text: string): string[] {
  const network = parseCIDR(text);
  if (!network || isValidCIDR(text).length === 0) return [];
  return network.address.length === 16
    ? [`${path}: IPv6 CIDR value ${JSON.stringify(text)} should be in RFC 5952 canonical format (${JSON.stringify(formatCIDR(network))})`]
    : [];
}
