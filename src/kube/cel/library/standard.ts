/** The standard functions and operators (cel-spec, "List of Standard Definitions"). */
import { compilePattern, patternFinds } from "../../apiextensions/regular-expression.ts";
import { runeCount } from "../../apiextensions/value-validation.ts";
import { type CelFunction, define, traversal } from "../function.ts";
import {
  CelError,
  checkedInt,
  compare,
  Duration,
  equals,
  isCelObject,
  isList,
  isMap,
  MAX_INT,
  MAX_UINT,
  MIN_INT,
  noSuchOverload,
  Opaque,
  Optional,
  sizeOf,
  Timestamp,
  TypeValue,
  typeOfValue,
  Unsigned,
  type Value,
  weightOf,
} from "../values.ts";
import { addTimes, durationText, parseDurationText, parseTimestampText, subtractTimes, timeFunctions, timestampText } from "./time.ts";

const ORDERED = ["bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"].map((type) => `(${type}, ${type}) -> bool`);
const MIXED = [
  "(int, uint) -> bool",
  "(int, double) -> bool",
  "(uint, int) -> bool",
  "(uint, double) -> bool",
  "(double, int) -> bool",
  "(double, uint) -> bool",
];
const NUMBERS = ["(int, int) -> int", "(uint, uint) -> uint", "(double, double) -> double"];

function relation(name: string, holds: (order: number) => boolean): CelFunction {
  return define(
    name,
    [...ORDERED, ...MIXED],
    ([left, right]) => {
      const order = compare(left as Value, right as Value);
      return order !== undefined && holds(order);
    },
    comparisonCost,
  );
}

/** Beyond this nothing is worth counting: the cost limit is reached. */
const WEIGHT_CAP = 20_000_000;

function comparisonCost([left, right]: readonly Value[]): number {
  // Scalars, the common case, need no counting.
  if (typeof left !== "object" && typeof left !== "string") return 1;
  const weight = weightOf(left as Value, WEIGHT_CAP);
  return Math.max(1, traversal(Math.min(weight, weightOf(right as Value, weight + 1))));
}

/** Goes through equal types of numbers only: CEL has no implicit conversion in arithmetic. */
function arithmetic(ints: (a: bigint, b: bigint) => bigint, doubles: ((a: number, b: number) => number) | undefined) {
  return (left: Value | undefined, right: Value | undefined): Value | undefined => {
    if (typeof left === "bigint" && typeof right === "bigint") return checkedInt(ints(left, right));
    if (typeof left === "number" && typeof right === "number" && doubles) return doubles(left, right);
    if (left instanceof Unsigned && right instanceof Unsigned) return new Unsigned(ints(left.value, right.value));
    return undefined;
  };
}

const add = arithmetic(
  (a, b) => a + b,
  (a, b) => a + b,
);
const subtract = arithmetic(
  (a, b) => a - b,
  (a, b) => a - b,
);
const multiply = arithmetic(
  (a, b) => a * b,
  (a, b) => a * b,
);
const divide = arithmetic(
  (a, b) => (b === 0n ? fail("division by zero") : a / b),
  (a, b) => a / b,
);
const modulo = arithmetic((a, b) => (b === 0n ? fail("modulus by zero") : a % b), undefined);

function fail(message: string): never {
  throw new CelError(message);
}

function orNone(value: Value | undefined): Value {
  if (value === undefined) throw noSuchOverload();
  return value;
}

function plus(left: Value, right: Value): Value {
  if (typeof left === "string" && typeof right === "string") return left + right;
  if (isList(left) && isList(right)) return [...left, ...right];
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Uint8Array.from([...left, ...right]);
  return orNone(add(left, right) ?? addTimes(left, right));
}

function contains(item: Value, collection: Value): boolean {
  if (isList(collection)) return collection.some((each) => equals(each, item));
  if (isMap(collection)) return collection.get(item) !== undefined;
  throw noSuchOverload();
}

/** undefined = absent. */
function indexed(collection: Value, index: Value): Value | undefined {
  if (isList(collection)) {
    const at = typeof index === "bigint" ? Number(index) : index instanceof Unsigned ? Number(index.value) : index;
    if (typeof at !== "number" || !Number.isInteger(at)) throw noSuchOverload();
    return collection[at];
  }
  if (isMap(collection)) return collection.get(index);
  if (isCelObject(collection) && typeof index === "string") return collection.get(index);
  throw noSuchOverload();
}

function index(collection: Value, key: Value): Value {
  if (collection instanceof Optional) return optionalIndex(collection, key);
  const found = indexed(collection, key);
  if (found !== undefined) return found;
  throw new CelError(isList(collection) ? `index out of bounds: ${scalarText(key)}` : `no such key: ${scalarText(key)}`);
}

function optionalIndex(collection: Value, key: Value): Value {
  const value = collection instanceof Optional ? collection.value : collection;
  if (value === undefined) return Optional.none;
  const found = indexed(value, key);
  return found === undefined ? Optional.none : new Optional(found);
}

function scalarText(value: Value): string {
  if (value instanceof Unsigned) return String(value.value);
  return typeof value === "string" || typeof value === "bigint" || typeof value === "number" || typeof value === "boolean" ? String(value) : typeOfValue(value);
}

function size(value: Value): bigint {
  if (typeof value === "string") return BigInt(runeCount(value));
  if (value instanceof Uint8Array || isList(value)) return BigInt(value.length);
  if (isMap(value)) return BigInt(value.size);
  throw noSuchOverload();
}

function text(name: string, test: (text: string, part: string) => boolean): CelFunction {
  return define(
    name,
    "string.(string) -> bool",
    ([value, part]) => {
      if (typeof value !== "string" || typeof part !== "string") throw noSuchOverload();
      return test(value, part);
    },
    ([value, part]) =>
      name === "contains" ? Math.max(1, traversal(sizeOf(value as Value)) * traversal(sizeOf(part as Value))) : Math.max(1, traversal(sizeOf(part as Value))),
  );
}

/** A double as Go prints it in the shortest form. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e21)) return value.toExponential().replace(/e([-+])(\d)$/, "e$10$2");
  return String(value);
}

function conversionError(type: string): CelError {
  return new CelError(`type conversion error from 'string' to '${type}'`);
}

function toInt(value: Value): bigint {
  if (typeof value === "bigint") return value;
  if (value instanceof Unsigned) return checkedInt(value.value);
  if (value instanceof Timestamp) return value.nanoseconds / 1_000_000_000n;
  if (value instanceof Duration) return value.nanoseconds;
  if (typeof value === "number") {
    if (!Number.isFinite(value) || value <= Number(MIN_INT) || value >= Number(MAX_INT)) throw new CelError("integer overflow");
    return BigInt(Math.trunc(value));
  }
  if (typeof value === "string") {
    if (!/^[-+]?\d+$/.test(value)) throw conversionError("int");
    const parsed = BigInt(value.replace(/^\+/, ""));
    if (parsed > MAX_INT || parsed < MIN_INT) throw conversionError("int");
    return parsed;
  }
  throw noSuchOverload();
}

function toUint(value: Value): Unsigned {
  if (value instanceof Unsigned) return value;
  if (typeof value === "bigint") return new Unsigned(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value) || value < 0 || value >= Number(MAX_UINT)) throw new CelError("unsigned integer overflow");
    return new Unsigned(BigInt(Math.trunc(value)));
  }
  if (typeof value === "string") {
    if (!/^\d+$/.test(value)) throw conversionError("uint");
    return new Unsigned(BigInt(value));
  }
  throw noSuchOverload();
}

function toDouble(value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Unsigned) return Number(value.value);
  if (typeof value === "string") {
    const word = /^([-+]?)(inf|infinity|nan)$/i.exec(value);
    if (word) return word[2]?.toLowerCase() === "nan" ? Number.NaN : word[1] === "-" ? -Infinity : Infinity;
    if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(value)) return Number(value);
    throw conversionError("double");
  }
  throw noSuchOverload();
}

function toText(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "number") return doubleText(value);
  if (value instanceof Unsigned) return String(value.value);
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof Opaque) return value.equalityKey;
  if (value instanceof Uint8Array) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
    } catch {
      throw new CelError("invalid UTF-8 in bytes, cannot convert to string");
    }
  }
  throw noSuchOverload();
}

const TRUE = new Set(["1", "t", "true", "TRUE", "True"]);
const FALSE = new Set(["0", "f", "false", "FALSE", "False"]);

function toBool(value: Value): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") throw noSuchOverload();
  if (TRUE.has(value)) return true;
  if (FALSE.has(value)) return false;
  throw conversionError("bool");
}

function binary(call: (left: Value, right: Value) => Value): CelFunction["call"] {
  return ([left, right]) => call(left as Value, right as Value);
}

function unary(call: (value: Value) => Value): CelFunction["call"] {
  return ([value]) => call(value as Value);
}

export const standardFunctions: readonly CelFunction[] = [
  define("_==_", "(T, T) -> bool", binary(equals), comparisonCost),
  define(
    "_!=_",
    "(T, T) -> bool",
    binary((left, right) => !equals(left, right)),
    comparisonCost,
  ),
  relation("_<_", (order) => order < 0),
  relation("_<=_", (order) => order <= 0),
  relation("_>_", (order) => order > 0),
  relation("_>=_", (order) => order >= 0),
  define("_?_:_", "(bool, T, T) -> T", () => fail("no such overload")),
  define(
    "!_",
    "(bool) -> bool",
    unary((value) => (typeof value === "boolean" ? !value : orNone(undefined))),
  ),
  define(
    "-_",
    ["(int) -> int", "(double) -> double"],
    unary((value) => (typeof value === "bigint" ? checkedInt(-value) : typeof value === "number" ? -value : orNone(undefined))),
  ),
  define(
    "_+_",
    [
      ...NUMBERS,
      "(string, string) -> string",
      "(bytes, bytes) -> bytes",
      "(list(T), list(T)) -> list(T)",
      "(duration, duration) -> duration",
      "(timestamp, duration) -> timestamp",
      "(duration, timestamp) -> timestamp",
    ],
    binary(plus),
    ([left, right]) => {
      const size = sizeOf(left as Value) + sizeOf(right as Value);
      return Math.max(1, isList(left as Value) ? size : traversal(size));
    },
  ),
  define(
    "_-_",
    [...NUMBERS, "(timestamp, timestamp) -> duration", "(timestamp, duration) -> timestamp", "(duration, duration) -> duration"],
    binary((left, right) => orNone(subtract(left, right) ?? subtractTimes(left, right))),
  ),
  define(
    "_*_",
    NUMBERS,
    binary((left, right) => orNone(multiply(left, right))),
  ),
  define(
    "_/_",
    NUMBERS,
    binary((left, right) => orNone(divide(left, right))),
  ),
  define(
    "_%_",
    ["(int, int) -> int", "(uint, uint) -> uint"],
    binary((left, right) => orNone(modulo(left, right))),
  ),
  define("@in", ["(T, list(T)) -> bool", "(K, map(K, V)) -> bool"], binary(contains), ([, collection]) =>
    isList(collection as Value) ? sizeOf(collection as Value) : 1,
  ),
  define(
    "_[_]",
    ["(list(T), int) -> T", "(map(K, V), K) -> V", "(optional(list(T)), int) -> optional(T)", "(optional(map(K, V)), K) -> optional(V)"],
    binary(index),
  ),
  define(
    "_[?_]",
    ["(list(T), int) -> optional(T)", "(map(K, V), K) -> optional(V)", "(optional(list(T)), int) -> optional(T)", "(optional(map(K, V)), K) -> optional(V)"],
    binary(optionalIndex),
  ),
  define(
    "size",
    ["string", "bytes", "list(T)", "map(K, V)"].flatMap((type) => [`(${type}) -> int`, `${type}.() -> int`]),
    unary(size),
  ),
  text("contains", (value, part) => value.includes(part)),
  text("startsWith", (value, part) => value.startsWith(part)),
  text("endsWith", (value, part) => value.endsWith(part)),
  define(
    "matches",
    ["(string, string) -> bool", "string.(string) -> bool"],
    binary((value, pattern) => {
      if (typeof value !== "string" || typeof pattern !== "string") throw noSuchOverload();
      try {
        compilePattern(pattern);
      } catch (error) {
        throw new CelError(error instanceof Error ? error.message : String(error));
      }
      return patternFinds(pattern, value);
    }),
    ([value, pattern]) => traversal(sizeOf(value as Value) + 1) * Math.ceil(sizeOf(pattern as Value) * 0.25),
  ),
  define(
    "type",
    "(T) -> type(T)",
    unary((value) => new TypeValue(typeOfValue(value))),
  ),
  define(
    "dyn",
    "(T) -> dyn",
    unary((value) => value),
  ),
  define("bool", ["(bool) -> bool", "(string) -> bool"], unary(toBool)),
  define(
    "int",
    ["int", "uint", "double", "string", "timestamp", "duration"].map((type) => `(${type}) -> int`),
    unary(toInt),
  ),
  define(
    "uint",
    ["uint", "int", "double", "string"].map((type) => `(${type}) -> uint`),
    unary(toUint),
  ),
  define(
    "double",
    ["double", "int", "uint", "string"].map((type) => `(${type}) -> double`),
    unary(toDouble),
  ),
  define(
    "string",
    ["string", "bool", "int", "uint", "double", "bytes", "timestamp", "duration", "net.IP", "net.CIDR"].map((type) => `(${type}) -> string`),
    unary(toText),
    ([value]) => Math.max(1, traversal(sizeOf(value as Value))),
  ),
  define(
    "bytes",
    ["(bytes) -> bytes", "(string) -> bytes"],
    unary((value) => (typeof value === "string" ? new TextEncoder().encode(value) : value instanceof Uint8Array ? value : orNone(undefined))),
  ),
  define(
    "duration",
    ["(duration) -> duration", "(string) -> duration", "(int) -> duration"],
    unary((value) =>
      typeof value === "string"
        ? parseDurationText(value)
        : typeof value === "bigint"
          ? new Duration(value)
          : value instanceof Duration
            ? value
            : orNone(undefined),
    ),
  ),
  define(
    "timestamp",
    ["(timestamp) -> timestamp", "(string) -> timestamp", "(int) -> timestamp"],
    unary((value) =>
      typeof value === "string"
        ? parseTimestampText(value)
        : typeof value === "bigint"
          ? new Timestamp(value * 1_000_000_000n)
          : value instanceof Timestamp
            ? value
            : orNone(undefined),
    ),
  ),
  ...timeFunctions,
];
