import { describe, expect, it } from "vitest";
import { FieldErrors, FieldPath } from "../../../src/kube/machinery/field.ts";
import { parseFieldSelector } from "../../../src/kube/machinery/field-selector.ts";
import { intValue, percentOf, scaledValue } from "../../../src/kube/machinery/int-or-string.ts";
import { fromLabelSelectorObject, parseLabelSelector, selectorCell, selectorText, validateLabelSelector } from "../../../src/kube/machinery/label-selector.ts";
import { nameIsDNS1035Label, nameIsDNSSubdomain, nameIsPathSegment } from "../../../src/kube/machinery/names.ts";
import { generateName, validateObjectMeta, validateObjectMetaUpdate } from "../../../src/kube/machinery/object-meta.ts";
import type { ObjectMeta } from "../../../src/kube/object.ts";

const AT = FieldPath.of("metadata");

function problems(meta: ObjectMeta, namespaced = true): string[] {
  const errors = new FieldErrors();
  validateObjectMeta(meta, { namespaced }, errors, AT);
  return errors.list.map((error) => error.text());
}

describe("metadata", () => {
  it.each<[ObjectMeta, string]>([
    [{ namespace: "n" }, "metadata.name: Required value: name or generateName is required"],
    [{ name: "a" }, "metadata.namespace: Required value"],
    [{ name: "a", namespace: "n", generation: -1 }, "metadata.generation: Invalid value: -1: must be greater than or equal to 0"],
    [
      { name: "a", namespace: "n", finalizers: ["orphan", "foregroundDeletion"] },
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ],
    [{ name: "a", namespace: "n", annotations: { a: "x".repeat(262_144) } }, "metadata.annotations: Too long: may not be more than 262144 bytes"],
    [
      { name: "a", namespace: "n", ownerReferences: [{ apiVersion: "", kind: "A", name: "a", uid: "1" }] },
      'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
    ],
    [
      {
        name: "a",
        namespace: "n",
        ownerReferences: ["a", "b"].map((name) => ({ apiVersion: "v1", kind: "Pod", name, uid: name, controller: true })),
      },
      'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"Pod","name":"a","uid":"a","controller":true},{"apiVersion":"v1","kind":"Pod","name":"b","uid":"b","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for Pod/a and Pod/b',
    ],
    [
      { name: "a", namespace: "n", managedFields: [{ operation: "X" }] },
      'metadata.managedFields[0].operation: Invalid value: "X": must be `Apply` or `Update`',
    ],
    [
      { name: "a", namespace: "n", managedFields: [{ operation: "Apply", manager: "a\u0007" }] },
      'metadata.managedFields[0].manager: Invalid value: "a\\a": invalid character U+0007 (at position 1)',
    ],
  ])("%j is refused", (meta, expected) => {
    expect(problems(meta)).toEqual([expected]);
  });

  it("accepts annotation keys in any case, but not label keys with a capital domain", () => {
    expect(problems({ name: "a", namespace: "n", annotations: { "Example.COM/Key": "" } })).toEqual([]);
    expect(problems({ name: "a", namespace: "n", labels: { "Example.COM/Key": "" } })).toHaveLength(1);
    expect(problems({ name: "a", namespace: "n" }, false)).toEqual(["metadata.namespace: Forbidden: not allowed on this type"]);
  });

  it("keeps on update what the server owns", () => {
    const old: ObjectMeta = {
      name: "a",
      uid: "1",
      resourceVersion: "1",
      generation: 2,
      creationTimestamp: "2026-01-01T00:00:00Z",
      deletionTimestamp: "2026-01-02T00:00:00Z",
    };
    const errors = new FieldErrors();
    validateObjectMetaUpdate({ name: "b", uid: "2", resourceVersion: "", generation: 1, finalizers: ["x/y", "x/a"] }, old, errors, AT);
    expect(errors.list.map((error) => error.text())).toEqual([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x/a", "x/y"}',
      'metadata.resourceVersion: Invalid value: "": must be specified for an update',
      "metadata.generation: Invalid value: 1: must not be decremented",
      'metadata.name: Invalid value: "b": field is immutable',
      'metadata.uid: Invalid value: "2": field is immutable',
      "metadata.creationTimestamp: Invalid value: null: field is immutable",
      "metadata.deletionTimestamp: Invalid value: null: field is immutable",
    ]);
  });

  it("makes names that fit a label from generateName, whose trailing dash is no fault", () => {
    let at = 0;
    const random = (): number => (at++ % 27) / 27;
    expect(generateName("a-", random)).toBe("a-bcdfg");
    expect(generateName("x".repeat(80), random)).toHaveLength(63);
    expect([nameIsDNSSubdomain("a-", true), nameIsDNS1035Label("a--", true), nameIsPathSegment(".", true)]).toEqual([[], [], []]);
    expect(nameIsDNSSubdomain("a-", false)).toHaveLength(1);
    expect(nameIsPathSegment("..", false)).toEqual(["may not be '..'"]);
  });
});

describe("a label selector", () => {
  it.each<[string, Record<string, string>, boolean]>([
    ["", {}, true],
    ["a", { a: "" }, true],
    ["!a", { a: "" }, false],
    ["a=1", { a: "1" }, true],
    ["a!=1", {}, true],
    ["a notin (1,2)", {}, true],
    ["a notin (1,2)", { a: "2" }, false],
    ["a in (,1)", { a: "" }, true],
    ["a>3", { a: "5" }, true],
    ["a>3", { a: "x" }, false],
    ["a<3,b=1", { a: "2", b: "1" }, true],
    ["constructor", {}, false],
  ])("%s of %j is %s", (text, labels, expected) => {
    expect(parseLabelSelector(text).matches(labels)).toBe(expected);
  });

  it("of an object: absent matches nothing, empty everything", () => {
    expect(fromLabelSelectorObject(undefined).matches({})).toBe(false);
    expect(fromLabelSelectorObject({}).matches({ a: "b" })).toBe(true);
    const selector = {
      matchLabels: { b: "2", a: "1" },
      matchExpressions: [
        { key: "c", operator: "In", values: ["z", "y"] },
        { key: "d", operator: "DoesNotExist" },
      ],
    };
    expect(selectorText(selector)).toBe("a=1,b=2,c in (y,z),!d");
    expect([selectorCell({}), selectorCell({ matchExpressions: [{ key: "a", operator: "x" }] })]).toEqual(["<none>", "<error>"]);
  });

  it("is validated", () => {
    const errors = new FieldErrors();
    const matchExpressions = [
      { key: "a", operator: "In" },
      { key: "b", operator: "Exists", values: ["x"] },
      { key: "", operator: "Y" },
    ];
    validateLabelSelector({ matchExpressions }, errors, FieldPath.of("spec", "selector"));
    expect(errors.list.map((error) => error.text()).slice(0, 4)).toEqual([
      "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      "spec.selector.matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      'spec.selector.matchExpressions[2].operator: Invalid value: "Y": not a valid selector operator',
      'spec.selector.matchExpressions[2].key: Invalid value: "": name part must be non-empty',
    ]);
  });
});

describe("a field selector", () => {
  it("is parsed with its escapes", () => {
    const selector = parseFieldSelector("a.b!=x\\,y,c==\\=,,d=");
    expect(selector.requirements).toEqual([
      { field: "a.b", operator: "!=", value: "x,y" },
      { field: "c", operator: "=", value: "=" },
      { field: "d", operator: "=", value: "" },
    ]);
    expect(selector.matches((field) => (field === "c" ? "=" : undefined))).toBe(true);
    expect(parseFieldSelector(selector.toString()).requirements).toEqual(selector.requirements);
    expect(selector.exact("c")).toBe("=");
  });

  // Asked of kube-apiserver v1.36.3.
  it.each([
    ["metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    ["metadata.name=a=b", "invalid field selector: unescaped character in value: 61"],
    ["metadata.name=\\x", "invalid field selector: invalid escape sequence: \\x"],
    ["metadata.name=\\", "invalid field selector: invalid escape sequence: \\"],
  ])("%s is refused", (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(message);
  });
});

describe("an int or string", () => {
  it("is scaled, rounded up or down", () => {
    expect([scaledValue(3, 10, true), scaledValue("25%", 10, true), scaledValue("25%", 10, false), percentOf("7%"), percentOf(7), intValue("12")]).toEqual([
      3,
      3,
      2,
      7,
      undefined,
      12,
    ]);
    expect(() => scaledValue("x", 1, true)).toThrow("invalid value for IntOrString: invalid type: string is not a percentage");
    expect(() => scaledValue("x%", 1, true)).toThrow('invalid value for IntOrString: invalid value "x%": strconv.Atoi: parsing "x": invalid syntax');
  });
});

it.each([
  ["a\u0000b\u0007\u000b\u007f", String.raw`"a\x00b\a\v\x7f"`],
  ["a\u00a0\u200b\ufeff", String.raw`"a\u00a0\u200b\ufeff"`],
  [String.raw`\u0007`, String.raw`"\\u0007"`],
  ['"<é>"\n', String.raw`"\"<é>\"\n"`],
])("a refused text is quoted as Go quotes it: %j", (text, shown) => {
  const errors = new FieldErrors();
  errors.invalid(FieldPath.of("a"), text, "no");
  expect(errors.list[0]?.body()).toBe(`Invalid value: ${shown}: no`);
});
