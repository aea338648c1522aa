/** List functions of Kubernetes (isSorted, sum, min, max) and of cel-go's lists and sets extensions. */
import { type CelFunction, define } from "../function.ts";
import { CelError, checkedInt, compare, Duration, equals, isList, noSuchOverload, sizeOf, Unsigned, type Value } from "../values.ts";

const ORDERED = ["bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"];

function list(value: Value | undefined): readonly Value[] {
  if (!isList(value as Value)) throw noSuchOverload();
  return value as readonly Value[];
}

function int(value: Value | undefined): number {
  if (typeof value !== "bigint") throw noSuchOverload();
  return Number(value);
}

const perItem: CelFunction["cost"] = ([value]) => Math.max(1, sizeOf(value as Value));
/** Lists in the list count with their items. */
const perInnerItem: CelFunction["cost"] = ([value]) =>
  isList(value as Value) ? (value as readonly Value[]).reduce<number>((total, item) => total + 1 + sizeOf(item), 1) : 1;
const quadratic: CelFunction["cost"] = ([value]) => Math.max(1, sizeOf(value as Value) ** 2);
const product: CelFunction["cost"] = ([left, right]) => Math.max(1, sizeOf(left as Value) * sizeOf(right as Value));

function extreme(name: string, better: (order: number) => boolean): CelFunction {
  return define(
    name,
    ORDERED.map((type) => `list(${type}).() -> ${type}`),
    ([value]) => {
      const items = list(value);
      if (items.length === 0) throw new CelError(`${name} called on empty list`);
      return items.reduce((best, item) => (better(compare(item, best) ?? 0) ? item : best));
    },
    perItem,
  );
}

function sum(items: readonly Value[]): Value {
  const [first] = items;
  if (first === undefined) return 0n;
  if (typeof first === "bigint") return items.reduce<bigint>((total, item) => checkedInt(total + (typeof item === "bigint" ? item : fail())), 0n);
  if (typeof first === "number") return items.reduce<number>((total, item) => total + (typeof item === "number" ? item : fail()), 0);
  if (first instanceof Unsigned) return new Unsigned(items.reduce<bigint>((total, item) => total + (item instanceof Unsigned ? item.value : fail()), 0n));
  if (first instanceof Duration) return new Duration(items.reduce<bigint>((total, item) => total + (item instanceof Duration ? item.nanoseconds : fail()), 0n));
  return fail();
}

function fail(): never {
  throw noSuchOverload();
}

function flatten(items: readonly Value[], depth: number): Value[] {
  return items.flatMap((item) => (isList(item) && depth > 0 ? flatten(item, depth - 1) : [item]));
}

function distinct(items: readonly Value[]): Value[] {
  const found: Value[] = [];
  for (const item of items) if (!found.some((each) => equals(each, item))) found.push(item);
  return found;
}

function includesAll(items: readonly Value[], wanted: readonly Value[]): boolean {
  return wanted.every((item) => items.some((each) => equals(each, item)));
}

const MAX_RANGE = 1_000_000;
const MAX_FLATTEN = 32;

export const listFunctions: readonly CelFunction[] = [
  define(
    "isSorted",
    ORDERED.map((type) => `list(${type}).() -> bool`),
    ([value]) => {
      const items = list(value);
      return items.every((item, index) => index === 0 || (compare(items[index - 1] as Value, item) ?? 1) <= 0);
    },
    perItem,
  ),
  define(
    "sum",
    ["int", "uint", "double", "duration"].map((type) => `list(${type}).() -> ${type}`),
    ([value]) => sum(list(value)),
    perItem,
  ),
  extreme("min", (order) => order < 0),
  extreme("max", (order) => order > 0),
  define(
    "slice",
    "list(T).(int, int) -> list(T)",
    ([value, from, to]) => {
      const items = list(value);
      const [start, end] = [int(from), int(to)];
      if (start < 0 || end < 0) throw new CelError(`cannot slice(${start}, ${end}), negative indexes not supported`);
      if (start > end) throw new CelError(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`);
      if (end > items.length) throw new CelError(`cannot slice(${start}, ${end}), list is length ${items.length}`);
      return items.slice(start, end);
    },
    perItem,
  ),
  define(
    "flatten",
    ["list(list(T)).() -> list(T)", "list(dyn).(int) -> list(dyn)"],
    ([value, depth]) => {
      const levels = depth === undefined ? 1 : int(depth);
      if (levels < 0) throw new CelError("level must be non-negative");
      if (levels > MAX_FLATTEN) throw new CelError(`level must be at most ${MAX_FLATTEN}`);
      return flatten(list(value), levels);
    },
    perInnerItem,
  ),
  define(
    "sort",
    ORDERED.map((type) => `list(${type}).() -> list(${type})`),
    ([value]) => [...list(value)].sort((a, b) => compare(a, b) ?? 0),
    perItem,
  ),
  define("distinct", "list(T).() -> list(T)", ([value]) => distinct(list(value)), quadratic),
  define("reverse", "list(T).() -> list(T)", ([value]) => [...list(value)].reverse(), perItem),
  define(
    "lists.range",
    "(int) -> list(int)",
    ([count]) => {
      const length = int(count);
      if (length > MAX_RANGE) throw new CelError(`lists.range: size ${length} exceeds limit ${MAX_RANGE}`);
      return Array.from({ length: Math.max(0, length) }, (_, index) => BigInt(index));
    },
    ([count]) => Math.max(1, Number(typeof count === "bigint" ? count : 0n)),
  ),
  define("sets.contains", "(list(T), list(T)) -> bool", ([left, right]) => includesAll(list(left), list(right)), product),
  define(
    "sets.equivalent",
    "(list(T), list(T)) -> bool",
    ([left, right]) => includesAll(list(left), list(right)) && includesAll(list(right), list(left)),
    product,
  ),
  define(
    "sets.intersects",
    "(list(T), list(T)) -> bool",
    ([left, right]) => list(left).some((item) => list(right).some((each) => equals(each, item))),
    product,
  ),
];
