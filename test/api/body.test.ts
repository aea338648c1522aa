import { describe, expect, it } from "vitest";
import { type BodyOptions, MAX_BODY_BYTES, readBody } from "../../src/api/body.ts";
import type { StatusError } from "../../src/kube/machinery/status.ts";

const CONFIG_MAP = { group: "", version: "v1", kind: "ConfigMap" };

function read(body: string | Uint8Array | undefined, contentType: string | undefined, options: Partial<BodyOptions> = {}) {
  const headers = new Headers(contentType === undefined ? {} : { "content-type": contentType });
  const request = new Request("https://x/", {
    method: "POST",
    body: (typeof body === "string" ? new TextEncoder().encode(body) : body) as BodyInit | undefined,
    headers,
  });
  return readBody(request, { verb: "create", expected: CONFIG_MAP, protobuf: true, fieldValidation: undefined, ...options });
}

const refusal = (reading: Promise<unknown>): Promise<StatusError> =>
  reading.then(
    () => {
      throw new Error("was accepted");
    },
    (error: StatusError) => error,
  );

describe("bodies of create and update", () => {
  it.each(["application/json", "application/json; charset=utf-8", undefined])("pass as they are when they are JSON (%s)", async (type) => {
    const text = '{"metadata": {"name":"a"}, "x": 9007199254740993}';
    expect(await read(text, type)).toEqual({ text, contentType: "application/json", strictErrors: [] });
  });

  it("are turned from YAML", async () => {
    expect(await read("metadata: {name: b}", "application/yaml")).toEqual({
      text: '{"metadata":{"name":"b"}}',
      contentType: "application/yaml",
      strictErrors: [],
    });
  });

  it.each<[string, string[]]>([
    ["Strict", ['yaml: unmarshal errors:\n  line 2: key "a" already set in map\n  line 3: key "a" already set in map']],
    ["Warn", ['line 2: key "a" already set in map', 'line 3: key "a" already set in map']],
  ])("report repeated YAML keys for %s", async (fieldValidation, expected) => {
    const { strictErrors } = await read("a: 1\na: 2\na: 3", "application/yaml", { fieldValidation });
    expect(strictErrors).toEqual(expected);
  });

  it("that are no YAML are refused with their bytes", async () => {
    const error = await refusal(read("a: b: c", "application/yaml"));
    expect(error.code).toBe(400);
    expect(error.message).toMatch(/^the object provided is unrecognized \(must be of type ConfigMap\): yaml: .* \(613a20623a2063\)$/);
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "application/cbor", "application/json;;;"])("of type %s are refused: 415", async (type) => {
    expect(await refusal(read("{}", type))).toMatchObject({
      code: 415,
      message:
        "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    });
  });

  it("of custom resources are no protobuf: 415", async () => {
    expect(await refusal(read("k8s\0", "application/vnd.kubernetes.protobuf", { protobuf: false }))).toMatchObject({
      code: 415,
      message: expect.stringContaining("the body of the request was in an unknown format"),
    });
  });

  it("are decoded from protobuf", async () => {
    // Envelope {typeMeta{apiVersion "v1", kind "ConfigMap"}, raw ConfigMap{metadata{name "a"}}}.
    const raw = [0x0a, 3, 0x0a, 1, 0x61];
    const type = [0x0a, 2, 0x76, 0x31, 0x12, 9, ...new TextEncoder().encode("ConfigMap")];
    const bytes = new Uint8Array([0x6b, 0x38, 0x73, 0, 0x0a, type.length, ...type, 0x12, raw.length, ...raw]);
    const { text } = await read(bytes, "application/vnd.kubernetes.protobuf");
    expect(JSON.parse(text ?? "")).toMatchObject({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } });
  });

  it.each(["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"])("above 3 MiB are refused: 413 (%s)", async (type) => {
    expect(await refusal(read(new Uint8Array(MAX_BODY_BYTES + 1).fill(0x20), type))).toMatchObject({
      code: 413,
      message: "Request entity too large: limit is 3145728",
    });
  });

  it("above 3 MiB are refused by their declared length, unread", async () => {
    const request = new Request("https://x/", {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json", "content-length": String(MAX_BODY_BYTES + 1) },
    });
    const error = await refusal(readBody(request, { verb: "create", expected: CONFIG_MAP, protobuf: true, fieldValidation: undefined }));
    expect(error.code).toBe(413);
  });
});

describe("patches", () => {
  it.each(["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json"])("%s pass as they are", async (type) => {
    expect(await read("not even JSON", `${type}; charset=utf8`, { verb: "patch" })).toEqual({ text: "not even JSON", contentType: type, strictErrors: [] });
  });

  it("to apply are turned from YAML", async () => {
    expect(await read("data: {q: w}", "application/apply-patch+yaml", { verb: "patch" })).toMatchObject({
      text: '{"data":{"q":"w"}}',
      contentType: "application/apply-patch+yaml",
    });
  });

  it("to apply report repeated keys: each, or all in one where they refuse", async () => {
    const yaml = "data: {q: w}\ndata: {z: a}";
    expect((await read(yaml, "application/apply-patch+yaml", { verb: "patch" })).strictErrors).toEqual(['line 2: key "data" already set in map']);
    expect((await read(yaml, "application/apply-patch+yaml", { verb: "patch", fieldValidation: "Strict" })).strictErrors).toEqual([
      'error converting YAML to JSON: yaml: unmarshal errors:\n  line 2: key "data" already set in map',
    ]);
  });

  it.each(["application/json", undefined, "application/apply-patch+cbor", "text/plain"])("of type %s are refused: 415", async (type) => {
    expect(await refusal(read("{}", type, { verb: "patch" }))).toMatchObject({ code: 415, message: "415: Unsupported Media Type" });
  });
});

describe("delete options", () => {
  it.each(["application/json", "text/plain", "application/vnd.kubernetes.protobuf", undefined])("may be absent (%s)", async (type) => {
    expect((await read(undefined, type, { verb: "delete" })).text).toBeUndefined();
  });

  it("are read from JSON and YAML, and refused from anything else", async () => {
    expect((await read('{"a":1}', "application/json", { verb: "delete" })).text).toBe('{"a":1}');
    expect((await read("gracePeriodSeconds: 1", "application/yaml", { verb: "deletecollection" })).text).toBe('{"gracePeriodSeconds":1}');
    expect((await refusal(read("x", "text/plain", { verb: "delete" }))).code).toBe(415);
  });
});
