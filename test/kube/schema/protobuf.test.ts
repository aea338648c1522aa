import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StatusError } from "../../../src/kube/machinery/status.ts";
import type { JsonObject } from "../../../src/kube/object.ts";
import { decode } from "../../../src/kube/schema/decode.ts";
import { decodeProtobuf, PROTOBUF_MAGIC } from "../../../src/kube/schema/protobuf.ts";
import { encodeProtobuf } from "../../../src/kube/schema/protobuf-writer.ts";
import type { FieldSchema, Form } from "../../../src/kube/schema/schema.ts";
import { typeIdOf, typeIds, typeSchema } from "../../../src/kube/schema/table.ts";

const CONFIG_MAP = { group: "", version: "v1", kind: "ConfigMap" };

/** An enveloped object of given raw bytes. */
function envelope(apiVersion: string | undefined, kind: string | undefined, raw: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, 2).fork();
  if (apiVersion !== undefined) writer.tag(1, 2).string(apiVersion);
  if (kind !== undefined) writer.tag(2, 2).string(kind);
  writer.join().tag(2, 2).bytes(raw);
  return new Uint8Array([...PROTOBUF_MAGIC, ...writer.finish()]);
}

function message(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

const NAMED = message((writer) => writer.tag(1, 2).bytes(message((meta) => meta.tag(1, 2).string("p1"))));
const bytes = (...values: number[]) => new Uint8Array(values);

function refusal(body: Uint8Array): string {
  try {
    return JSON.stringify(decodeProtobuf(body, CONFIG_MAP));
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}

describe("malformed protobuf is refused in upstream's words", () => {
  const subject = 'ConfigMap in version "v1" cannot be handled as a ConfigMap';
  const unrecognized = "the object provided is unrecognized (must be of type ConfigMap)";
  // Asked of kube-apiserver v1.36.3.
  it.each<[title: string, body: Uint8Array, message: string]>([
    ["nothing", bytes(), `${unrecognized}: empty data (<empty>)`],
    [
      "JSON",
      new TextEncoder().encode('{"metadata":{}}'),
      `${unrecognized}: provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({"metadata":{}})`,
    ],
    ["two bytes", bytes(0x6b, 0x38), `${unrecognized}: provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (6b38)`],
    ["the magic alone", bytes(...PROTOBUF_MAGIC), `${unrecognized}: empty body (6b387300)`],
    ["a cut envelope", envelope("v1", "ConfigMap", NAMED).slice(0, 20), `${unrecognized}: unexpected EOF (6b3873000a0f0a0276311209436f6e6669674d61)`],
    ["a cut message", envelope("v1", "ConfigMap", NAMED.slice(0, 3)), `${subject}: unexpected EOF`],
    [
      "a field of another wire type",
      envelope(
        "v1",
        "ConfigMap",
        message((writer) => writer.tag(2, 0).int32(5)),
      ),
      `${subject}: proto: wrong wireType = 0 for field Data`,
    ],
    ["an impossible wire type", envelope("v1", "ConfigMap", bytes(0x0f, 1)), `${subject}: proto: wrong wireType = 7 for field ObjectMeta`],
    ["an end of a group", envelope("v1", "ConfigMap", bytes(0x0c)), `${subject}: proto: ConfigMap: wiretype end group for non-group`],
    ["a field 0", envelope("v1", "ConfigMap", bytes(0, 1)), `${subject}: proto: ConfigMap: illegal tag 0 (wire type 0)`],
    ["a number without end", envelope("v1", "ConfigMap", new Uint8Array(12).fill(0xff)), `${subject}: proto: integer overflow`],
    [
      "an unknown kind",
      envelope("v1", "Foo", NAMED),
      'Foo in version "v1" cannot be handled as a ConfigMap: no kind "Foo" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
    ],
  ])("%s", (_title, body, text) => {
    expect(refusal(body)).toBe(text);
  });
});

describe("decoding", () => {
  it.each([
    ["v1", "ConfigMap"],
    ["", ""],
    [undefined, undefined],
    ["", "ConfigMap"],
  ])("an envelope of apiVersion %j, kind %j takes what it lacks from the request", (apiVersion, kind) => {
    expect(decodeProtobuf(envelope(apiVersion, kind, NAMED), CONFIG_MAP)).toEqual({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "p1" } });
  });

  it("skips unknown fields", () => {
    const raw = message((writer) => writer.raw(NAMED).tag(99, 2).string("x").tag(98, 0).int32(1).tag(97, 5).fixed32(1).tag(96, 1).double(1));
    expect(decodeProtobuf(envelope("v1", "ConfigMap", raw))).toEqual({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "p1" } });
  });

  it("reads packed and unpacked numbers, merges messages that come twice, and the last of scalars", () => {
    const context = message((writer) => {
      writer.tag(4, 2).fork().int64(1).int64(2).join().tag(4, 0).int64(3);
      writer.tag(2, 0).int64(5).tag(2, 0).int64(6);
    });
    const spec = message((writer) => writer.tag(14, 2).bytes(context));
    const more = message((writer) => writer.tag(14, 2).bytes(message((inner) => inner.tag(5, 0).int64(7))));
    const pod = decodeProtobuf(
      envelope(
        "v1",
        "Pod",
        message((writer) => writer.tag(2, 2).bytes(spec).tag(2, 2).bytes(more)),
      ),
    );
    expect(pod.spec).toEqual({ securityContext: { supplementalGroups: [1, 2, 3], runAsUser: 6, fsGroup: 7 } });
  });

  it("reads absent map values as zero, and quantities without text as 0", () => {
    const entry = message((writer) => writer.tag(1, 2).string("k"));
    const quota = message((writer) => writer.tag(2, 2).bytes(message((spec) => spec.tag(1, 2).bytes(entry))));
    expect(decodeProtobuf(envelope("v1", "ResourceQuota", quota)).spec).toEqual({ hard: { k: "0" } });
    expect(
      decodeProtobuf(
        envelope(
          "v1",
          "ConfigMap",
          message((writer) => writer.tag(2, 2).bytes(entry)),
        ),
      ).data,
    ).toEqual({ k: "" });
  });

  it("reads an embedded object as what its JSON would be", () => {
    const embedded = envelope(
      "v1",
      "ConfigMap",
      message((writer) => writer.raw(NAMED).tag(4, 0).bool(false)),
    );
    const raw = message((writer) => writer.tag(2, 2).bytes(message((inner) => inner.tag(1, 2).bytes(embedded))));
    expect(decodeProtobuf(envelope("apps/v1", "ControllerRevision", raw)).data).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "p1" },
      immutable: false,
    });
  });

  it("a zero-length time is null, an explicit zero is the epoch", () => {
    const time = (raw: Uint8Array) =>
      decodeProtobuf(
        envelope(
          "v1",
          "ConfigMap",
          message((writer) => writer.tag(1, 2).bytes(message((meta) => meta.tag(8, 2).bytes(raw)))),
        ),
      ).metadata;
    expect(time(bytes())).toEqual({ creationTimestamp: null });
    expect(time(message((writer) => writer.tag(1, 0).int64(0).tag(2, 0).int32(0)))).toEqual({ creationTimestamp: "1970-01-01T00:00:00Z" });
  });
});

/** Values of every form, canonical as decode leaves them. */
const FORMS: Record<Form, fc.Arbitrary<unknown>> = {
  time: fc.date({ min: new Date("1970-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }).map((date) => `${date.toISOString().slice(0, 19)}Z`),
  microTime: fc.date({ min: new Date("1970-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }).map((date) => `${date.toISOString().slice(0, 23)}456Z`),
  duration: fc.constantFrom("1h0m0s", "1.5s", "0s"),
  quantity: fc.constantFrom("1", "500m", "64Mi", "1500m", "-2k"),
  intOrString: fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.string()),
  rawJson: fc.dictionary(fc.string(), fc.integer()),
  rawJsonOrProto: fc.dictionary(fc.string(), fc.integer()),
  items: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
  oneOrMany: fc.constantFrom({ type: "string" }, [{ type: "string" }, { type: "integer" }]),
  schemaOrBool: fc.constantFrom(true, false, { type: "string" }),
  schemaOrStrings: fc.constantFrom(["a", "b"], { type: "string" }),
};

const SCALARS = {
  string: fc.string(),
  bytes: fc.uint8Array().map((value) => Buffer.from(value).toString("base64")),
  bool: fc.boolean(),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  int64: fc.maxSafeInteger(),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
};

function arbitraryField(field: FieldSchema, depth: number): fc.Arbitrary<unknown> {
  const item = typeof field.type === "string" ? SCALARS[field.type] : arbitraryValue(field.type.message, depth);
  if (field.repeated) return fc.array(item, { maxLength: 2 });
  return field.map ? fc.dictionary(fc.string(), item, { maxKeys: 2 }) : item;
}

/** JSON of a type; deeper than three levels only what is required is there. */
function arbitraryValue(id: string, depth: number): fc.Arbitrary<unknown> {
  const schema = typeSchema(id);
  if (schema.form !== undefined) return FORMS[schema.form];
  if (depth >= 3) return fc.constant({});
  const fields = [...schema.fields.values()].filter((field) => field.number > 0);
  return fc
    .subarray(fields, { maxLength: Math.min(6, fields.length) })
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map((field) => [field.name, arbitraryField(field, depth + 1)]))));
}

const ROOTS = typeIds().filter((id) => typeSchema(id).root && !/^meta\.|List$/.test(id) && typeIdOf(groupOf(id), versionOf(id), typeSchema(id).goName) === id);

function groupOf(id: string): string {
  const dir = id.slice(0, id.indexOf("."));
  return (
    {
      core: "",
      apps: "apps",
      batch: "batch",
      policy: "policy",
      autoscaling: "autoscaling",
      flowcontrol: "flowcontrol.apiserver.k8s.io",
      rbac: "rbac.authorization.k8s.io",
    }[dir] ?? `${dir}.k8s.io`
  );
}

function versionOf(id: string): string {
  return id.split(".")[1] ?? "";
}

const objects = fc.constantFrom(...ROOTS).chain((id) => {
  const group = groupOf(id);
  const apiVersion = group ? `${group}/${versionOf(id)}` : versionOf(id);
  return arbitraryValue(id, 0).map((value) => {
    const given = { apiVersion, kind: typeSchema(id).goName, ...(value as JsonObject) };
    return { id, object: decode(typeSchema(id), JSON.parse(JSON.stringify(given)), { strict: [] }) };
  });
});

describe("properties", () => {
  it("every kind is tried", () => {
    expect(ROOTS.length).toBeGreaterThan(60);
  });

  it("what is encoded decodes to the same object", () => {
    fc.assert(
      fc.property(objects, ({ id, object }) => {
        const back = decode(typeSchema(id), decodeProtobuf(encodeProtobuf(object)), { strict: [] });
        expect(back).toEqual(object);
      }),
      { numRuns: 1_500 },
    );
  });

  it("decoding is idempotent", () => {
    fc.assert(
      fc.property(objects, ({ id, object }) => {
        const report = { strict: [] };
        expect(decode(typeSchema(id), object, report)).toEqual(object);
        expect(report.strict).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  const survives = (body: Uint8Array) => {
    try {
      decodeProtobuf(body, CONFIG_MAP);
    } catch (error) {
      expect(error).toBeInstanceOf(StatusError);
      expect((error as StatusError).code).toBe(400);
    }
  };

  it("random bytes are refused, never a crash", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survives));
    fc.assert(
      fc.property(fc.constantFrom(...ROOTS), fc.uint8Array({ maxLength: 200 }), (id, raw) => {
        const group = groupOf(id);
        survives(envelope(group ? `${group}/${versionOf(id)}` : versionOf(id), typeSchema(id).goName, raw));
      }),
      { numRuns: 2_000 },
    );
  });

  it("mutated messages are decoded or refused, never a crash", () => {
    fc.assert(
      fc.property(objects, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }), fc.nat(), ({ object }, changes, cut) => {
        const body = encodeProtobuf(object);
        for (const [at, value] of changes) body[4 + (at % (body.length - 4))] = value;
        survives(cut % 3 === 0 ? body.subarray(0, cut % body.length) : body);
      }),
      { numRuns: 2_000 },
    );
  });
});
