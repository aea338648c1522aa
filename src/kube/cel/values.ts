/**
 * Values of the Common Expression Language at run time. int is a bigint and double a number, so that the two never
 * mix; JSON is wrapped lazily, so that a rule pays only for the fields it reads.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | readonly Value[]
  | CelMap
  | CelObject
  | Unsigned
  | Timestamp
  | Duration
  | Optional
  | TypeValue
  | Opaque;

/** An error of evaluation; `&&` and `||` may absorb it. */
export class CelError extends Error {}

/** The cost limit was reached: nothing absorbs it. */
export class CostExceeded extends Error {
  constructor() {
    super("operation cancelled: actual cost limit exceeded");
  }
}

export function noSuchOverload(): CelError {
  return new CelError("no such overload");
}

export const MAX_INT = 9223372036854775807n;
export const MIN_INT = -9223372036854775808n;
export const MAX_UINT = 18446744073709551615n;

/** An int, or the error of an overflow. */
export function checkedInt(value: bigint): bigint {
  if (value > MAX_INT || value < MIN_INT) throw new CelError("integer overflow");
  return value;
}

export class Unsigned {
  readonly value: bigint;
  /** @throws CelError outside of 64 bits. */
  constructor(value: bigint) {
    if (value < 0n || value > MAX_UINT) throw new CelError("unsigned integer overflow");
    this.value = value;
  }
}

/** Nanoseconds since the epoch. */
export class Timestamp {
  readonly nanoseconds: bigint;
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
  get date(): Date {
    return new Date(Number(floorDivide(this.nanoseconds, 1_000_000n)));
  }
}

export function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

export class Duration {
  readonly nanoseconds: bigint;
  constructor(nanoseconds: bigint) {
    this.nanoseconds = checkedInt(nanoseconds);
  }
}

export class Optional {
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
  static readonly none = new Optional(undefined);
}

export class TypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A value of a library's own type (IP, quantity, URL …), equal to another by its key. */
export class Opaque<T = unknown> {
  readonly type: string;
  readonly payload: T;
  readonly equalityKey: string;
  constructor(type: string, payload: T, equalityKey: string) {
    this.type = type;
    this.payload = payload;
    this.equalityKey = equalityKey;
  }
}

/** A map by key; keys of different numeric types that are equal are one key. */
export interface CelMap {
  readonly kind: "map";
  readonly size: number;
  keys(): Iterable<Value>;
  /** undefined = absent. */
  get(key: Value): Value | undefined;
}

/** A value with declared fields. */
export interface CelObject {
  readonly kind: "object";
  readonly typeName: string;
  /** undefined = not set. `name` as a rule writes it (escaped). */
  get(name: string): Value | undefined;
  names(): Iterable<string>;
}

export function isMap(value: Value): value is CelMap {
  return typeof value === "object" && value !== null && (value as CelMap).kind === "map";
}

export function isCelObject(value: Value): value is CelObject {
  return typeof value === "object" && value !== null && (value as CelObject).kind === "object";
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** Text under which a map files a key: numbers by their value. */
function keyText(key: Value): string | undefined {
  if (typeof key === "string") return `s${key}`;
  if (typeof key === "bigint") return `n${key}`;
  if (typeof key === "number") return `n${Number.isInteger(key) ? BigInt(key) : key}`;
  if (typeof key === "boolean") return `b${key}`;
  return key instanceof Unsigned ? `n${key.value}` : undefined;
}

export class LiteralMap implements CelMap {
  readonly kind = "map";
  readonly #entries = new Map<string, { key: Value; value: Value }>();

  /** @throws CelError for a key of a type that can be none, or one that is there already. */
  add(key: Value, value: Value): void {
    const text = keyText(key);
    if (text === undefined) throw new CelError(`unsupported key type: ${typeOfValue(key)}`);
    if (this.#entries.has(text)) throw new CelError(`insert failed: key ${typeof key === "string" ? key : text.slice(1)} already exists`);
    this.#entries.set(text, { key, value });
  }
  get size(): number {
    return this.#entries.size;
  }
  *keys(): Iterable<Value> {
    for (const { key } of this.#entries.values()) yield key;
  }
  get(key: Value): Value | undefined {
    const text = keyText(key);
    return text === undefined ? undefined : this.#entries.get(text)?.value;
  }
}

/** A JSON object as a map of text keys; values are wrapped when read. */
export class JsonMap implements CelMap {
  readonly kind = "map";
  readonly #raw: { readonly [key: string]: unknown };
  readonly #wrap: (value: unknown) => Value;
  /** Each value is wrapped once, however often a rule comes by: reading must not cost more than it pays. */
  readonly #read = new Map<string, Value>();
  constructor(raw: { readonly [key: string]: unknown }, wrap: (value: unknown) => Value) {
    this.#raw = raw;
    this.#wrap = wrap;
  }
  get size(): number {
    return Object.keys(this.#raw).length;
  }
  keys(): Iterable<string> {
    return Object.keys(this.#raw);
  }
  get(key: Value): Value | undefined {
    if (typeof key !== "string" || !Object.hasOwn(this.#raw, key)) return undefined;
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const value = this.#wrap(this.#raw[key]);
    this.#read.set(key, value);
    return value;
  }
}

/** Name of the value's type at run time, as type() gives it. */
export function typeOfValue(value: Value): string {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "double";
    case "string":
      return "string";
  }
  if (value === null) return "null_type";
  if (value instanceof Uint8Array) return "bytes";
  if (Array.isArray(value)) return "list";
  if (value instanceof Unsigned) return "uint";
  if (value instanceof Timestamp) return "google.protobuf.Timestamp";
  if (value instanceof Duration) return "google.protobuf.Duration";
  if (value instanceof Optional) return "optional_type";
  if (value instanceof TypeValue) return "type";
  if (value instanceof Opaque) return value.type;
  return isCelObject(value) ? value.typeName : "map";
}

/** CEL equality: numbers by value across types, lists and maps deeply, different types never equal. */
export function equals(left: Value, right: Value): boolean {
  if (left === right) return true;
  const [a, b] = [numeric(left), numeric(right)];
  if (a !== undefined || b !== undefined) return a !== undefined && b !== undefined && compareNumbers(a, b) === 0;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (isList(left)) return isList(right) && left.length === right.length && left.every((item, index) => equals(item, right[index] as Value));
  if (left instanceof Uint8Array) return right instanceof Uint8Array && left.length === right.length && left.every((byte, index) => byte === right[index]);
  if (left instanceof Timestamp) return right instanceof Timestamp && left.nanoseconds === right.nanoseconds;
  if (left instanceof Duration) return right instanceof Duration && left.nanoseconds === right.nanoseconds;
  if (left instanceof TypeValue) return right instanceof TypeValue && left.name === right.name;
  if (left instanceof Opaque) return right instanceof Opaque && left.type === right.type && left.equalityKey === right.equalityKey;
  if (left instanceof Optional) {
    if (!(right instanceof Optional)) return false;
    return left.value === undefined || right.value === undefined ? left.value === right.value : equals(left.value, right.value);
  }
  if (isMap(left)) {
    if (!isMap(right) || left.size !== right.size) return false;
    for (const key of left.keys()) {
      const other = right.get(key);
      if (other === undefined || !equals(left.get(key) as Value, other)) return false;
    }
    return true;
  }
  if (!isCelObject(left) || !isCelObject(right)) return false;
  const names = [...left.names()];
  if (names.length !== [...right.names()].length) return false;
  return names.every((name) => {
    const [mine, other] = [left.get(name), right.get(name)];
    return mine !== undefined && other !== undefined && equals(mine, other);
  });
}

function numeric(value: Value): bigint | number | undefined {
  if (typeof value === "bigint" || typeof value === "number") return value;
  return value instanceof Unsigned ? value.value : undefined;
}

/** NaN compares as undefined. */
function compareNumbers(a: bigint | number, b: bigint | number): number | undefined {
  if (a < b) return -1;
  if (a > b) return 1;
  // biome-ignore lint/suspicious/noDoubleEquals: int and double are compared by value.
  return a == b ? 0 : undefined;
}

/** Order of two comparable values; undefined when one is NaN. @throws CelError when they have no order. */
export function compare(left: Value, right: Value): number | undefined {
  const [a, b] = [numeric(left), numeric(right)];
  if (a !== undefined && b !== undefined) return compareNumbers(a, b);
  if (typeof left === "string" && typeof right === "string") return compareText(left, right);
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  if (left instanceof Timestamp && right instanceof Timestamp) return compareNumbers(left.nanoseconds, right.nanoseconds);
  if (left instanceof Duration && right instanceof Duration) return compareNumbers(left.nanoseconds, right.nanoseconds);
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    for (let at = 0; at < Math.min(left.length, right.length); at++) {
      const difference = (left[at] as number) - (right[at] as number);
      if (difference !== 0) return difference;
    }
    return left.length - right.length;
  }
  throw noSuchOverload();
}

/** By code point, as Go compares the bytes of UTF-8. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (a === b) continue;
    // Surrogates stand for code points above the rest of the plane.
    const [high, low] = [a >= 0xd800 && a <= 0xdfff, b >= 0xd800 && b <= 0xdfff];
    return high === low ? a - b : high ? 1 : -1;
  }
  return left.length - right.length;
}

/** Size that costs are counted by: characters, bytes, items, entries; 1 for the rest. */
export function sizeOf(value: Value): number {
  if (typeof value === "string" || value instanceof Uint8Array || Array.isArray(value)) return value.length;
  return isMap(value) ? value.size : 1;
}

/** How much there is to compare in a value: its size with all that it holds. Stops counting at `cap`. */
export function weightOf(value: Value, cap: number): number {
  if (typeof value !== "object" || value === null) return typeof value === "string" ? value.length : 1;
  if (value instanceof Uint8Array) return value.length;
  let weight = 1;
  if (isList(value)) {
    for (let at = 0; at < value.length && weight < cap; at++) weight += weightOf(value[at] as Value, cap - weight);
  } else if (isMap(value)) {
    for (const key of value.keys()) {
      if (weight >= cap) break;
      weight += 1 + weightOf(value.get(key) as Value, cap - weight);
    }
  } else if (isCelObject(value)) {
    for (const name of value.names()) {
      if (weight >= cap) break;
      weight += 1 + weightOf(value.get(name) as Value, cap - weight);
    }
  }
  return weight;
}
