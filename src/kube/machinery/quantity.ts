/**
 * Quantities ("100m", "64Mi", "1e3"): exact decimal numbers with a remembered notation, parsed, compared and
 * written as apimachinery's resource.Quantity does.
 */

export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

const FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const NUMBER_WRONG = "unable to parse numeric part of quantity";
const SUFFIX_WRONG = "unable to parse quantity's suffix";

const PATTERN = /^([+-]?)(0*)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const DECIMAL: Readonly<Record<string, number>> = { "": 0, n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const DECIMAL_SUFFIX = new Map(Object.entries(DECIMAL).map(([suffix, exponent]) => [exponent, suffix]));
const BINARY_SUFFIX = new Map(Object.entries(BINARY).map(([suffix, exponent]) => [exponent, suffix]));

const NANO = -9;
const MAX_INT64 = 9223372036854775807n;
/** Exponents beyond this are refused: they serve no one and would make numbers of gigabytes. */
const EXPONENT_LIMIT = 1000;

/** An immutable exact number, `unscaled × 10^scale`, and the notation it prefers. */
export class Quantity {
  readonly unscaled: bigint;
  readonly scale: number;
  readonly format: QuantityFormat;
  #text: string | undefined;
  #milli: number | undefined;

  constructor(unscaled: bigint, scale: number, format: QuantityFormat, text?: string) {
    this.unscaled = unscaled;
    this.scale = scale;
    this.format = format;
    this.#text = text;
  }

  /** -1, 0 or 1. */
  get sign(): -1 | 0 | 1 {
    return this.unscaled === 0n ? 0 : this.unscaled < 0n ? -1 : 1;
  }

  get isZero(): boolean {
    return this.unscaled === 0n;
  }

  /** In thousandths, rounded away from zero. */
  milliValue(): number {
    this.#milli ??= Number(atScale(this, -3));
    return this.#milli;
  }

  /** In whole units, rounded away from zero. */
  value(): number {
    return Number(atScale(this, 0));
  }

  /** Inexact, for ratios and sorting of metrics only. */
  toNumber(): number {
    return Number(this.unscaled) * 10 ** this.scale;
  }

  toString(): string {
    this.#text ??= canonicalText(this);
    return this.#text;
  }
}

export const ZERO = new Quantity(0n, 0, "DecimalSI", "0");

/** Quantities repeat endlessly ("100m" in every Pod); parsing is memoized, bounded by starting over. */
const memo = new Map<string, Quantity>();
const MEMO_LIMIT = 4096;

/**
 * The quantity that `text` writes. Digits below a billionth are rounded away from zero.
 * @throws Error with upstream's message (field validation and decoding wrap it).
 */
export function parseQuantity(text: string): Quantity {
  const known = memo.get(text);
  if (known) return known;
  const quantity = parse(text);
  if (memo.size >= MEMO_LIMIT) memo.clear();
  if (text.length <= 64) memo.set(text, quantity);
  return quantity;
}

export function quantity(value: Quantity | string | number): Quantity {
  return value instanceof Quantity ? value : parseQuantity(typeof value === "number" ? String(value) : value);
}

/** A whole number of units. */
export function quantityOf(value: number | bigint, format: QuantityFormat = "DecimalSI"): Quantity {
  return new Quantity(BigInt(value), 0, format);
}

/** A number of thousandths. */
export function milliQuantity(thousandths: number | bigint, format: QuantityFormat = "DecimalSI"): Quantity {
  return new Quantity(BigInt(thousandths), -3, format);
}

export function isQuantity(text: string): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * How upstream writes back what a client sent: mostly the canonical form, but spellings such as "1025Ki" or "1.500"
 * stay as they are. Surrounding space is dropped; JSON numbers are taken as their text.
 * @throws Error as parseQuantity does.
 */
export function canonicalQuantity(text: string | number): string {
  const trimmed = typeof text === "number" ? String(text) : text;
  return isOwnCanonicalForm(trimmed) ? trimmed : parseQuantity(trimmed.trim()).toString();
}

/** As `canonicalQuantity`, rounded up to thousandths: what a ResourceList in a core/v1 object holds after defaulting. */
export function canonicalResourceQuantity(text: string | number): string {
  const trimmed = typeof text === "number" ? String(text) : text;
  if (isOwnCanonicalForm(trimmed) && !trimmed.endsWith("u") && !trimmed.endsWith("n")) return trimmed;
  return roundUp(parseQuantity(trimmed.trim()), -3).toString();
}

/** Rounds away from zero to a multiple of 10^scale. A quantity that is one already comes back as it is. */
export function roundUp(value: Quantity, scale: number): Quantity {
  if (value.scale >= scale) return value;
  return new Quantity(atScale(value, scale), scale, value.format);
}

/** Negative when a < b, 0 when they are the same number (whatever their notation), positive when a > b. */
export function compareQuantity(a: Quantity | string | number, b: Quantity | string | number): number {
  if (a === b) return 0;
  const left = quantity(a);
  const right = quantity(b);
  if (left.scale === right.scale) return left.unscaled < right.unscaled ? -1 : left.unscaled > right.unscaled ? 1 : 0;
  const scale = Math.min(left.scale, right.scale);
  const difference = atScale(left, scale) - atScale(right, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** a + b in a's notation (b's when a is zero). */
export function addQuantity(a: Quantity, b: Quantity): Quantity {
  const scale = Math.min(a.scale, b.scale);
  return new Quantity(atScale(a, scale) + atScale(b, scale), scale, a.isZero ? b.format : a.format);
}

/** a - b in a's notation (b's when a is zero). */
export function subtractQuantity(a: Quantity, b: Quantity): Quantity {
  const scale = Math.min(a.scale, b.scale);
  return new Quantity(atScale(a, scale) - atScale(b, scale), scale, a.isZero ? b.format : a.format);
}

export function negateQuantity(a: Quantity): Quantity {
  return new Quantity(-a.unscaled, a.scale, a.format);
}

/** True for the everyday spellings that are their own canonical form, told without any arithmetic. */
function isOwnCanonicalForm(text: string): boolean {
  const length = text.length;
  let digits = 0;
  while (digits < length) {
    const code = text.charCodeAt(digits);
    if (code < 48 || code > 57) break;
    digits++;
  }
  // No leading zero; at most 9 digits, so that no suffix but the largest can overflow.
  if (digits === 0 || digits > 9 || text.charCodeAt(0) === 48) return length === 1 && text === "0";
  const suffix = length - digits;
  if (suffix === 0 || (suffix === 1 && "mkMGTPun".includes(text[digits] as string))) {
    return !(digits > 3 && text.endsWith("000", digits));
  }
  if (suffix !== 2 || text[digits + 1] !== "i" || digits > 5 || !"KMG".includes(text[digits] as string)) return false;
  return Number(text.slice(0, digits)) % 1024 !== 0;
}

/** No one writes a longer one, and arithmetic on a million digits takes seconds. */
const MAX_CHARACTERS = 1000;

function parse(text: string): Quantity {
  if (text === "") throw new Error(FORMAT_WRONG);
  if (text === "0") return ZERO;
  if (text.length > MAX_CHARACTERS) throw new Error(NUMBER_WRONG);
  const match = PATTERN.exec(text);
  if (!match) throw new Error(FORMAT_WRONG);
  const negative = match[1] === "-";
  const whole = match[3] || "0";
  const fraction = match[4] ?? "";
  const { base, exponent, format } = interpretSuffix(match[5] as string);
  const digits = whole + fraction;

  // Upstream's fast path keeps the client's spelling when it sees no reason to change it.
  if (base === 10 && digits.length <= 18 && exponent - fraction.length >= NANO) {
    const scale = exponent - fraction.length;
    const spelling = scale % 3 === 0 && !digits.endsWith("000") && !digits.startsWith("0") ? text : undefined;
    const value = BigInt(digits);
    return new Quantity(negative ? -value : value, scale, format, spelling);
  }
  if (base === 2 && fraction === "" && 15 - whole.length - Math.trunc((exponent * 3) / 10) - 1 >= 0) {
    const count = BigInt(whole);
    const value = count << BigInt(exponent);
    return new Quantity(negative ? -value : value, 0, format, (count & 7n) !== 0n ? text : undefined);
  }

  if (match[2] === "" && match[3] === "" && fraction === "") throw new Error(NUMBER_WRONG);
  let amount = BigInt(digits);
  let scale = -fraction.length;
  if (base === 10) scale += exponent;
  else amount <<= BigInt(exponent);
  if (scale < NANO) {
    amount = divideUp(amount, tenTo(NANO - scale));
    scale = NANO;
  }
  let notation = format;
  if (format === "BinarySI") {
    const unit = tenTo(-scale);
    if (amount > MAX_INT64 * unit) [amount, scale] = [MAX_INT64, 0];
    else if (amount < unit && amount > 0n) notation = "DecimalSI";
  }
  return new Quantity(negative ? -amount : amount, scale, notation);
}

function interpretSuffix(suffix: string): { base: 2 | 10; exponent: number; format: QuantityFormat } {
  const decimal = DECIMAL[suffix];
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: "DecimalSI" };
  const binary = BINARY[suffix];
  if (binary !== undefined) return { base: 2, exponent: binary, format: "BinarySI" };
  const exponent = /^[eE]([-+]?[0-9]+)$/.exec(suffix);
  if (!exponent || Math.abs(Number(exponent[1])) > EXPONENT_LIMIT) throw new Error(SUFFIX_WRONG);
  return { base: 10, exponent: Number(exponent[1]), format: "DecimalExponent" };
}

function canonicalText(value: Quantity): string {
  if (value.isZero) return "0";
  if (value.format === "BinarySI" && value.scale >= 0) {
    const whole = value.unscaled * tenTo(value.scale);
    if (whole <= -1024n || whole >= 1024n) return binaryText(whole);
  } else if (value.format === "BinarySI") {
    const unit = tenTo(-value.scale);
    const whole = value.unscaled / unit;
    if (value.unscaled % unit === 0n && (whole <= -1024n || whole >= 1024n)) return binaryText(whole);
  }
  let amount = value.unscaled;
  let exponent = value.scale;
  while (amount % 10n === 0n) {
    amount /= 10n;
    exponent++;
  }
  while (exponent % 3 !== 0) {
    amount *= 10n;
    exponent--;
  }
  if (value.format === "DecimalExponent") return exponent === 0 ? String(amount) : `${amount}e${exponent}`;
  // Above exa there is no suffix, and upstream writes none: the digits alone.
  return `${amount}${DECIMAL_SUFFIX.get(exponent) ?? ""}`;
}

function binaryText(whole: bigint): string {
  let amount = whole;
  let exponent = 0;
  while (amount % 1024n === 0n) {
    amount /= 1024n;
    exponent += 10;
  }
  return `${amount}${BINARY_SUFFIX.get(exponent) ?? ""}`;
}

/** How many 10^scale the quantity holds, rounded away from zero. */
function atScale(value: Quantity, scale: number): bigint {
  if (value.scale >= scale) return value.unscaled * tenTo(value.scale - scale);
  return divideUp(value.unscaled, tenTo(scale - value.scale));
}

function divideUp(amount: bigint, divisor: bigint): bigint {
  const quotient = amount / divisor;
  if (amount % divisor === 0n) return quotient;
  return amount < 0n ? quotient - 1n : quotient + 1n;
}

const POWERS: bigint[] = Array.from({ length: 32 }, (_, exponent) => 10n ** BigInt(exponent));

function tenTo(exponent: number): bigint {
  return POWERS[exponent] ?? 10n ** BigInt(exponent);
}
