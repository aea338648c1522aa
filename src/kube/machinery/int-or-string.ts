/** Values that are a number or a text: named ports, "25%" of replicas (intstr in apimachinery). */
import { isValidPercent } from "./names.ts";

export type IntOrString = number | string;

/** The percentage in "25%"; undefined for numbers and other texts. */
export function percentOf(value: IntOrString): number | undefined {
  return typeof value === "string" && isValidPercent(value).length === 0 ? Number(value.slice(0, -1)) : undefined;
}

/**
 * The value as a number, percentages taken of `total`.
 * @throws Error worded as upstream when a text is no percentage.
 */
export function scaledValue(value: IntOrString, total: number, roundUp: boolean): number {
  if (typeof value === "number") return value;
  if (!value.endsWith("%")) throw new Error("invalid value for IntOrString: invalid type: string is not a percentage");
  const number = value.slice(0, -1);
  if (!/^[-+]?[0-9]+$/.test(number)) {
    throw new Error(`invalid value for IntOrString: invalid value ${JSON.stringify(value)}: strconv.Atoi: parsing ${JSON.stringify(number)}: invalid syntax`);
  }
  const exact = (Number(number) * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}

/** The number, also when it comes as text; 0 for other texts. */
export function intValue(value: IntOrString): number {
  if (typeof value === "number") return value;
  return /^[-+]?[0-9]+$/.test(value) ? Number(value) : 0;
}
