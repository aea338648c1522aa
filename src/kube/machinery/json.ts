/** Copying and comparing JSON values, fast enough for the hot path of every write. */

import type { JsonObject } from "../object.ts";
import { setField } from "./json-value.ts";

/** A deep copy of a JSON value; `undefined` members are dropped. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  const copy: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) setField(copy, key, typeof member === "object" ? cloneJson(member) : member);
  }
  return copy as T;
}

/** Equality of JSON values: key order does not matter, an `undefined` member equals an absent one. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((each, at) => equalJson(each, b[at]));
  }
  const left = a as { [key: string]: unknown };
  const right = b as { [key: string]: unknown };
  let count = 0;
  for (const key of Object.keys(left)) {
    if (left[key] === undefined) continue;
    count++;
    if (!equalJson(left[key], right[key])) return false;
  }
  for (const key of Object.keys(right)) if (right[key] !== undefined) count--;
  return count === 0;
}
