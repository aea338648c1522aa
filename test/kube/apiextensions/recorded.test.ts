/** Cases whose answers kube-apiserver v1.36.3 gave: every text, path and cause must be the same. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/kube/object.ts";
import type { JSONSchemaProps, ValidationRule } from "../../../src/kube/schema/generated/types/apiextensions.v1.ts";
import { createDefinition, kindOf, object, problem, widget, write } from "./custom-resources.ts";
import definitions from "./recorded/definitions.json" with { type: "json" };
import rules from "./recorded/rules.json" with { type: "json" };
import updates from "./recorded/updates.json" with { type: "json" };
import values from "./recorded/values.json" with { type: "json" };

/** Errors of one object come in the order of a Go map: only their set is a promise. */
function asSet(message: string): string[] {
  return message
    .replace(/^\[|\]$/g, "")
    .split(", ")
    .sort();
}

describe("values of custom resources", () => {
  const kind = kindOf(values.schema as JSONSchemaProps);
  it.each(values.cases.map((each) => [JSON.stringify({ spec: each.spec, ...each.root }), each] as const))("%s", (_, recorded) => {
    const { metadata, ...root } = (recorded.root ?? {}) as JsonObject;
    const outcome = write(kind, widget(recorded.spec, { metadata: metadata ?? { name: "w" }, ...root }));
    if (recorded.strict || (metadata !== undefined && recorded.message?.includes("metadata.name"))) return;
    expect(asSet(problem(outcome))).toEqual(asSet(problem({ message: recorded.message ?? "" })));
    if (recorded.message === undefined) {
      expect(outcome.object?.spec ?? null).toEqual(recorded.result);
      expect(outcome.warnings).toEqual(recorded.warnings);
    } else
      expect(new Set(outcome.causes.map((cause) => JSON.stringify(cause)))).toEqual(new Set((recorded.causes ?? []).map((cause) => JSON.stringify(cause))));
  });
});

describe("definitions", () => {
  it.each(definitions.map((each) => [each.name, each] as const))("%s", (_, recorded) => {
    const outcome = createDefinition(recorded.definition);
    expect(problem(outcome)).toBe(problem({ message: recorded.message ?? "" }));
    if (recorded.message === undefined) expect(outcome.warnings).toEqual(recorded.warnings);
  });
});

describe("validation rules", () => {
  const kind = kindOf(object({ spec: object(rules.properties as unknown as Record<string, JSONSchemaProps>) }));
  it.each(rules.cases.map((each) => [JSON.stringify(each.rule as ValidationRule), each] as const))("%s", (_, recorded) => {
    expect(problem(write(kind, widget({ [recorded.property]: rules.value })))).toBe(problem({ message: recorded.message }));
  });
});

describe("updates: transition rules, and what was invalid before and is left alone", () => {
  const kind = kindOf(updates.schema as unknown as JSONSchemaProps);
  it.each(updates.cases.map((each) => [`${JSON.stringify(each.old)} → ${JSON.stringify(each.now)}`, each] as const))("%s", (_, { old, now, message }) => {
    expect(asSet(problem(write(kind, widget(now), widget(old))))).toEqual(asSet(message));
  });
});
