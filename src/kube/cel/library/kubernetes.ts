/** Kubernetes' own types: quantities, IPs and CIDRs, URLs, semantic versions, named formats. */
import { stringFormat } from "../../apiextensions/formats.ts";
import {
  type CIDR,
  contains,
  formatCIDR,
  formatIP,
  type IPAddress,
  isValidCIDRForLegacyField,
  isValidIPForLegacyField,
  parseCIDR,
  parseIP,
} from "../../machinery/ip.ts";
import {
  isDNS1035Label,
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  isValidLabelValue,
  nameIsDNS1035Label,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
} from "../../machinery/names.ts";
import { addQuantity, compareQuantity, isQuantity, parseQuantity, type Quantity, quantityOf, subtractQuantity } from "../../machinery/quantity.ts";
import { type CelFunction, define, traversal } from "../function.ts";
import { CelError, LiteralMap, noSuchOverload, Opaque, Optional, sizeOf, type Value } from "../values.ts";

function text(value: Value | undefined): string {
  if (typeof value !== "string") throw noSuchOverload();
  return value;
}

function payload<T>(value: Value | undefined, type: string): T {
  if (value instanceof Opaque && value.type === type) return value.payload as T;
  throw noSuchOverload();
}

const onceThrough: CelFunction["cost"] = ([value]) => Math.max(1, traversal(sizeOf(value as Value)));

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const QUANTITY = "kubernetes.Quantity";

function quantityValue(quantity: Quantity): Value {
  let { unscaled, scale } = quantity;
  while (unscaled !== 0n && unscaled % 10n === 0n) {
    unscaled /= 10n;
    scale++;
  }
  return new Opaque(QUANTITY, quantity, unscaled === 0n ? "0" : `${unscaled}e${scale}`);
}

function operand(value: Value | undefined): Quantity {
  return typeof value === "bigint" ? quantityOf(value) : payload<Quantity>(value, QUANTITY);
}

function wholeUnits(quantity: Quantity): bigint | undefined {
  const { unscaled, scale } = quantity;
  const whole = scale >= 0 ? unscaled * 10n ** BigInt(scale) : unscaled % 10n ** BigInt(-scale) === 0n ? unscaled / 10n ** BigInt(-scale) : undefined;
  return whole !== undefined && whole <= 9223372036854775807n && whole >= -9223372036854775808n ? whole : undefined;
}

const quantityFunctions: readonly CelFunction[] = [
  define(
    "quantity",
    `(string) -> ${QUANTITY}`,
    ([value]) => {
      try {
        return quantityValue(parseQuantity(text(value)));
      } catch (error) {
        throw error instanceof CelError ? error : new CelError(messageOf(error));
      }
    },
    onceThrough,
  ),
  define("isQuantity", "(string) -> bool", ([value]) => isQuantity(text(value)), onceThrough),
  define("sign", `${QUANTITY}.() -> int`, ([value]) => BigInt(payload<Quantity>(value, QUANTITY).sign)),
  define("isInteger", `${QUANTITY}.() -> bool`, ([value]) => wholeUnits(payload<Quantity>(value, QUANTITY)) !== undefined),
  define("asInteger", `${QUANTITY}.() -> int`, ([value]) => {
    const whole = wholeUnits(payload<Quantity>(value, QUANTITY));
    if (whole === undefined) throw new CelError("cannot convert value to integer");
    return whole;
  }),
  define("asApproximateFloat", `${QUANTITY}.() -> double`, ([value]) => payload<Quantity>(value, QUANTITY).toNumber()),
  define("add", [`${QUANTITY}.(${QUANTITY}) -> ${QUANTITY}`, `${QUANTITY}.(int) -> ${QUANTITY}`], ([left, right]) =>
    quantityValue(addQuantity(operand(left), operand(right))),
  ),
  define("sub", [`${QUANTITY}.(${QUANTITY}) -> ${QUANTITY}`, `${QUANTITY}.(int) -> ${QUANTITY}`], ([left, right]) =>
    quantityValue(subtractQuantity(operand(left), operand(right))),
  ),
];

/** Quantities and semantic versions are compared by functions of the same names. */
function comparison(name: string, result: "bool" | "int", decide: (order: number) => Value): CelFunction {
  return define(name, [`${QUANTITY}.(${QUANTITY}) -> ${result}`, `${SEMVER}.(${SEMVER}) -> ${result}`], ([left, right]) => {
    if (left instanceof Opaque && left.type === QUANTITY) return decide(compareQuantity(payload<Quantity>(left, QUANTITY), payload<Quantity>(right, QUANTITY)));
    return decide(compareSemver(payload<Semver>(left, SEMVER), payload<Semver>(right, SEMVER)));
  });
}

const SEMVER = "kubernetes.Semver";

interface Semver {
  readonly core: readonly [bigint, bigint, bigint];
  readonly pre: readonly string[];
}

const SEMVER_PATTERN = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;

/** "v1.2" → "1.2.0": the leading v goes, missing parts are zero, leading zeros go. */
function normalized(version: string): string {
  const match = /^v?([^-+]*)(.*)$/s.exec(version);
  const parts = (match?.[1] ?? "").split(".").map((part) => (/^\d+$/.test(part) ? part.replace(/^0+(?=\d)/, "") : part));
  while (parts.length < 3) parts.push("0");
  return parts.join(".") + (match?.[2] ?? "");
}

function parseSemver(version: string): Semver | undefined {
  const match = SEMVER_PATTERN.exec(version);
  if (!match) return undefined;
  const pre = match[4]?.split(".") ?? [];
  if ([...pre, ...(match[5]?.split(".") ?? [])].some((part) => part === "") || pre.some((part) => /^0\d+$/.test(part))) return undefined;
  return { core: [BigInt(match[1] as string), BigInt(match[2] as string), BigInt(match[3] as string)], pre };
}

function compareSemver(left: Semver, right: Semver): number {
  for (const index of [0, 1, 2] as const) if (left.core[index] !== right.core[index]) return left.core[index] < right.core[index] ? -1 : 1;
  if (left.pre.length === 0 || right.pre.length === 0) return right.pre.length === left.pre.length ? 0 : left.pre.length === 0 ? 1 : -1;
  for (let index = 0; index < Math.min(left.pre.length, right.pre.length); index++) {
    const [a, b] = [left.pre[index] as string, right.pre[index] as string];
    if (a === b) continue;
    const [aNumber, bNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
    if (aNumber && bNumber) return BigInt(a) < BigInt(b) ? -1 : 1;
    return aNumber !== bNumber ? (aNumber ? -1 : 1) : a < b ? -1 : 1;
  }
  return Math.sign(left.pre.length - right.pre.length);
}

function semverPart(name: string, index: 0 | 1 | 2): CelFunction {
  return define(name, `${SEMVER}.() -> int`, ([value]) => payload<Semver>(value, SEMVER).core[index]);
}

function semverOf(value: Value | undefined, normalize: Value | undefined): Semver | undefined {
  return parseSemver(normalize === true ? normalized(text(value)) : text(value));
}

const semverFunctions: readonly CelFunction[] = [
  define(
    "semver",
    [`(string) -> ${SEMVER}`, `(string, bool) -> ${SEMVER}`],
    ([value, normalize]) => {
      const parsed = semverOf(value, normalize);
      if (!parsed) throw new CelError("No Major.Minor.Patch elements found");
      return new Opaque(SEMVER, parsed, `${parsed.core.join(".")}-${parsed.pre.join(".")}`);
    },
    onceThrough,
  ),
  define("isSemver", ["(string) -> bool", "(string, bool) -> bool"], ([value, normalize]) => semverOf(value, normalize) !== undefined, onceThrough),
  semverPart("major", 0),
  semverPart("minor", 1),
  semverPart("patch", 2),
  comparison("isLessThan", "bool", (order) => order < 0),
  comparison("isGreaterThan", "bool", (order) => order > 0),
  comparison("compareTo", "int", (order) => BigInt(order)),
];

const IP = "net.IP";
const CIDR_TYPE = "net.CIDR";

/** @throws CelError */
function ipOf(address: string): Value {
  if (isValidIPForLegacyField(address).length > 0) {
    const why =
      parseIP(address)?.length === 4 && address.includes(":")
        ? "IPv4-mapped IPv6 address is not allowed"
        : `ParseAddr(${JSON.stringify(address)}): unable to parse IP`;
    throw new CelError(`IP Address ${JSON.stringify(address)} parse error during conversion from string: ${why}`);
  }
  return ipValue(parseIP(address) as IPAddress);
}

function ipValue(address: IPAddress): Value {
  return new Opaque(IP, address, formatIP(address));
}

interface Network {
  /** With host bits, as written. */
  readonly address: IPAddress;
  readonly network: CIDR;
}

function cidrNetwork(value: string): Network | undefined {
  const network = parseCIDR(value);
  const host = value.slice(0, value.indexOf("/"));
  const problems = isValidCIDRForLegacyField(value).filter((problem) => !problem.includes("bits set beyond"));
  return network && problems.length === 0 ? { address: parseIP(host) as IPAddress, network } : undefined;
}

function cidrOf(value: string): Value {
  const network = cidrNetwork(value);
  if (!network) {
    const why = value.includes("/") ? "invalid prefix" : "no '/'";
    const text = "network address parse error during conversion from string";
    throw new CelError(`${text}: ${text}: netip.ParsePrefix(${JSON.stringify(value)}): ${why}`);
  }
  return new Opaque(CIDR_TYPE, network, `${formatIP(network.address)}/${network.network.prefix}`);
}

function address(value: Value | undefined): IPAddress {
  return payload<IPAddress>(typeof value === "string" ? ipOf(value) : value, IP);
}

function network(value: Value | undefined): Network {
  return payload<Network>(typeof value === "string" ? cidrOf(value) : value, CIDR_TYPE);
}

function isLoopback(ip: IPAddress): boolean {
  return ip.length === 4 ? ip[0] === 127 : ip.slice(0, 15).every((byte) => byte === 0) && ip[15] === 1;
}

function isMulticast(ip: IPAddress): boolean {
  return ip.length === 4 ? ((ip[0] as number) & 0xf0) === 0xe0 : ip[0] === 0xff;
}

function isLinkLocalUnicast(ip: IPAddress): boolean {
  return ip.length === 4 ? ip[0] === 169 && ip[1] === 254 : ip[0] === 0xfe && ((ip[1] as number) & 0xc0) === 0x80;
}

function isLinkLocalMulticast(ip: IPAddress): boolean {
  return ip.length === 4 ? ip[0] === 224 && ip[1] === 0 && ip[2] === 0 : ip[0] === 0xff && ((ip[1] as number) & 0x0f) === 2;
}

function isUnspecified(ip: IPAddress): boolean {
  return ip.every((byte) => byte === 0);
}

function isGlobalUnicast(ip: IPAddress): boolean {
  const broadcast = ip.length === 4 && ip.every((byte) => byte === 255);
  return !broadcast && !isUnspecified(ip) && !isLoopback(ip) && !isMulticast(ip) && !isLinkLocalUnicast(ip);
}

function ipTest(name: string, test: (ip: IPAddress) => boolean): CelFunction {
  return define(name, `${IP}.() -> bool`, ([value]) => test(payload<IPAddress>(value, IP)));
}

const networkFunctions: readonly CelFunction[] = [
  define(
    "ip",
    [`(string) -> ${IP}`, `${CIDR_TYPE}.() -> ${IP}`],
    ([value]) => (typeof value === "string" ? ipOf(value) : ipValue(network(value).address)),
    onceThrough,
  ),
  define("isIP", "(string) -> bool", ([value]) => isValidIPForLegacyField(text(value)).length === 0, onceThrough),
  define(
    "ip.isCanonical",
    "(string) -> bool",
    ([value]) => {
      const ip = payload<IPAddress>(ipOf(text(value)), IP);
      return formatIP(ip) === value;
    },
    onceThrough,
  ),
  define("family", `${IP}.() -> int`, ([value]) => (payload<IPAddress>(value, IP).length === 4 ? 4n : 6n)),
  ipTest("isUnspecified", isUnspecified),
  ipTest("isLoopback", isLoopback),
  ipTest("isLinkLocalMulticast", isLinkLocalMulticast),
  ipTest("isLinkLocalUnicast", isLinkLocalUnicast),
  ipTest("isGlobalUnicast", isGlobalUnicast),
  define("cidr", `(string) -> ${CIDR_TYPE}`, ([value]) => cidrOf(text(value)), onceThrough),
  define("isCIDR", "(string) -> bool", ([value]) => cidrNetwork(text(value)) !== undefined, onceThrough),
  define("containsIP", [`${CIDR_TYPE}.(${IP}) -> bool`, `${CIDR_TYPE}.(string) -> bool`], ([cidr, ip]) => contains(network(cidr).network, address(ip))),
  define("containsCIDR", [`${CIDR_TYPE}.(${CIDR_TYPE}) -> bool`, `${CIDR_TYPE}.(string) -> bool`], ([outer, inner]) => {
    const [large, small] = [network(outer).network, network(inner).network];
    return large.prefix <= small.prefix && contains(large, small.address);
  }),
  define("masked", `${CIDR_TYPE}.() -> ${CIDR_TYPE}`, ([value]) => cidrOf(formatCIDR(network(value).network))),
  define("prefixLength", `${CIDR_TYPE}.() -> int`, ([value]) => BigInt(network(value).network.prefix)),
];

const URL_TYPE = "kubernetes.URL";

interface Url {
  readonly scheme: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
}

/** As Go's url.ParseRequestURI: absolute, or an absolute path. */
function parseUrl(value: string): Url | undefined {
  if (value.includes(" ") || value === "") return undefined;
  if (value.startsWith("/")) {
    const [path = "", search = ""] = splitOnce(value, "?");
    return { scheme: "", host: "", hostname: "", port: "", path, query: [...new URLSearchParams(search)] };
  }
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/s.exec(value);
  if (!match) return undefined;
  const authority = (match[2] ?? "").replace(/^.*@/, "");
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority);
  if (!parts || (match[2] === undefined && !(match[3] ?? "").startsWith("/")))
    return match[2] === undefined && parts ? { scheme: match[1] as string, host: "", hostname: "", port: "", path: "", query: [] } : undefined;
  let path = match[3] ?? "";
  try {
    path = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  return {
    scheme: (match[1] as string).toLowerCase(),
    host: authority,
    hostname: (parts[1] ?? "").replace(/^\[|\]$/g, ""),
    port: parts[2] ?? "",
    path,
    query: [...new URLSearchParams(match[4] ?? "")],
  };
}

function splitOnce(value: string, separator: string): string[] {
  const at = value.indexOf(separator);
  return at < 0 ? [value] : [value.slice(0, at), value.slice(at + 1)];
}

function urlPart(name: string, part: (url: Url) => string): CelFunction {
  return define(name, `${URL_TYPE}.() -> string`, ([value]) => part(payload<Url>(value, URL_TYPE)));
}

const urlFunctions: readonly CelFunction[] = [
  define(
    "url",
    `(string) -> ${URL_TYPE}`,
    ([value]) => {
      const parsed = parseUrl(text(value));
      if (!parsed) throw new CelError(`URL parse error during conversion from string: parse ${JSON.stringify(value)}: invalid URI for request`);
      return new Opaque(URL_TYPE, parsed, text(value));
    },
    onceThrough,
  ),
  define("isURL", "(string) -> bool", ([value]) => parseUrl(text(value)) !== undefined, onceThrough),
  urlPart("getScheme", ({ scheme }) => scheme),
  urlPart("getHost", ({ host }) => host),
  urlPart("getHostname", ({ hostname }) => hostname),
  urlPart("getPort", ({ port }) => port),
  urlPart("getEscapedPath", ({ path }) => encodeURI(path)),
  define("getQuery", `${URL_TYPE}.() -> map(string, list(string))`, ([value]) => {
    const grouped = new Map<string, string[]>();
    for (const [name, item] of payload<Url>(value, URL_TYPE).query) grouped.set(name, [...(grouped.get(name) ?? []), item]);
    const map = new LiteralMap();
    for (const [name, items] of grouped) map.add(name, items);
    return map;
  }),
];

const FORMAT = "kubernetes.NamedFormat";

function byFormat(name: string): (value: string) => string[] {
  return (value) => (stringFormat(name)?.(value) ? [] : [`invalid ${name}`]);
}

const NAMED_FORMATS: ReadonlyMap<string, (value: string) => string[]> = new Map<string, (value: string) => string[]>([
  ["dns1123Label", isDNS1123Label],
  ["dns1123Subdomain", isDNS1123Subdomain],
  ["dns1035Label", isDNS1035Label],
  ["qualifiedName", isQualifiedName],
  ["dns1123LabelPrefix", (value) => nameIsDNSLabel(value, true)],
  ["dns1123SubdomainPrefix", (value) => nameIsDNSSubdomain(value, true)],
  ["dns1035LabelPrefix", (value) => nameIsDNS1035Label(value, true)],
  ["labelValue", isValidLabelValue],
  ["uri", (value) => (parseUrl(value) ? [] : [`parse ${JSON.stringify(value)}: invalid URI for request`])],
  ["uuid", (value) => (stringFormat("uuid")?.(value) ? [] : ["does not match the UUID format"])],
  ["byte", (value) => (stringFormat("byte")?.(value) ? [] : ["invalid base64"])],
  ["date", byFormat("date")],
  ["datetime", byFormat("datetime")],
]);

const formatFunctions: readonly CelFunction[] = [
  ...[...NAMED_FORMATS].map(([name, validate]) => define(`format.${name}`, `() -> ${FORMAT}`, () => new Opaque(FORMAT, validate, name))),
  define("format.named", `(string) -> optional(${FORMAT})`, ([name]) => {
    const validate = NAMED_FORMATS.get(text(name));
    return validate ? new Optional(new Opaque(FORMAT, validate, text(name))) : Optional.none;
  }),
  define(
    "validate",
    `${FORMAT}.(string) -> optional(list(string))`,
    ([format, value]) => {
      const problems = payload<(value: string) => string[]>(format, FORMAT)(text(value));
      return problems.length > 0 ? new Optional(problems) : Optional.none;
    },
    ([, value]) => Math.max(1, traversal(sizeOf(value as Value))),
  ),
];

export const kubernetesFunctions: readonly CelFunction[] = [...quantityFunctions, ...semverFunctions, ...networkFunctions, ...urlFunctions, ...formatFunctions];
