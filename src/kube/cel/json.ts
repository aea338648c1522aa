/** JSON without a schema as CEL values: whole numbers are int, others double, objects maps. */
import { isObject } from "../object.ts";
import { durationText, timestampText } from "./library/time.ts";
import { Duration, isCelObject, isList, isMap, JsonMap, Optional, Timestamp, Unsigned, type Value } from "./values.ts";

export function dynValue(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? BigInt(value) : value;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map(dynValue);
  return isObject(value) ? new JsonMap(value, dynValue) : null;
}

/** The JSON of a value; undefined for what has none (types, opaque values, absent optionals). */
export function jsonValue(value: Value): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Unsigned) return Number(value.value);
  if (isList(value)) return value.map(jsonValue);
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof Uint8Array) return btoa(String.fromCharCode(...value));
  if (value instanceof Optional) return value.value === undefined ? undefined : jsonValue(value.value);
  const entries = isMap(value)
    ? [...value.keys()].map((key) => [String(jsonValue(key)), jsonValue(value.get(key) as Value)] as const)
    : isCelObject(value)
      ? [...value.names()].map((name) => [name, jsonValue(value.get(name) as Value)] as const)
      : undefined;
  return entries && Object.fromEntries(entries);
}
