/** What kube-apiserver v1.36.3 says of expressions over a schema: accepted (""), or the compiler's own words. */
import { describe, expect, it } from "vitest";
import { structuralSchema } from "../../../src/kube/apiextensions/structural.ts";
import { compileExpression } from "../../../src/kube/cel/expression.ts";
import { schemaType } from "../../../src/kube/cel/schema-types.ts";
import { BOOL, DYN } from "../../../src/kube/cel/types.ts";
import type { JSONSchemaProps } from "../../../src/kube/schema/generated/types/apiextensions.v1.ts";
import recorded from "./recorded.json" with { type: "json" };

const self = schemaType(structuralSchema(recorded.schema as unknown as JSONSchemaProps), "selfType")?.type ?? DYN;

describe("compiling expressions", () => {
  it.each(Object.entries(recorded.expressions))("%s", (source, message) => {
    const compiled = compileExpression(source, {
      variables: new Map([
        ["self", self],
        ["oldSelf", self],
      ]),
    });
    const found = compiled.problem ?? (compiled.program.type === BOOL ? "" : "must evaluate to a bool");
    expect(found).toBe(message);
  });
});
