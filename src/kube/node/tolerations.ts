/** Tolerations as a RuntimeClass adds them to its pods. */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isQualifiedName, isValidLabelValue } from "../machinery/names.ts";
import type { Toleration } from "../schema/generated/types/core.v1.ts";

/** Operators whose feature gate (KEP-5471) is off by default. */
const NUMERIC = ["Gt", "Lt"];
const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function validateTolerations(tolerations: readonly Toleration[], errors: FieldErrors, at: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, toleration] of tolerations.entries()) {
    const itemAt = at.index(i);
    const { key = "", operator = "", value = "", effect = "" } = toleration;
    if (key) for (const problem of isQualifiedName(key)) errors.invalid(itemAt.child("key"), key, problem);
    if (!key && operator !== "Exists")
      errors.invalid(itemAt.child("operator"), operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"');
    if (toleration.tolerationSeconds !== undefined && effect !== "NoExecute")
      errors.invalid(itemAt.child("effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
    switch (operator) {
      case "Equal":
      case "": {
        const problems = isValidLabelValue(value);
        if (problems.length > 0) errors.invalid(itemAt.child("operator"), value, problems.join(";"));
        break;
      }
      case "Exists":
        if (value) errors.invalid(itemAt.child("operator"), value, "value must be empty when `operator` is 'Exists'");
        break;
      default:
        errors.add(
          "NotSupported",
          itemAt.child("operator"),
          operator,
          NUMERIC.includes(operator) ? 'supported values: "Equal", "Exists", "Lt", "Gt"' : 'supported values: "Equal", "Exists"',
        );
    }
    if (effect && !EFFECTS.includes(effect)) {
      errors.add("NotSupported", itemAt.child("effect"), effect, `supported values: ${EFFECTS.map((each) => JSON.stringify(each)).join(", ")}`);
    }
    const identity = JSON.stringify([key, operator, value, effect]);
    if (seen.has(identity))
      errors.duplicate(itemAt, { Key: key, Operator: operator, Value: value, Effect: effect, TolerationSeconds: toleration.tolerationSeconds ?? null });
    seen.add(identity);
  }
}
