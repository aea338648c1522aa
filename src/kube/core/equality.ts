/** Equality of decoded values as validation sees it: absent, empty map and empty list are the same. */
import { isObject } from "../object.ts";

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** Semantic deep equality of two JSON values; key order is not part of a value. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (isEmpty(left) && isEmpty(right)) return true;
  if (Array.isArray(left) && Array.isArray(right)) return left.length === right.length && left.every((each, i) => sameJson(each, right[i]));
  if (isObject(left) && isObject(right)) {
    const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
    for (const key of keys) if (!sameJson(left[key], right[key])) return false;
    return true;
  }
  return false;
}
