/** Expressions that select devices (KEP-4381): what they may name, and what they must be. */
import { compileExpression } from "../cel/expression.ts";
import { BOOL, mapOf, type ObjectType, parseType, STRING, type Type, typeName } from "../cel/types.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";

const MAX_EXPRESSION_BYTES = 10 * 1024;

/** An attribute has a bool, an int, a string or a version. */
const ANY: Type = { kind: "dyn" };

const DEVICE_FIELDS: ReadonlyMap<string, Type> = new Map([
  ["driver", STRING],
  ["attributes", mapOf(STRING, mapOf(STRING, ANY))],
  ["capacity", mapOf(STRING, mapOf(STRING, parseType("kubernetes.Quantity")))],
  ["allowMultipleAllocations", BOOL],
]);

const DEVICE: ObjectType = { kind: "object", name: "kubernetes.DRADevice", field: (name) => DEVICE_FIELDS.get(name) };

const VARIABLES: ReadonlyMap<string, Type> = new Map([["device", DEVICE]]);

export function validateDeviceExpression(expression: string, errors: FieldErrors, at: FieldPath): void {
  if (new TextEncoder().encode(expression).length > MAX_EXPRESSION_BYTES) {
    errors.tooLong(at, MAX_EXPRESSION_BYTES);
    return;
  }
  const { program, problem } = compileExpression(expression, { variables: VARIABLES });
  if (problem !== undefined) errors.invalid(at, expression, `compilation failed: ${problem}`);
  else if (program.type !== BOOL && program.type.kind !== "dyn")
    errors.invalid(at, expression, `must evaluate to bool or the unknown type, not ${typeName(program.type)}`);
}
