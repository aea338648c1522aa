/** Times and durations in JSON, as metav1.Time, metav1.MicroTime and metav1.Duration read and write them. */

const RFC3339 = "2006-01-02T15:04:05Z07:00";
const RFC3339_MICRO = "2006-01-02T15:04:05.000000Z07:00";
const CANONICAL_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;
const ZERO_TIME = "0001-01-01T00:00:00Z";

/**
 * RFC 3339 text → UTC with whole seconds; null for the zero time, which Go writes as null.
 * @throws Error worded as Go's time.Parse.
 */
export function canonicalTime(text: string): string | null {
  if (text === ZERO_TIME) return null;
  if (CANONICAL_TIME.test(text)) return text;
  const { date } = parse(text, RFC3339);
  const canonical = `${isoDate(date)}Z`;
  return canonical === ZERO_TIME ? null : canonical;
}

/**
 * RFC 3339 text with exactly six digits of fraction → UTC with six digits; null for the zero time.
 * @throws Error worded as Go's time.Parse.
 */
export function canonicalMicroTime(text: string): string | null {
  const { date, micros } = parse(text, RFC3339_MICRO);
  const canonical = `${isoDate(date)}.${String(micros).padStart(6, "0")}Z`;
  return canonical === "0001-01-01T00:00:00.000000Z" ? null : canonical;
}

function isoDate(date: Date): string {
  return date.toISOString().slice(0, 19);
}

/** Reads the layout's elements in order, so that an error names the element that Go names. */
function parse(text: string, layout: string): { date: Date; micros: number } {
  let rest = text;
  const fail = (value: string, element: string, detail = ""): never => {
    if (detail) throw new Error(`parsing time ${JSON.stringify(text)}: ${detail}`);
    throw new Error(`parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(value)} as ${JSON.stringify(element)}`);
  };
  const digits = (count: number, element: string): number => {
    const found = rest.slice(0, count);
    if (found.length < count || !/^\d+$/.test(found)) fail(rest, element);
    rest = rest.slice(count);
    return Number(found);
  };
  const literal = (mark: string): void => {
    if (!rest.startsWith(mark)) fail(rest, mark);
    rest = rest.slice(mark.length);
  };
  const range = (value: number, least: number, most: number, name: string): number => {
    if (value < least || value > most) fail("", "", `${name} out of range`);
    return value;
  };
  const year = digits(4, "2006");
  literal("-");
  const month = range(digits(2, "01"), 1, 12, "month");
  literal("-");
  const day = digits(2, "02");
  literal("T");
  const hour = range(digits(2, "15"), 0, 23, "hour");
  literal(":");
  const minute = range(digits(2, "04"), 0, 59, "minute");
  literal(":");
  const second = range(digits(2, "05"), 0, 59, "second");
  let micros = 0;
  if (layout === RFC3339_MICRO) {
    const fraction = /^[.,](\d{6})/.exec(rest) ?? fail(rest, ".000000");
    micros = Number(fraction[1]);
    rest = rest.slice(7);
  } else {
    const fraction = /^[.,]\d+/.exec(rest);
    if (fraction) rest = rest.slice(fraction[0].length);
  }
  let offset = 0;
  if (rest.startsWith("Z")) rest = rest.slice(1);
  else {
    const zone = /^([+-])(\d\d):(\d\d)/.exec(rest) ?? fail(rest, "Z07:00");
    if (Number(zone[2]) > 24) fail("", "", "time zone offset hour out of range");
    if (Number(zone[3]) > 60) fail("", "", "time zone offset minute out of range");
    offset = (Number(zone[2]) * 60 + Number(zone[3])) * (zone[1] === "-" ? -60_000 : 60_000);
    rest = rest.slice(6);
  }
  if (rest !== "") fail("", "", `extra text: ${JSON.stringify(rest)}`);
  if (day < 1 || day > daysIn(year, month)) fail("", "", "day out of range");
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  return { date: new Date(date.getTime() - offset), micros };
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/**
 * A Go duration ("90s") as Go writes it ("1m30s").
 * @throws Error worded as Go's time.ParseDuration.
 */
export function canonicalDuration(text: string): string {
  return durationText(parseDuration(text));
}

/** Nanoseconds of a Go duration. @throws Error worded as Go's time.ParseDuration. */
export function parseDuration(text: string): bigint {
  const refuse = (why: string): never => {
    throw new Error(`time: ${why} ${JSON.stringify(text)}`);
  };
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  let rest = text.slice(sign.length);
  if (rest === "0") return 0n;
  if (rest === "") refuse("invalid duration");
  let total = 0n;
  while (rest !== "") {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest);
    const [whole = "", integer = "", fraction = ""] = number ?? [];
    if (integer === "" && fraction === "") refuse("invalid duration");
    rest = rest.slice(whole.length);
    const name = /^[^.\d]*/.exec(rest)?.[0] ?? "";
    if (name === "") refuse("missing unit in duration");
    const unit = Object.hasOwn(UNITS, name) ? UNITS[name] : undefined;
    if (unit === undefined) throw new Error(`time: unknown unit ${JSON.stringify(name)} in duration ${JSON.stringify(text)}`);
    rest = rest.slice(name.length);
    total += BigInt(integer || "0") * unit + (fraction ? (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length) : 0n);
    if (total > 2n ** 63n - (sign === "-" ? 0n : 1n)) refuse("invalid duration");
  }
  return sign === "-" ? -total : total;
}

/** Go's Duration.String. */
export function durationText(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return "0s";
  const sign = nanoseconds < 0n ? "-" : "";
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size < 1_000_000_000n) {
    const [unit, scale] = size < 1_000n ? ["ns", 1n] : size < 1_000_000n ? ["\u00b5s", 1_000n] : ["ms", 1_000_000n];
    return `${sign}${decimal(size, scale as bigint)}${unit}`;
  }
  const hours = size / 3_600_000_000_000n;
  const minutes = (size / 60_000_000_000n) % 60n;
  const seconds = `${decimal(size % 60_000_000_000n, 1_000_000_000n)}s`;
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

function decimal(size: bigint, scale: bigint): string {
  const fraction = (size % scale)
    .toString()
    .padStart(scale.toString().length - 1, "0")
    .replace(/0+$/, "");
  return fraction && scale > 1n ? `${size / scale}.${fraction}` : `${size / scale}`;
}
