import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { serverSideApply } from "../../../src/kube/machinery/apply.ts";
import {
  difference,
  eachPath,
  type FieldSet,
  fieldSetOf,
  fieldsOf,
  fromFieldsV1,
  hasPath,
  intersection,
  leaves,
  pathText,
  toFieldsV1,
  union,
  without,
} from "../../../src/kube/machinery/field-set.ts";
import { equalJson } from "../../../src/kube/machinery/json.ts";
import { trackUpdate } from "../../../src/kube/machinery/managed-fields.ts";
import type { JsonObject, KubeObject, ManagedFieldsEntry } from "../../../src/kube/object.ts";
import { decode } from "../../../src/kube/schema/decode.ts";
import { structureOf } from "../../../src/kube/schema/structure.ts";
import { typeSchema } from "../../../src/kube/schema/table.ts";

const element = fc.constantFrom("f:a", "f:b", 'k:{"name":"x"}', 'v:"y"');
const path = fc.array(element, { minLength: 1, maxLength: 4 });
const paths = fc.array(path, { maxLength: 8 });

function pathsOf(set: FieldSet): Set<string> {
  const found = new Set<string>();
  eachPath(set, (each) => found.add(each.join(" ")));
  return found;
}

describe("a set of field paths", () => {
  it("is a set of paths, and its algebra that of sets", () => {
    fc.assert(
      fc.property(paths, paths, (left, right) => {
        const [a, b] = [fieldSetOf(left), fieldSetOf(right)];
        const [x, y] = [new Set(left.map((each) => each.join(" "))), new Set(right.map((each) => each.join(" ")))];
        const before = JSON.stringify([a, b]);
        expect(pathsOf(a)).toEqual(x);
        expect(pathsOf(union(a, b))).toEqual(new Set([...x, ...y]));
        expect(pathsOf(intersection(a, b))).toEqual(new Set([...x].filter((each) => y.has(each))));
        expect(pathsOf(difference(a, b))).toEqual(new Set([...x].filter((each) => !y.has(each))));
        const below = (each: string): boolean => [...y].some((prefix) => each === prefix || each.startsWith(`${prefix} `));
        expect(pathsOf(without(a, b))).toEqual(new Set([...x].filter((each) => !below(each))));
        expect(pathsOf(leaves(a))).toEqual(new Set([...x].filter((each) => ![...x].some((other) => other.startsWith(`${each} `)))));
        for (const each of left) expect(hasPath(a, each)).toBe(true);
        expect(JSON.stringify([a, b])).toBe(before);
      }),
    );
  });

  it("survives being written as FieldsV1 and read again, in any spelling of its keys", () => {
    fc.assert(
      fc.property(paths, (each) => {
        const set = fieldSetOf(each);
        expect(equalJson(fromFieldsV1(JSON.parse(JSON.stringify(toFieldsV1(set)))), set)).toBe(true);
      }),
    );
    expect(fromFieldsV1({ 'k:{ "b": 1, "a": "x" }': {} })).toEqual({ 'k:{"a":"x","b":1}': {} });
    expect(() => fromFieldsV1({ nonsense: {} })).toThrow();
    expect(() => fromFieldsV1({ "f:a": 5 })).toThrow();
    expect(() => fromFieldsV1("x")).toThrow();
  });

  it("shows its paths as messages do", () => {
    expect(pathText(["f:spec", 'k:{"containerPort":80,"protocol":"TCP"}', "f:name", 'v:"x"', "i:3"])).toBe(
      '.spec[containerPort=80,protocol="TCP"].name[="x"][3]',
    );
  });

  it("of an object holds leaves, items and what is empty", () => {
    const structure = structureOf(typeSchema("core.v1.Pod"));
    const pod = {
      spec: { containers: [{ name: "a", ports: [{ containerPort: 1 }] }], nodeSelector: {}, securityContext: {} },
      metadata: { finalizers: ["x/y"] },
    };
    const found: string[] = [];
    eachPath(fieldsOf(pod, structure), (each) => found.push(pathText(each)));
    expect(found.sort()).toEqual(
      [
        '.metadata.finalizers[="x/y"]',
        '.spec.containers[name="a"]',
        '.spec.containers[name="a"].name',
        '.spec.containers[name="a"].ports[containerPort=1,protocol="TCP"]',
        '.spec.containers[name="a"].ports[containerPort=1,protocol="TCP"].containerPort',
        ".spec.nodeSelector",
        ".spec.securityContext",
      ].sort(),
    );
  });
});

const SCHEMA = typeSchema("core.v1.PodTemplate");
const STRUCTURE = structureOf(SCHEMA);
const NOW = new Date("2026-01-02T03:04:05Z");
const text = fc.constantFrom("1", "2", "3");
const item = fc.record({ name: fc.constantFrom("a", "b", "c"), image: text, workingDir: text }, { requiredKeys: ["name"], noNullPrototype: true });
const configuration: fc.Arbitrary<JsonObject> = fc
  .record({
    // Applying an empty map conflicts with whoever applied one before: upstream's stored object does not have it.
    labels: fc.dictionary(fc.constantFrom("l", "m"), text, { noNullPrototype: true, minKeys: 1 }),
    finalizers: fc.uniqueArray(fc.constantFrom("x/a", "x/b", "x/c"), { minLength: 1 }),
    containers: fc.uniqueArray(item, { selector: (each) => each.name, minLength: 1 }),
    nodeName: text,
  })
  .map(({ labels, finalizers, containers, nodeName }) => ({
    apiVersion: "v1",
    kind: "PodTemplate",
    metadata: { name: "t", namespace: "n", labels, finalizers },
    template: { spec: { containers, nodeName } },
  }));

interface State {
  object: KubeObject;
}

function apply(state: State | undefined, manager: string, applied: JsonObject, force = true): State {
  const write = { structure: STRUCTURE, manager, apiVersion: "v1", subresource: "", now: NOW, group: "", kind: "PodTemplate" };
  const before = JSON.stringify([state, applied]);
  const result = serverSideApply({ ...write, live: state?.object, applied, force });
  expect(JSON.stringify([state, applied])).toBe(before);
  const object = decode(SCHEMA, result.object as unknown as JsonObject, { strict: [] }) as unknown as KubeObject;
  object.metadata.managedFields = result.managedFieldsOf(object);
  return { object };
}

function contents(state: State): JsonObject {
  const { managedFields: _managedFields, ...metadata } = state.object.metadata;
  return { ...(state.object as unknown as JsonObject), metadata };
}

function entryOf(state: State, manager: string): ManagedFieldsEntry | undefined {
  return state.object.metadata.managedFields?.find((each) => each.manager === manager);
}

const EMPTY: JsonObject = { apiVersion: "v1", kind: "PodTemplate", metadata: { name: "t", namespace: "n" } };

describe("server-side apply", () => {
  it("changes nothing when it is repeated", () => {
    fc.assert(
      fc.property(configuration, configuration, (first, second) => {
        const once = apply(apply(undefined, "one", first), "two", second);
        expect(apply(once, "two", second).object).toEqual(once.object);
      }),
    );
  });

  it("takes back what it gave when its configuration becomes empty", () => {
    fc.assert(
      fc.property(configuration, (given) => {
        const state = apply(apply(undefined, "one", given), "one", EMPTY);
        expect(fieldsOf(contents(state), STRUCTURE)).toEqual(fieldsOf(decode(SCHEMA, EMPTY, { strict: [] }), STRUCTURE));
        expect(state.object.metadata.managedFields ?? []).toEqual([]);
      }),
    );
  });

  it("keeps what others own when one manager lets go", () => {
    fc.assert(
      fc.property(configuration, configuration, (first, second) => {
        const state = apply(apply(apply(undefined, "one", first), "two", second), "one", EMPTY);
        const alone = apply(undefined, "two", second);
        expect(fieldsOf(contents(state), STRUCTURE)).toEqual(fieldsOf(contents(alone), STRUCTURE));
      }),
    );
  });

  it("forced, gives the applier all that it applied, and no other manager keeps a value that it lost", () => {
    fc.assert(
      fc.property(configuration, configuration, (first, second) => {
        const one = apply(undefined, "one", first);
        const both = apply(one, "two", second);
        const [a, b] = [fromFieldsV1(entryOf(both, "one")?.fieldsV1), fromFieldsV1(entryOf(both, "two")?.fieldsV1)];
        expect(entryOf(both, "two")?.fieldsV1).toEqual(entryOf(apply(undefined, "two", second), "two")?.fieldsV1);
        // Shared fields are fields on which the two agree: applying the first again meets no conflict on them.
        const shared = intersection(a, b);
        const again = apply(both, "one", first);
        const still = fromFieldsV1(entryOf(again, "two")?.fieldsV1);
        expect(pathsOf(difference(shared, still)).size).toBe(0);
      }),
    );
  });

  it("meets no conflict where values agree, and names the owner where they do not", () => {
    fc.assert(
      fc.property(configuration, (given) => {
        const state = apply(undefined, "one", given);
        expect(contents(apply(state, "two", given, false))).toEqual(contents(state));
      }),
    );
  });
});

describe("an update", () => {
  it("gives its manager exactly what changed", () => {
    fc.assert(
      fc.property(configuration, configuration, (first, second) => {
        const write = { structure: STRUCTURE, apiVersion: "v1", subresource: "", now: NOW };
        const created = decode(SCHEMA, first, { strict: [] }) as unknown as KubeObject;
        created.metadata.managedFields = trackUpdate({ ...write, live: undefined, updated: created, manager: "maker" });
        const updated = decode(SCHEMA, second, { strict: [] }) as unknown as KubeObject;
        const entries = trackUpdate({ ...write, live: created, updated, manager: "changer" });
        const owners = entries.map(({ fieldsV1 }) => fromFieldsV1(fieldsV1));
        // No field of an update has two owners, and no owner a field that is not there.
        if (owners.length === 2) expect(pathsOf(intersection(owners[0] as FieldSet, owners[1] as FieldSet)).size).toBe(0);
        const there = [...pathsOf(fieldsOf(updated, STRUCTURE))];
        const exists = (owned: string): boolean => there.some((each) => each === owned || each.startsWith(`${owned} `));
        for (const owned of owners) for (const each of pathsOf(leaves(owned))) expect(exists(each), each).toBe(true);
        // Nothing changes: nothing is written.
        updated.metadata.managedFields = entries;
        expect(trackUpdate({ ...write, live: updated, updated: structuredClone(updated), manager: "third" })).toEqual(entries);
      }),
    );
  });

  it("of an untracked or reset object tracks nothing", () => {
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { x: "1" } } as KubeObject;
    const write = { structure: structureOf(typeSchema("core.v1.ConfigMap")), apiVersion: "v1", subresource: "", now: NOW, manager: "m" };
    expect(trackUpdate({ ...write, live: object, updated: { ...object, data: { x: "2" } } as KubeObject })).toEqual([]);
    const [entry] = trackUpdate({ ...write, live: undefined, updated: object });
    expect(entry).toEqual({
      manager: "m",
      operation: "Update",
      apiVersion: "v1",
      time: "2026-01-02T03:04:05Z",
      fieldsType: "FieldsV1",
      fieldsV1: { "f:data": { ".": {}, "f:x": {} } },
    });
    const live = { ...object, metadata: { name: "a", managedFields: [entry as ManagedFieldsEntry] } };
    expect(trackUpdate({ ...write, live, updated: object, requestManagedFields: [{}] })).toEqual([]);
    expect(trackUpdate({ ...write, live, updated: object, requestManagedFields: [] })).toEqual([]);
    expect(trackUpdate({ ...write, live, updated: object, requestManagedFields: null })).toEqual([entry]);
    expect(trackUpdate({ ...write, live, updated: object, requestManagedFields: [{ operation: "Nonsense" }] })).toEqual([entry]);
  });
});
