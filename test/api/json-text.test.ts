import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indentJson } from "../../src/api/json-text.ts";

describe("indented JSON", () => {
  it("is what an encoder with two blanks writes, for any value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(indentJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
      }),
      { numRuns: 500 },
    );
  });

  it.each(['{"a":9007199254740993}', '{"a":1.50}', '{"a":"\\u003c\\\\\\""}', '{"a":"[{,:}]"}'])("keeps the digits and escapes of %s", (text) => {
    expect(indentJson(text).replace(/\n\s*/g, "").replace('": ', '":')).toBe(text);
  });
});
