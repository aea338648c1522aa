/** Resource lists ({cpu: "1", memory: "1Gi"}): their names, rounding and sums. */
import { addQuantity, canonicalResourceQuantity, compareQuantity, parseQuantity, type Quantity, quantity } from "../../machinery/quantity.ts";
import { isFullyQualifiedExtendedName } from "./resource-names.ts";

export type ResourceList = Record<string, string | number>;

/** Rounds every quantity up to a thousandth, in place, as the API does for all resource lists of core/v1. */
export function roundUpToMilli(list: ResourceList): void {
  for (const name in list) list[name] = canonicalResourceQuantity(list[name] as string | number);
}

/** Adds `more` to `sums`. */
export function addTo(sums: Map<string, Quantity>, more: Readonly<ResourceList> | undefined): void {
  if (!more) return;
  for (const name in more) {
    const value = quantity(more[name] as string | number);
    const sum = sums.get(name);
    sums.set(name, sum ? addQuantity(sum, value) : value);
  }
}

/** Raises `maxima` to `values` where these are larger. */
export function raiseTo(maxima: Map<string, Quantity>, values: ReadonlyMap<string, Quantity>): void {
  for (const [name, value] of values) {
    const known = maxima.get(name);
    if (!known || compareQuantity(value, known) > 0) maxima.set(name, value);
  }
}

/** True for what can be limited for a whole pod. */
export function isPodLevelResource(name: string): boolean {
  return name === "cpu" || name === "memory" || name.startsWith("hugepages-");
}

/** True for what may be given out more than once: everything but huge pages and devices. */
export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !name.startsWith("hugepages-");
}

/** Kubernetes' own resources: no domain, or one of its own. */
export function isNativeResource(name: string): boolean {
  return !name.includes("/") || name.includes("kubernetes.io/");
}

/** True for a device's name such as `example.com/gpu`. */
export function isExtendedResource(name: string): boolean {
  return !isNativeResource(name) && !name.startsWith("requests.") && isFullyQualifiedExtendedName(name);
}

const ONE = parseQuantity("1");
const MILLI = parseQuantity("1m");
const BYTE_DIVISORS: readonly string[] = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

/** What is wrong with a resourceFieldRef's divisor; undefined when nothing is. */
export function isDivisorOf(resource: string, text: string): string | undefined {
  const divisor = parseQuantity(text);
  if (divisor.isZero) return undefined;
  if (resource.endsWith(".cpu") && (resource === "limits.cpu" || resource === "requests.cpu")) {
    return compareQuantity(divisor, ONE) === 0 || compareQuantity(divisor, MILLI) === 0
      ? undefined
      : "only divisor's values 1m and 1 are supported with the cpu resource";
  }
  const kind =
    resource === "limits.memory" || resource === "requests.memory"
      ? "memory"
      : resource.endsWith(".ephemeral-storage")
        ? "local ephemeral storage"
        : resource.includes(".hugepages-")
          ? "hugepages"
          : "";
  if (!kind || BYTE_DIVISORS.includes(divisor.toString())) return undefined;
  return `only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the ${kind} resource`;
}

/** Memory and storage come in whole bytes; `500m` is half a byte and surely meant megabytes. */
export function fractionalBytesWarnings(
  list: Readonly<ResourceList>,
  at: string,
  warnings: string[],
  names: readonly string[] = ["memory", "ephemeral-storage", "storage"],
): void {
  for (const name of names) {
    const value = list[name];
    if (value === undefined) continue;
    const parsed = quantity(value);
    if (parsed.milliValue() % 1000 !== 0) warnings.push(`${at}[${name}]: fractional byte value "${parsed.toString()}" is invalid, must be an integer`);
  }
}
