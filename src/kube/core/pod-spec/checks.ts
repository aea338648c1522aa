/** Small checks that every part of the pod spec's validation leans on. */

import { IPv4, IPv6 } from "ipaddr.js";
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { isQualifiedName } from "../../machinery/names.ts";
import type { LabelSelector } from "../../schema/generated/types/meta.v1.ts";

export const INT32_MAX = 2147483647;

/** Reports an unknown enumeration value, listing what is supported in the order that the API lists it (not sorted). */
export function unsupported(errors: FieldErrors, at: FieldPath, value: unknown, supported: readonly string[]): void {
  errors.add("NotSupported", at, value ?? "", `supported values: ${supported.map((each) => JSON.stringify(each)).join(", ")}`);
}

/** One `Invalid value` per message; the machinery's name checks return messages. */
export function invalidEach(errors: FieldErrors, at: FieldPath, value: unknown, messages: readonly string[]): void {
  for (const message of messages) errors.invalid(at, value, message);
}

export function nonNegative(errors: FieldErrors, at: FieldPath, value: number | undefined): void {
  if (value !== undefined && value < 0) errors.invalid(at, value, "must be greater than or equal to 0");
}

/** Unix user and group ids. */
export function unixId(errors: FieldErrors, at: FieldPath, value: number | undefined): void {
  if (value !== undefined && (value < 0 || value > INT32_MAX)) errors.invalid(at, value, `must be between 0 and ${INT32_MAX}, inclusive`);
}

export function labelName(errors: FieldErrors, at: FieldPath, name: string): void {
  invalidEach(errors, at, name, isQualifiedName(name));
}

/** A textual IPv4 or IPv6 address without zone, brackets or shorthand. */
export function isIPAddress(text: string): boolean {
  if (text.includes("%")) return false;
  return text.includes(":") ? IPv6.isValid(text) : IPv4.isValidFourPartDecimal(text);
}

/** A path inside a volume or container: relative, and never climbing out of it. */
export function localPath(errors: FieldErrors, at: FieldPath, path: string): void {
  if (path.startsWith("/")) errors.invalid(at, path, "must be a relative path");
  noBacksteps(errors, at, path);
}

export function noBacksteps(errors: FieldErrors, at: FieldPath, path: string): void {
  if (path.includes("..") && path.split("/").includes("..")) errors.invalid(at, path, "must not contain '..'");
}

/** As `localPath`, and the first segment may not begin with two dots (such names are the kubelet's own). */
export function localNonReservedPath(errors: FieldErrors, at: FieldPath, path: string): void {
  localPath(errors, at, path);
  if (path.startsWith("..") && !path.startsWith("../")) errors.invalid(at, path, "must not start with '..'");
}

/** A copy in key order: how upstream shows maps in messages. */
export function sortedByKey<Value>(map: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A label selector as a message shows it: labels in key order, null when there is none. */
export function shownSelector(selector: LabelSelector | undefined): object | null {
  if (!selector) return null;
  return selector.matchLabels ? { ...selector, matchLabels: sortedByKey(selector.matchLabels) } : selector;
}
