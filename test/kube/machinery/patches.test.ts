import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equalJson } from "../../../src/kube/machinery/json.ts";
import { applyJsonPatch } from "../../../src/kube/machinery/json-patch.ts";
import { applyMergePatch } from "../../../src/kube/machinery/merge-patch.ts";
import { StatusError } from "../../../src/kube/machinery/status.ts";
import { applyStrategicMerge } from "../../../src/kube/machinery/strategic-merge.ts";
import { isObject, type JsonObject } from "../../../src/kube/object.ts";
import { typeSchema } from "../../../src/kube/schema/table.ts";

const POD = typeSchema("core.v1.Pod");
const REFUSED = "the server rejected our request due to an error in our request";

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.reason}: ${error.message}`;
    throw error;
  }
  return "";
}

describe("JSON patch", () => {
  const document = { data: { x: "1" }, list: ["a", "b"] };

  // Asked of kube-apiserver v1.36.3.
  it.each<[string, unknown, unknown]>([
    ["replaces an absent field", [{ op: "replace", path: "/data/none", value: "2" }], { data: { x: "1", none: "2" }, list: ["a", "b"] }],
    ["adds null where no value is given", [{ op: "add", path: "/data/n" }], { data: { x: "1", n: null }, list: ["a", "b"] }],
    ["finds null at an absent field", [{ op: "test", path: "/data/none", value: null }], document],
    ["copies an absent field as null", [{ op: "copy", from: "/data/none", path: "/data/y" }], { data: { x: "1", y: null }, list: ["a", "b"] }],
    ["ignores what stands before the first slash", [{ op: "add", path: "data/y", value: 1 }], { ...document, y: 1 }],
    ["counts from the end", [{ op: "remove", path: "/list/-1" }], { data: { x: "1" }, list: ["a"] }],
    [
      "inserts into lists",
      [
        { op: "add", path: "/list/1", value: "c" },
        { op: "add", path: "/list/-", value: "d" },
      ],
      { data: { x: "1" }, list: ["a", "c", "b", "d"] },
    ],
    ["moves", [{ op: "move", from: "/data/x", path: "/y" }], { data: {}, list: ["a", "b"], y: "1" }],
    ["takes null for no patch", null, document],
  ])("%s", (_what, patch, expected) => {
    expect(applyJsonPatch(document, patch)).toEqual(expected);
  });

  it.each<[unknown, string]>([
    [{}, "400 BadRequest: error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"],
    [[1], "400 BadRequest: error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp"],
    [[{ op: 1, path: "/data" }], "400 BadRequest: error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string"],
    [[{ op: "bad", path: "/data" }], `422 Invalid: ${REFUSED}`],
    [[{ op: "test", path: "/data/x", value: "2" }], `422 Invalid: ${REFUSED}`],
    [[{ op: "remove", path: "/data/none" }], `422 Invalid: ${REFUSED}`],
    [[{ op: "add", path: "/data/a/b", value: 1 }], `422 Invalid: ${REFUSED}`],
    [[{ op: "add", path: "data", value: 1 }], `422 Invalid: ${REFUSED}`],
    [[{ op: "copy", path: "/data/y" }], `422 Invalid: ${REFUSED}`],
    [[{ op: "add", path: "/list/7", value: 1 }], `422 Invalid: ${REFUSED}`],
    [[null], `422 Invalid: ${REFUSED}`],
    [
      Array.from({ length: 10_001 }, () => ({ op: "test", path: "" })),
      "413 RequestEntityTooLarge: Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
    ],
  ])("refuses %j", (patch, expected) => {
    expect(refusal(() => applyJsonPatch(document, patch, { strict: [] }))).toBe(expected);
  });

  it("reports unknown fields of operations", () => {
    const report = { strict: [] as string[] };
    applyJsonPatch(document, [{ op: "test", path: "/data/x", value: "1", foo: 1 }], report);
    expect(report.strict).toEqual(['json patch unknown field "[0].foo"']);
  });

  it("bounds documents that copy themselves", () => {
    const patch = Array.from({ length: 64 }, (_, at) => ({ op: "copy", from: "/data", path: `/data/c${at}` }));
    expect(refusal(() => applyJsonPatch(document, patch))).toBe(`422 Invalid: ${REFUSED}`);
  });

  it("reaches no prototype", () => {
    const patched = applyJsonPatch(
      {},
      JSON.parse('[{"op":"add","path":"/__proto__","value":{"polluted":1}},{"op":"test","path":"/constructor","value":null}]'),
    );
    expect(({} as JsonObject).polluted).toBeUndefined();
    expect(Object.keys(patched)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(patched)).toBe(Object.prototype);
  });
});

const name = fc.constantFrom("a", "b", "c", "__proto__", "constructor", "metadata", "spec", "containers", "finalizers", "name", "labels");
const directive = fc.constantFrom("$patch", "$retainKeys", "$setElementOrder/finalizers", "$deleteFromPrimitiveList/finalizers", "$setElementOrder/containers");
const json = (keys: fc.Arbitrary<string>): fc.Arbitrary<unknown> =>
  fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<unknown>(null, true, 0, 1, "x", "replace", "delete", "merge"),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(keys, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).value;
const object = (keys: fc.Arbitrary<string>): fc.Arbitrary<JsonObject> => fc.dictionary(keys, json(keys), { maxKeys: 5, noNullPrototype: true });

/** RFC 7386 §2, word for word as a function. */
function mergeModel(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = new Map<string, unknown>(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, mergeModel(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/** Nulls inside of lists are where upstream leaves the RFC. */
function hasList(value: unknown): boolean {
  return Array.isArray(value) || (isObject(value) && Object.values(value).some(hasList));
}

describe("any patch", () => {
  it("merges as RFC 7386 says", () => {
    fc.assert(
      fc.property(object(name), object(name), (document, patch) => {
        fc.pre(!hasList(patch));
        expect(applyMergePatch(document, patch)).toEqual(mergeModel(document, patch));
      }),
    );
  });

  it("adds, removes and replaces as assignment and deletion do", () => {
    fc.assert(
      fc.property(object(name), name, json(name), (document, key, value) => {
        const added = applyJsonPatch(document, [{ op: "add", path: `/${key}`, value }]);
        expect(Object.getOwnPropertyDescriptor(added, key)?.value).toEqual(value);
        const removed = applyJsonPatch(added, [
          { op: "test", path: `/${key}`, value },
          { op: "remove", path: `/${key}` },
        ]);
        expect(Object.keys(removed).sort()).toEqual(
          Object.keys(document)
            .filter((each) => each !== key)
            .sort(),
        );
      }),
    );
  });

  it("throws nothing but a StatusError and changes neither argument", () => {
    const keys = fc.oneof(name, directive);
    const step = fc.constantFrom("", "a", "0", "-1", "-", "metadata", "finalizers", "__proto__", "~1");
    const path = fc.array(step, { maxLength: 4 }).map((steps) => steps.map((each) => `/${each}`).join(""));
    const operation = fc.record(
      { op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test", "x"), path, from: path, value: json(name) },
      { requiredKeys: ["op", "path"], noNullPrototype: true },
    );
    fc.assert(
      fc.property(object(keys), json(keys), fc.array(fc.oneof(operation, json(name)), { maxLength: 6 }), (document, patch, operations) => {
        const before = JSON.stringify([document, patch, operations]);
        refusal(() => applyMergePatch(document, patch));
        refusal(() => applyStrategicMerge(document, patch, POD));
        refusal(() => applyJsonPatch(document, operations, { strict: [] }));
        expect(JSON.stringify([document, patch, operations])).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  it("that is empty changes nothing", () => {
    fc.assert(
      fc.property(object(name), (document) => {
        expect(equalJson(applyMergePatch(document, {}), document)).toBe(true);
        expect(equalJson(applyJsonPatch(document, []), document)).toBe(true);
        expect(equalJson(applyStrategicMerge(document, {}, POD), document)).toBe(true);
      }),
    );
  });
});

describe("strategic merge patch", () => {
  const configMap = { metadata: { name: "a" }, data: { x: "1" } };

  // Asked of kube-apiserver v1.36.3.
  it.each<[unknown, string]>([
    [[], "400 BadRequest: json: cannot unmarshal array into Go value of type map[string]interface {}"],
    [{ data: { $patch: "bogus" } }, "500 : unknown patch type: bogus in map: map[$patch:bogus]"],
    [{ metadata: { $patch: 5 } }, "500 : unknown patch type: %!s(int64=5) in map: map[$patch:5]"],
    [{ data: { $retainKeys: ["z"], y: "1" } }, "400 BadRequest: invalid patch format of retainKeys"],
    [{ metadata: { "$setElementOrder/finalizers": "x", finalizers: ["a.b/d"] } }, "500 : expected a []interface {}, but received a string"],
    [
      { metadata: { "$setElementOrder/finalizers": ["q/q"], finalizers: ["a.b/d"] } },
      "500 : The order in patch list:\n[a.b/d]\n doesn't match $setElementOrder list:\n[q/q]\n",
    ],
  ])("refuses %j", (patch, expected) => {
    expect(refusal(() => applyStrategicMerge(configMap, patch, typeSchema("core.v1.ConfigMap")))).toBe(expected);
  });
});
