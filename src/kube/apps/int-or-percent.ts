/** Numbers that may also be percentages ("25%"), as in rolling updates and disruption budgets. */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isValidPercent } from "../machinery/names.ts";

export type IntOrPercent = number | string;

export function validateIntOrPercent(value: IntOrPercent | undefined, errors: FieldErrors, at: FieldPath): void {
  if (typeof value === "string") {
    for (const message of isValidPercent(value)) errors.invalid(at, value, message);
  } else if (value !== undefined && value < 0) errors.invalid(at, value, "must be greater than or equal to 0");
}

/** The percentage in "25%"; undefined for a number or anything else. */
export function percentOf(value: IntOrPercent | undefined): number | undefined {
  return typeof value === "string" && isValidPercent(value).length === 0 ? Number(value.slice(0, -1)) : undefined;
}

export function validateAtMost100Percent(value: IntOrPercent | undefined, errors: FieldErrors, at: FieldPath): void {
  const percent = percentOf(value);
  if (percent !== undefined && percent > 100) errors.invalid(at, value, "must not be greater than 100%");
}

/** The number or the percentage itself: what a rule "may not be 0" looks at. */
export function magnitude(value: IntOrPercent | undefined): number {
  return percentOf(value) ?? (typeof value === "number" ? value : 0);
}
