import { describe, expect, test } from "vitest";
import { FieldErrors, FieldPath } from "../../../src/kube/machinery/field.ts";
import { validateDeviceExpression } from "../../../src/kube/resource/device-expression.ts";

/** As kube-apiserver v1.36.3 judged them. */
describe("an expression that selects devices", () => {
  test.each([
    ["device.attributes.a.b == 1"],
    ['device.attributes["a"].b'],
    ['device.capacity["a"].b.isGreaterThan(quantity("1"))'],
    ["device.allowMultipleAllocations"],
    ["has(device.allowMultipleAllocations) && true"],
    ['device.attributes["a"].b.isGreaterThan(semver("1.0.0"))'],
  ])("%s is accepted", (expression) => expect(problems(expression)).toEqual([]));

  test.each([
    ["device.driver", "must evaluate to bool or the unknown type, not string"],
    ["1", "must evaluate to bool or the unknown type, not int"],
    ["foo", "compilation failed: ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo\n | ^"],
    ["device.nonsense", "compilation failed: ERROR: <input>:1:7: undefined field 'nonsense'\n | device.nonsense\n | ......^"],
    [
      "device.driver == 1",
      "compilation failed: ERROR: <input>:1:15: found no matching overload for '_==_' applied to '(string, int)'\n | device.driver == 1\n | ..............^",
    ],
    ["a)", "compilation failed: ERROR: <input>:1:2: Syntax error: extraneous input ')' expecting <EOF>\n | a)\n | .^"],
  ])("%s is refused", (expression, detail) => expect(problems(expression)).toEqual([detail]));
});

function problems(expression: string): string[] {
  const errors = new FieldErrors();
  validateDeviceExpression(expression, errors, FieldPath.of("expression"));
  return errors.list.map((error) => error.detail);
}
