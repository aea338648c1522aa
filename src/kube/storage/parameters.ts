/** Parameters of storage classes: bounded in number and size. */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { byteLength } from "../machinery/names.ts";

const MAX_COUNT = 512;
const MAX_BYTES = 256 * 1024;

/** @param allowEmpty whether no parameters at all are fine */
export function validateParameters(parameters: Readonly<Record<string, string>> | undefined, allowEmpty: boolean, errors: FieldErrors, at: FieldPath): void {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > MAX_COUNT) {
    errors.tooLong(at, MAX_COUNT);
    return;
  }
  let bytes = 0;
  for (const [key, value] of entries) {
    if (!key) errors.invalid(at, key, "field can not be empty.");
    bytes += byteLength(key) + byteLength(value);
  }
  if (bytes > MAX_BYTES) errors.tooLong(at, MAX_BYTES);
  if (!allowEmpty && entries.length === 0) errors.required(at, "must contain at least one key/value pair");
}
