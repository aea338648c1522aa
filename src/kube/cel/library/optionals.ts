/** Optional values (cel-go's OptionalTypes, version 2). The macros optMap and optFlatMap are syntax. */
import { type CelFunction, define } from "../function.ts";
import { CelError, isList, isMap, noSuchOverload, Optional, Unsigned, type Value } from "../values.ts";

function optional(value: Value | undefined): Optional {
  if (value instanceof Optional) return value;
  throw noSuchOverload();
}

function isZero(value: Value): boolean {
  if (value === null || value === false || value === "" || value === 0n || value === 0) return true;
  if (value instanceof Unsigned) return value.value === 0n;
  if (isList(value) || value instanceof Uint8Array) return value.length === 0;
  return isMap(value) && value.size === 0;
}

function end(list: Value | undefined, at: "first" | "last"): Value {
  if (!isList(list as Value)) throw noSuchOverload();
  const items = list as readonly Value[];
  const item = items[at === "first" ? 0 : items.length - 1];
  return item === undefined ? Optional.none : new Optional(item);
}

export const optionalFunctions: readonly CelFunction[] = [
  define("optional.of", "(T) -> optional(T)", ([value]) => new Optional(value)),
  define("optional.none", "() -> optional(T)", () => Optional.none),
  define("optional.ofNonZeroValue", "(T) -> optional(T)", ([value]) => (isZero(value as Value) ? Optional.none : new Optional(value))),
  define("hasValue", "optional(T).() -> bool", ([value]) => optional(value).value !== undefined),
  define("value", "optional(T).() -> T", ([value]) => {
    const found = optional(value).value;
    if (found === undefined) throw new CelError("optional.none() dereference");
    return found;
  }),
  // Both evaluate their argument only when they need it: see evaluate.ts.
  define("orValue", "optional(T).(T) -> T", ([value, fallback]) => optional(value).value ?? (fallback as Value)),
  define("or", "optional(T).(optional(T)) -> optional(T)", ([value, fallback]) => (optional(value).value === undefined ? optional(fallback) : optional(value))),
  define("optional.unwrap", "(list(optional(T))) -> list(T)", ([list]) => unwrap(list as Value)),
  define("unwrapOpt", "list(optional(T)).() -> list(T)", ([list]) => unwrap(list as Value)),
  define("first", "list(T).() -> optional(T)", ([list]) => end(list, "first")),
  define("last", "list(T).() -> optional(T)", ([list]) => end(list, "last")),
];

function unwrap(list: Value): Value {
  if (!isList(list)) throw noSuchOverload();
  return list.flatMap((item) => {
    const { value } = optional(item);
    return value === undefined ? [] : [value];
  });
}
