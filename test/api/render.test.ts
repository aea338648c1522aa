import { describe, expect, it } from "vitest";
import { negotiate, offersMetaViews } from "../../src/api/negotiate.ts";
import { render } from "../../src/api/render.ts";
import { addWarnings, asStatusError, errorResponse } from "../../src/api/respond.ts";
import type { ResourceResponse } from "../../src/durable/protocol.ts";
import type { Kind } from "../../src/kube/kind.ts";
import { notFound, tooManyRequests } from "../../src/kube/machinery/status.ts";

const reply = { auditId: "audit", gzip: false, pretty: false };
const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
const PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
const PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

const kind = {
  group: "",
  apiVersion: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  columns: [
    { name: "Name", type: "string", format: "name" },
    { name: "Data", type: "string" },
  ],
  cells: (object: { metadata: { name: string }; data?: object }) => [object.metadata.name, Object.keys(object.data ?? {}).length],
} as unknown as Kind;

const one = { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "a", resourceVersion: "7" }, data: { x: "1" } };
const list = {
  kind: "ConfigMapList",
  apiVersion: "v1",
  metadata: { resourceVersion: "9", continue: "c" },
  items: [{ metadata: { name: "a" }, data: { x: "1" } }],
};

async function rendered(
  value: unknown,
  accept: string | null,
  more: { status?: number; query?: Record<string, string>; response?: Partial<ResourceResponse>; kind?: Kind } = {},
) {
  const response = await render(
    { status: more.status ?? 200, body: typeof value === "string" ? value : JSON.stringify(value), ...more.response },
    { reply, negotiated: negotiate(accept, offersMetaViews), accept, kind: "kind" in more ? more.kind : kind, query: more.query ?? {} },
  );
  return { response, text: await response.text() };
}

describe("plain JSON", () => {
  it("passes untouched, ended by a newline", async () => {
    const { response, text } = await rendered('{"a": 1.0}', null);
    expect(text).toBe('{"a": 1.0}\n');
    expect(Object.fromEntries(response.headers)).toEqual({ "audit-id": "audit", "cache-control": "no-cache, private", "content-type": "application/json" });
  });

  it("passes as the stream it came as", async () => {
    const body = new Blob(["abc"]).stream() as ReadableStream<Uint8Array>;
    expect((await rendered("", "*/*", { response: { body } })).text).toBe("abc");
  });
});

describe("a Table", () => {
  it("of one object", async () => {
    const { text } = await rendered(one, TABLE);
    expect(JSON.parse(text)).toMatchObject({
      kind: "Table",
      apiVersion: "meta.k8s.io/v1",
      metadata: { resourceVersion: "7" },
      columnDefinitions: [
        { name: "Name", type: "string", format: "name", priority: 0, description: expect.stringContaining("unique within a namespace") },
        { name: "Data", type: "string", format: "", priority: 0, description: expect.stringContaining("Data contains the configuration data.") },
      ],
      rows: [{ cells: ["a", 1], object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: one.metadata } }],
    });
  });

  it.each<[string | undefined, unknown]>([
    ["None", null],
    ["Metadata", { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name: "a" } }],
    ["Object", { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "a" }, data: { x: "1" } }],
  ])("of a list keeps its metadata and includes what is asked: %s", async (includeObject, object) => {
    const table = JSON.parse((await rendered(list, TABLE, { query: includeObject ? { includeObject } : {} })).text);
    expect(table.metadata).toEqual(list.metadata);
    expect(table.rows).toEqual([{ cells: ["a", 1], object }]);
  });

  it("refuses to include anything else", async () => {
    await expect(rendered(one, TABLE, { query: { includeObject: "Foo" } })).rejects.toMatchObject({
      code: 400,
      message: "Unable to convert to Table as requested: includeObject: Invalid value: \"Foo\": must be 'Metadata', 'Object', 'None', or empty",
    });
  });

  it("of a custom resource has its printer columns after its name", async () => {
    const customColumns = [
      { name: "Name", type: "string" as const, format: "name", jsonPath: ".metadata.name" },
      { name: "Size", type: "integer" as const, jsonPath: ".spec.size", priority: 1 },
      { name: "Ready", type: "string" as const, jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    ];
    const widget = {
      kind: "Widget",
      apiVersion: "x/v1",
      metadata: { name: "w" },
      spec: { size: 3 },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    };
    const table = JSON.parse((await rendered(widget, TABLE, { kind: undefined, response: { customColumns } })).text);
    expect(table.columnDefinitions.map(({ name, priority }: { name: string; priority: number }) => [name, priority])).toEqual([
      ["Name", 0],
      ["Size", 1],
      ["Ready", 0],
    ]);
    expect(table.rows[0].cells).toEqual(["w", 3, "True"]);
  });

  it("of a kind without columns has name and creation", async () => {
    const plain = { group: "", kind: "Thing" } as unknown as Kind;
    const table = JSON.parse((await rendered({ metadata: { name: "t", creationTimestamp: "2026-11-23T20:18:44Z" } }, TABLE, { kind: plain })).text);
    expect(table.rows[0].cells).toEqual(["t", "2026-11-23T20:18:44Z"]);
  });

  it("is not made of a Status", async () => {
    const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" };
    expect(JSON.parse((await rendered(status, TABLE)).text)).toEqual(status);
  });
});

describe("metadata only", () => {
  it("of one object and of a list", async () => {
    expect(JSON.parse((await rendered(one, PARTIAL)).text)).toEqual({ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: one.metadata });
    expect(JSON.parse((await rendered(list, PARTIAL_LIST)).text)).toEqual({
      kind: "PartialObjectMetadataList",
      apiVersion: "meta.k8s.io/v1",
      metadata: list.metadata,
      items: [{ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name: "a" } }],
    });
  });

  it("is refused when one is asked for and the other is there", async () => {
    await expect(rendered(list, PARTIAL)).rejects.toMatchObject({
      code: 406,
      message: "you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)",
    });
    await expect(rendered(one, PARTIAL_LIST)).rejects.toMatchObject({
      code: 406,
      message: "you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)",
    });
  });
});

describe("failures", () => {
  const missing = JSON.stringify(notFound({ group: "", resource: "configmaps" }, "x").toStatus());

  it.each<[string, RegExp, string]>([
    ["application/json", /^\{"kind":"Status"/, "application/json"],
    [TABLE, /^\{\n {2}"kind": "Status"/, "application/json"],
    [`${TABLE},application/json`, /^\{"kind":"Status"/, "application/json"],
    ["application/yaml", /^apiVersion: v1\ncode: 404\n/, "application/yaml"],
  ])("for a client that accepts %s", async (accept, shape, type) => {
    const { response, text } = await rendered(missing, accept, { status: 404 });
    expect(response.status).toBe(404);
    expect(text).toMatch(shape);
    expect(response.headers.get("content-type")).toBe(type);
  });

  it("carry Retry-After only where they say so themselves", async () => {
    expect((await rendered(missing, null, { status: 429, response: { retryAfterSeconds: 3 } })).response.headers.get("retry-after")).toBe("3");
    expect((await rendered(missing, null, { status: 429 })).response.headers.get("retry-after")).toBeNull();
    expect((await rendered(missing, null, { status: 409, response: { retryAfterSeconds: 3 } })).response.headers.get("retry-after")).toBeNull();
    expect(errorResponse(reply, tooManyRequests("slow down", 1), null).headers.get("retry-after")).toBe("1");
  });

  it("of unknown cause hide it", () => {
    const logged: unknown[] = [];
    const original = console.error;
    console.error = (...parts: unknown[]) => logged.push(parts);
    try {
      expect(asStatusError(new Error("secret")).message).not.toContain("secret");
      expect(logged).toHaveLength(1);
    } finally {
      console.error = original;
    }
  });
});

describe("warnings", () => {
  it("are one header each, quoted", () => {
    const headers = new Headers();
    addWarnings(headers, ['unknown field "spec.foo"', "back\\slash\nline"]);
    expect(headers.get("warning")).toBe('299 - "unknown field \\"spec.foo\\"", 299 - "back\\\\slash line"');
  });
});

describe("indentation and YAML", () => {
  it("apply to the object", async () => {
    expect((await rendered(one, "application/json;pretty=1")).text).toBe(JSON.stringify(one, null, 2));
    expect((await rendered(one, "application/yaml")).text).toBe(
      'apiVersion: v1\ndata:\n  x: "1"\nkind: ConfigMap\nmetadata:\n  name: a\n  resourceVersion: "7"\n',
    );
  });
});
