import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toYaml, YamlError, yamlToJson } from "../../src/api/yaml.ts";

const convert = (text: string) => {
  const report = { duplicates: [] as string[] };
  const json = yamlToJson(text, report);
  return { json, value: JSON.parse(json), duplicates: report.duplicates };
};

describe("YAML becomes JSON as YAML 1.1 without timestamps and base 60", () => {
  it.each<[string, string]>([
    ["a: yes", '{"a":true}'],
    ["a: off", '{"a":false}'],
    ['a: "yes"', '{"a":"yes"}'],
    ["y: 1", '{"true":1}'],
    ["1: a", '{"1":"a"}'],
    ["a: 0777", '{"a":511}'],
    ["a: 0x1F", '{"a":31}'],
    ["a: 1_000", '{"a":1000}'],
    ["a: 12:30", '{"a":"12:30"}'],
    ["a: 12:30:45", '{"a":"12:30:45"}'],
    ["a: 2026-11-23", '{"a":"2026-11-23"}'],
    ["a: 2026-11-23T20:18:44Z", '{"a":"2026-11-23T20:18:44Z"}'],
    ["a: 1.0", '{"a":1}'],
    ["a: 1e3", '{"a":1000}'],
    ["a: 9007199254740993", '{"a":9007199254740993}'],
    ["a: ~", '{"a":null}'],
    ["a:", '{"a":null}'],
    ["a: |\n  x\n  y\n", '{"a":"x\\ny\\n"}'],
    ["- 1\n- b", '[1,"b"]'],
    ["a: &x {b: 1}\nc: *x", '{"a":{"b":1},"c":{"b":1}}'],
    ["a: &x {b: 1, d: 2}\nc: {<<: *x, b: 3}", '{"a":{"b":1,"d":2},"c":{"b":3,"d":2}}'],
    ["", "{}"],
    ["---\n", "{}"],
    ["# nothing", "{}"],
    ["null", "{}"],
    ["a: 1\n---\nb: 2", '{"a":1}'],
    ['{"a": 1, "a": 2}', '{"a": 1, "a": 2}'],
    ["{a: 1}", '{"a":1}'],
  ])("%j", (yaml, json) => {
    expect(convert(yaml).json).toBe(json);
  });

  it("reports a repeated key with its line; the last value wins", () => {
    const { value, duplicates } = convert("metadata:\n  name: c\n  name: d\ndata: {x: 1, x: 2}\n");
    expect(value).toEqual({ metadata: { name: "d" }, data: { x: 2 } });
    expect(duplicates).toEqual(['line 3: key "name" already set in map', 'line 4: key "x" already set in map']);
  });

  it("takes __proto__ for a key like any other", () => {
    expect(convert("__proto__: {a: 1}").json).toBe('{"__proto__":{"a":1}}');
  });

  it.each(["a: b: c", "a: [1", "a: *x", "{a: 1", "? [a]\n: b", "a: .inf", "a: {<<: 1}"])("%j is refused", (yaml) => {
    expect(() => convert(yaml)).toThrow(YamlError);
  });

  it("refuses aliases that multiply without end", () => {
    const bomb = [
      "a0: &a0 [x,x,x,x,x,x,x,x,x,x]",
      ...Array.from({ length: 8 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(",")}]`),
    ].join("\n");
    expect(() => convert(bomb)).toThrow(YamlError);
  });

  it("reads back whatever it writes", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        fc.pre(value !== null);
        // -0 is not a JSON value.
        const plain = JSON.parse(JSON.stringify({ value }));
        expect(convert(toYaml(plain)).value).toEqual(plain);
      }),
      { numRuns: 300 },
    );
  });
});

describe("YAML out is as the original prints it", () => {
  it("sorts keys, does not indent sequences, quotes what would read as something else", () => {
    const object = {
      kind: "Namespace",
      apiVersion: "v1",
      metadata: { name: "default", creationTimestamp: "2026-11-23T20:18:44Z", resourceVersion: "22", labels: { on: "yes" } },
      spec: { finalizers: ["kubernetes"] },
      status: {},
    };
    expect(toYaml(object)).toBe(
      [
        "apiVersion: v1",
        "kind: Namespace",
        "metadata:",
        '  creationTimestamp: "2026-11-23T20:18:44Z"',
        "  labels:",
        '    "on": "yes"',
        "  name: default",
        '  resourceVersion: "22"',
        "spec:",
        "  finalizers:",
        "  - kubernetes",
        "status: {}",
        "",
      ].join("\n"),
    );
  });
});

it("prints a dot plain, as the original does, though it quotes numbers", () => {
  expect(toYaml({ ".": {}, a: ".", b: ".5", c: "1." })).toBe('.: {}\na: .\nb: ".5"\nc: "1."\n');
});
