import { BinaryReader } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { encodeOpenApiV2 } from "../../../src/kube/schema/openapi-v2-protobuf.ts";

type Fields = Map<number, (Uint8Array | number | bigint)[]>;

/** Fields of a message by number, without knowing the message. */
function read(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields: Fields = new Map();
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const value = wireType === 2 ? reader.bytes() : wireType === 0 ? reader.int32() : reader.double();
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

/** Follows field numbers, the first of each. */
function at(bytes: Uint8Array, ...numbers: number[]): Uint8Array {
  return numbers.reduce((inner, number) => {
    const value = read(inner).get(number)?.[0];
    if (!(value instanceof Uint8Array)) throw new Error(`no message in field ${number}`);
    return value;
  }, bytes);
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const DOCUMENT = {
  swagger: "2.0",
  info: { title: "Kubernetes", version: "1.36" },
  paths: {
    "/api/v1/nodes/{name}": {
      get: {
        operationId: "readNode",
        responses: { 200: { description: "OK", schema: { $ref: "#/definitions/Node" } } },
        "x-kubernetes-action": "get",
        "x-kubernetes-group-version-kind": { group: "", kind: "Node", version: "v1" },
      },
      parameters: [{ $ref: "#/parameters/pretty" }, { name: "name", in: "path", required: true, type: "string", uniqueItems: true }],
    },
  },
  definitions: {
    Node: {
      type: "object",
      required: ["metadata"],
      properties: {
        limits: { type: "object", additionalProperties: { type: "string" } },
        list: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "atomic" },
      },
    },
  },
  parameters: { pretty: { name: "pretty", in: "query", type: "string", uniqueItems: true } },
  unknown: 1,
};

// Field numbers of gnostic's openapi.v2.Document.
describe("an OpenAPI v2 document as protobuf", () => {
  const bytes = encodeOpenApiV2(DOCUMENT);

  it("has its head", () => {
    expect(text(at(bytes, 1))).toBe("2.0");
    expect(text(at(bytes, 2, 2))).toBe("1.36");
    expect([...read(bytes).keys()].sort((a, b) => a - b)).toEqual([1, 2, 8, 9, 10]);
  });

  it("names definitions, properties and their types", () => {
    const node = at(bytes, 9, 1);
    expect(text(at(node, 1))).toBe("Node");
    expect(text(at(node, 2, 22, 1))).toBe("object");
    expect(text(at(node, 2, 19))).toBe("metadata");
    expect(text(at(node, 2, 25, 1, 1))).toBe("limits");
    expect(text(at(node, 2, 25, 1, 2, 21, 1, 22, 1))).toBe("string");
  });

  it("carries extensions as YAML", () => {
    const list = read(at(bytes, 9, 1, 2, 25)).get(1)?.[1] as Uint8Array;
    expect(text(at(list, 2, 31, 1))).toBe("x-kubernetes-list-type");
    expect(text(at(list, 2, 31, 2, 2))).toBe("atomic\n");
    const extensions = read(at(bytes, 8, 2, 2, 2)).get(13) as Uint8Array[];
    expect(extensions.map((extension) => text(at(extension, 2, 2)))).toEqual(["get\n", '{"group":"","kind":"Node","version":"v1"}\n']);
  });

  it("writes parameters by where they are, and references", () => {
    const [reference, parameter] = read(at(bytes, 8, 2, 2)).get(9) as Uint8Array[];
    expect(text(at(reference as Uint8Array, 2, 1))).toBe("#/parameters/pretty");
    const inPath = at(parameter as Uint8Array, 1, 2, 4);
    expect([text(at(inPath, 2)), text(at(inPath, 4)), text(at(inPath, 5)), read(inPath).get(1), read(inPath).get(19)]).toEqual([
      "path",
      "name",
      "string",
      [1],
      [1],
    ]);
    const inQuery = at(bytes, 10, 1, 2, 2, 3);
    expect([text(at(inQuery, 2)), text(at(inQuery, 6)), read(inQuery).get(20)]).toEqual(["query", "string", [1]]);
  });

  it("writes responses by their code", () => {
    const response = at(bytes, 8, 2, 2, 2, 9, 1);
    expect(text(at(response, 1))).toBe("200");
    expect(text(at(response, 2, 1, 2, 1, 1))).toBe("#/definitions/Node");
  });
});
