/** How what a RuntimeClass says about scheduling and overhead meets what a pod says itself. */
import { sameJson } from "../core/equality.ts";
import { compareQuantity } from "../machinery/quantity.ts";
import type { Toleration } from "../schema/generated/types/core.v1.ts";

type Resources = { readonly [name: string]: string | number };

/** The same names with equal quantities, however they are written. */
export function sameResources(left: Resources, right: Resources): boolean {
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => {
      const value = Object.hasOwn(right, name) ? right[name] : undefined;
      return value !== undefined && compareQuantity(left[name] ?? 0, value) === 0;
    })
  );
}

/** The tolerations without those that another one covers, in their order; of equal ones the first stays. */
export function mergeTolerations(tolerations: readonly Toleration[]): Toleration[] {
  return tolerations.filter((each, i) =>
    tolerations.every((other, j) => {
      if (i === j || !covers(other, each)) return true;
      return sameJson(other, each) && i < j;
    }),
  );
}

/** Does `wide` tolerate every taint that `narrow` does? */
function covers(wide: Toleration, narrow: Toleration): boolean {
  if (sameJson(wide, narrow)) return true;
  // An empty key with Exists matches all keys, an empty effect all effects.
  if ((wide.key ?? "") !== (narrow.key ?? "") && (wide.key || wide.operator !== "Exists")) return false;
  if (wide.effect && wide.effect !== narrow.effect) return false;
  if (wide.effect === "NoExecute" && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || Number(narrow.tolerationSeconds) > Number(wide.tolerationSeconds)) return false;
  }
  if (wide.operator === "Exists") return true;
  return (wide.operator || "Equal") === "Equal" && wide.operator === narrow.operator && (wide.value ?? "") === (narrow.value ?? "");
}
