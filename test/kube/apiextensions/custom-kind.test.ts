import { readFileSync } from "node:fs";
/** Custom kinds beside validation: columns, versions, selectable fields, structure, scale, warnings; hostile input. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { customKind } from "../../../src/kube/apiextensions/custom-kind.ts";
import { publishV2, publishV3 } from "../../../src/kube/apiextensions/openapi.ts";
import { servedResources } from "../../../src/kube/apiextensions/served-resources.ts";
import type { Structure } from "../../../src/kube/machinery/structure.ts";
import type { JsonObject, KubeObject } from "../../../src/kube/object.ts";
import type { JSONSchemaProps } from "../../../src/kube/schema/generated/types/apiextensions.v1.ts";
import { definitionOf, established, kindOf, NOW, object, problem, widget, write } from "./custom-resources.ts";

const open: JSONSchemaProps = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

describe("printer columns", () => {
  const paths: [string, "string" | "integer" | "number" | "boolean" | "date", string, unknown, unknown][] = [
    ["A", "string", ".spec.a", "5", null],
    ["filter", "string", ".spec.list[?(@.n=='x')].v", "1", null],
    ["wildcard", "integer", ".spec.list[*].v", 1, null],
    ["index", "integer", ".spec.list[0].v", 1, null],
    ["date", "date", ".spec.t", "10h", "<invalid>"],
    ["date as text", "string", ".spec.t", "2026-11-23T10:00:00Z", "2027-11-23T10:00:00Z"],
    ["list", "string", ".spec.list", '[{"n":"x","v":1},{"n":"y","v":2}]', "[]"],
    ["number", "number", ".spec.num", 1.5, 3],
    ["number as integer", "integer", ".spec.num", 1, 3],
    ["boolean", "boolean", ".spec.b", true, false],
    ["boolean as text", "string", ".spec.b", "true", "false"],
    ["label", "string", ".metadata.labels.a\\.b/c", "lab", null],
    ["quoted label", "string", ".metadata.labels['a\\.b/c']", "lab", null],
    ["descent", "string", "..v", "1", null],
    ["number as text", "string", ".spec.num", "1.5", "3"],
    ["slice", "string", ".spec.list[0:2].n", "x", null],
    ["last", "string", ".spec.list[-1:].n", "y", null],
    ["greater", "string", ".spec.list[?(@.v>1)].n", "y", null],
    ["exists", "string", ".spec.list[?(@.n)].n", "x", null],
    ["union", "string", ".spec.list[0,1].n", "x", null],
    ["absent", "string", ".spec.zz[0].y", null, null],
  ];
  const kind = kindOf(object({ spec: open }), { additionalPrinterColumns: paths.map(([name, type, jsonPath]) => ({ name, type, jsonPath })) });
  const full = {
    metadata: { name: "c1", labels: { "a.b/c": "lab" } },
    spec: {
      a: "5",
      list: [
        { n: "x", v: 1 },
        { n: "y", v: 2 },
      ],
      t: "2026-11-23T10:00:00Z",
      num: 1.5,
      b: true,
    },
  };
  const sparse = { metadata: { name: "c2" }, spec: { t: "2027-11-23T10:00:00Z", num: 3, b: false, list: [] } };

  it("give the cells that upstream gives", () => {
    expect(kind.cells?.(full as unknown as KubeObject, NOW)).toEqual(["c1", ...paths.map(([, , , first]) => first)]);
    expect(kind.cells?.(sparse as unknown as KubeObject, NOW)).toEqual(["c2", ...paths.map(([, , , , second]) => second)]);
  });

  it("default to Name and Age", () => {
    const plain = kindOf(object({}));
    expect(plain.columns?.map(({ name, type }) => [name, type])).toEqual([
      ["Name", "string"],
      ["Age", "date"],
    ]);
    expect(plain.cells?.({ metadata: { name: "x", creationTimestamp: "2026-11-23T19:55:00Z" } } as KubeObject, NOW)).toEqual(["x", "5m"]);
  });
});

describe("versions", () => {
  const v1 = object({ spec: object({ a: { type: "string" }, old: { type: "string" } }) });
  const v2 = object({ spec: object({ a: { type: "string" }, b: { type: "string", default: "filled" } }) });
  const definition = established(
    definitionOf(
      v1,
      {},
      {
        versions: [
          { name: "v1", served: true, storage: false, deprecated: true, schema: { openAPIV3Schema: v1 } },
          { name: "v2", served: true, storage: true, schema: { openAPIV3Schema: v2 }, selectableFields: [{ jsonPath: ".spec.a" }] },
        ],
      },
    ),
  );
  const [first, second] = [customKind(definition, "v1"), customKind(definition, "v2")];

  it("are stored in the storage version and read in any, pruned and defaulted by its schema", () => {
    const stored = first.storage?.toStorage(first.decode(widget({ a: "x", old: "y" }), { strict: [] })) as KubeObject;
    expect(stored.apiVersion).toBe("ref.example.com/v2");
    const read = second.storage?.fromStorage(stored) as KubeObject;
    second.applyDefaults?.(read);
    expect(read).toMatchObject({ apiVersion: "ref.example.com/v2", spec: { a: "x", old: "y", b: "filled" } });
    expect(first.storage?.fromStorage({ ...stored, spec: { a: "x", b: "z" } } as unknown as KubeObject)).toMatchObject({
      apiVersion: "ref.example.com/v1",
      spec: { a: "x" },
    });
    expect(first.storageResource).toBe("widgets.ref.example.com");
  });

  it("warn when deprecated", () => {
    expect(first.deprecationWarning).toBe("ref.example.com/v1 Widget is deprecated");
    expect(second.warnings?.({} as KubeObject)).toEqual([]);
  });

  it("select by their fields, absence as empty text", () => {
    const select = second.selectableFields?.["spec.a"];
    expect(select?.({ spec: { a: "x" } } as unknown as KubeObject)).toBe("x");
    expect(select?.({} as KubeObject)).toBe("");
  });

  it("refuse a version that is not there", () => {
    expect(() => customKind(definition, "v3")).toThrow("has no version v3");
  });
});

describe("status and scale", () => {
  const schema = object({ spec: object({ replicas: { type: "integer" } }), status: object({ replicas: { type: "integer" }, selector: { type: "string" } }) });
  const kind = kindOf(schema, {
    subresources: { status: {}, scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas", labelSelectorPath: ".status.selector" } },
  });
  const object1 = (spec: unknown, status: unknown, metadata: JsonObject = {}) => ({ metadata, spec, status }) as unknown as KubeObject;

  it("count a generation for what is neither metadata nor status", () => {
    const bumps = kind.generation as (now: KubeObject, old: KubeObject) => boolean;
    expect(bumps(object1({ replicas: 1 }, { replicas: 2 }, { labels: { a: "b" } }), object1({ replicas: 1 }, { replicas: 1 }))).toBe(false);
    expect(bumps(object1({ replicas: 2 }, {}), object1({ replicas: 1 }, {}))).toBe(true);
    const plain = kindOf(schema).generation as typeof bumps;
    expect(plain(object1({}, { replicas: 2 }), object1({}, { replicas: 1 }))).toBe(true);
  });

  it("refuse negative replicas", () => {
    expect(problem(write(kind, widget({ replicas: -1 })))).toBe(".spec.replicas: Invalid value: -1: should be a non-negative integer");
  });
});

describe("structure for apply", () => {
  it("follows list and map types", () => {
    const kind = kindOf(
      object({
        spec: object({
          set: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
          map: {
            type: "array",
            items: object({ name: { type: "string" }, port: { type: "integer", default: 80 } }, { required: ["name"] }),
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name", "port"],
          },
          plain: { type: "array", items: { type: "string" } },
          atomic: object({ a: { type: "string" } }, { "x-kubernetes-map-type": "atomic" }),
          labels: { type: "object", additionalProperties: { type: "string" } },
          open,
        }),
      }),
    );
    const at = (...path: string[]): Structure | undefined =>
      path.reduce<Structure | undefined>((node, name) => (node?.kind === "map" ? node.field(name) : undefined), kind.structure());
    expect(at("spec", "set")).toEqual({ kind: "set" });
    expect(at("spec", "map")).toMatchObject({ kind: "list-map", keys: ["name", "port"], defaults: { port: 80 } });
    expect(at("spec", "plain")).toEqual({ kind: "leaf" });
    expect(at("spec", "atomic")).toEqual({ kind: "leaf" });
    expect(at("spec", "labels", "anything")).toEqual({ kind: "leaf" });
    expect(at("spec", "open")).toEqual({ kind: "untyped" });
    expect(at("spec", "zz")).toBeUndefined();
    expect(at("metadata", "labels", "x")).toEqual({ kind: "leaf" });
  });
});

describe("OpenAPI", () => {
  const schema = object(
    {
      spec: object(
        {
          a: { type: "string", nullable: true, default: "x", description: "the a" },
          b: { type: "string" },
          any: { "x-kubernetes-int-or-string": true },
          open: { ...open, properties: { k: { type: "string" } } },
        },
        { required: ["a", "b"], oneOf: [{ required: ["b"] }] },
      ),
    },
    { description: "the root" },
  );
  const resources = servedResources(established(definitionOf(schema, { subresources: { status: {} } })));

  it("v3 keeps the schema and adds type and object metadata", () => {
    const builtIn = JSON.parse(readFileSync(new URL("../../../assets/generated/openapi/v3/apis/apps/v1.json", import.meta.url), "utf8")).components.schemas;
    const document = publishV3(resources, builtIn) as { paths: JsonObject; components: { schemas: Record<string, { properties: JsonObject }> } };
    const widgets = document.components.schemas["com.example.ref.v1.Widget"];
    expect(widgets).toMatchObject({
      description: "the root",
      "x-kubernetes-group-version-kind": [{ group: "ref.example.com", kind: "Widget", version: "v1" }],
    });
    expect(Object.keys(widgets?.properties ?? {}).sort()).toEqual(["apiVersion", "kind", "metadata", "spec"]);
    expect(widgets?.properties.spec).toEqual(schema.properties?.spec);
    expect(Object.keys(document.paths)).toContain("/apis/ref.example.com/v1/namespaces/{namespace}/widgets/{name}/status");
    const referred = JSON.stringify(document).matchAll(/#\/components\/schemas\/([^"]+)/g);
    for (const [, name] of referred) expect(document.components.schemas).toHaveProperty([name as string]);
  });

  it("v2 drops what Swagger can't say", () => {
    const { definitions, paths } = publishV2(resources);
    const { spec } = (definitions["com.example.ref.v1.Widget"]?.properties ?? {}) as { spec: unknown };
    expect(spec).toEqual({
      type: "object",
      required: ["b"],
      properties: {
        a: { description: "the a" },
        b: { type: "string" },
        any: { "x-kubernetes-int-or-string": true },
        open: { "x-kubernetes-preserve-unknown-fields": true },
      },
    });
    const create = paths["/apis/ref.example.com/v1/namespaces/{namespace}/widgets"]?.post as { parameters: { name: string }[] };
    expect(create.parameters.map(({ name }) => name)).toEqual(["body", "dryRun", "fieldManager", "fieldValidation"]);
  });

  it("v2 publishes a root that keeps unknown fields as an open object", () => {
    const root = servedResources(established(definitionOf(open)));
    expect(publishV2(root).definitions["com.example.ref.v1.Widget"]).toEqual({
      type: "object",
      "x-kubernetes-group-version-kind": [{ group: "ref.example.com", kind: "Widget", version: "v1" }],
    });
  });
});

describe("schemas such as operators ship", () => {
  const text: JSONSchemaProps = { type: "string" };
  it("cert-manager: exactly one issuer of several, embedded references, conditions by type", () => {
    const kind = kindOf(
      object({
        spec: object(
          { acme: object({ server: text }, { required: ["server"] }), ca: object({ secretName: text }), selfSigned: object({}) },
          { oneOf: [{ required: ["acme"] }, { required: ["ca"] }, { required: ["selfSigned"] }] },
        ),
        status: object({
          conditions: {
            type: "array",
            items: object({ type: text, status: { type: "string", enum: ["True", "False", "Unknown"] } }, { required: ["type", "status"] }),
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
          },
        }),
      }),
    );
    expect(write(kind, widget({ ca: { secretName: "s" } })).message).toBe("");
    expect(problem(write(kind, widget({ ca: {}, selfSigned: {} })))).toBe(
      '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    );
    expect(
      problem(
        write(
          kind,
          widget(
            { selfSigned: {} },
            {
              status: {
                conditions: [
                  { type: "Ready", status: "True" },
                  { type: "Ready", status: "False" },
                ],
              },
            },
          ),
        ),
      ),
    ).toBe('status.conditions[1]: Duplicate value: {"type":"Ready"}');
  });

  it("Gateway API: rules over list maps, immutable fields, cross-field checks", () => {
    const listeners: JSONSchemaProps = {
      type: "array",
      maxItems: 64,
      items: object(
        {
          name: { type: "string", maxLength: 253 },
          port: { type: "integer", minimum: 1, maximum: 65535 },
          protocol: { type: "string", maxLength: 255 },
          hostname: { type: "string", maxLength: 253 },
        },
        { required: ["name", "port", "protocol"] },
      ),
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      "x-kubernetes-validations": [
        { rule: "self.all(l, l.protocol in ['TCP', 'UDP'] ? !has(l.hostname) : true)", message: "hostname must not be specified for protocols ['TCP', 'UDP']" },
        {
          rule: "self.all(l1, self.exists_one(l2, l1.port == l2.port && l1.protocol == l2.protocol && (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))))",
          message: "Combination of port, protocol and hostname must be unique for each listener",
        },
      ],
    };
    const kind = kindOf(
      object({
        spec: object({
          controller: { type: "string", maxLength: 253, "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "Value is immutable" }] },
          listeners,
        }),
      }),
    );
    const good = {
      controller: "a",
      listeners: [
        { name: "a", port: 80, protocol: "HTTP" },
        { name: "b", port: 80, protocol: "HTTP", hostname: "x" },
      ],
    };
    expect(write(kind, widget(good)).message).toBe("");
    expect(problem(write(kind, widget({ ...good, controller: "b" }), widget(good)))).toBe('spec.controller: Invalid value: "b": Value is immutable');
    expect(problem(write(kind, widget({ listeners: [{ name: "a", port: 80, protocol: "TCP", hostname: "x" }] })))).toBe(
      "spec.listeners: Invalid value: hostname must not be specified for protocols ['TCP', 'UDP']",
    );
    expect(
      problem(
        write(
          kind,
          widget({
            listeners: [
              { name: "a", port: 80, protocol: "HTTP" },
              { name: "b", port: 80, protocol: "HTTP" },
            ],
          }),
        ),
      ),
    ).toContain("must be unique for each listener");
  });

  it("Prometheus operator: int-or-string quantities and durations with patterns", () => {
    const quantity: JSONSchemaProps = {
      anyOf: [{ type: "integer" }, { type: "string" }],
      pattern: "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$",
      "x-kubernetes-int-or-string": true,
    };
    const kind = kindOf(
      object({
        spec: object({
          requests: { type: "object", additionalProperties: quantity },
          retention: { type: "string", pattern: "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$" },
        }),
      }),
    );
    expect(write(kind, widget({ requests: { cpu: 1, memory: "1Gi" }, retention: "24h" })).message).toBe("");
    expect(problem(write(kind, widget({ requests: { cpu: "x" } })))).toContain("spec.requests.cpu in body should match");
    expect(problem(write(kind, widget({ retention: "1 day" })))).toContain("spec.retention in body should match");
  });

  it("Argo: templates that are embedded resources or anything at all", () => {
    const kind = kindOf(
      object({ spec: object({ template: { ...open, "x-kubernetes-embedded-resource": true }, templates: { type: "array", items: open }, arguments: open }) }),
    );
    const spec = {
      template: { apiVersion: "v1", kind: "Pod", metadata: { labels: { a: "b" } }, spec: { x: [1, null] } },
      templates: [{ any: { thing: [1] } }],
      arguments: { parameters: [{ name: "a" }] },
    };
    const outcome = write(kind, widget(spec));
    expect(outcome.message).toBe("");
    expect(outcome.object?.spec).toEqual(spec);
  });
});

describe("hostile input", () => {
  const names = fc.constantFrom("__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "a", "b", "spec", "metadata", "apiVersion");
  const leaf: fc.Arbitrary<JSONSchemaProps> = fc.oneof(
    fc.record({ type: fc.constantFrom("string", "integer", "number", "boolean") }, { requiredKeys: ["type"] }),
    fc.constant<JSONSchemaProps>({ "x-kubernetes-int-or-string": true }),
    fc.constant<JSONSchemaProps>({ type: "string", nullable: true }),
    fc.constant<JSONSchemaProps>({ type: "integer", default: 3 }),
    fc.constant(open),
  );
  const { schema } = fc.letrec<{ schema: JSONSchemaProps }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.dictionary(names, tie("schema"), { maxKeys: 4 }).map((properties) => object(properties)),
      fc.dictionary(names, tie("schema"), { maxKeys: 3 }).map((properties) => object(properties, { default: {} })),
      tie("schema").map((additionalProperties): JSONSchemaProps => ({ type: "object", additionalProperties })),
      tie("schema").map((items): JSONSchemaProps => ({ type: "array", items })),
    ),
  }));
  const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e300, "", "a"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.array(fc.tuple(names, tie("value")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
    ),
  })).value;

  it("never fails but with a Status and never reaches a prototype", () => {
    fc.assert(
      fc.property(schema, json, json, (spec, value, root) => {
        const { object: created } = { object: widget(JSON.parse(JSON.stringify(value))) };
        const kind = kindOf(object({ spec }));
        const parsed = JSON.parse(
          `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"spec":${JSON.stringify(value)},"status":${JSON.stringify(root)},"apiVersion":"ref.example.com/v1","kind":"Widget","metadata":{"name":"x"}}`,
        );
        const outcome = write(kind, parsed);
        write(kind, created, parsed);
        expect(({} as { polluted?: number }).polluted).toBeUndefined();
        if (!outcome.object) return;
        expect(Object.getPrototypeOf(outcome.object)).toBe(Object.prototype);
        // What was accepted is accepted again, unchanged.
        const again = write(kind, JSON.parse(JSON.stringify(outcome.object)));
        expect(again.object).toEqual(outcome.object);
        expect(again.warnings).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});
