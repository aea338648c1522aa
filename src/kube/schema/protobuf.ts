/**
 * application/vnd.kubernetes.protobuf → JSON-like objects. The bytes are an envelope (a magic prefix and a
 * runtime.Unknown) around the object's message; client-go's typed clients write every built-in type this way.
 *
 * What comes out is what the same object's JSON would parse to, give or take zero values: it still goes through `decode`.
 */
import { BinaryReader, base64Encode, WireType } from "@bufbuild/protobuf/wire";
import { badRequest, StatusError } from "../machinery/status.ts";
import type { JsonObject } from "../object.ts";
import { decode } from "./decode.ts";
import type { Form, Scalar } from "./schema.ts";
import { hasType, typeIdOf, typeSchema } from "./table.ts";
import { durationText } from "./time.ts";
import { type WireField, type WireMessage, wireMessage } from "./wire.ts";

/** "k8s\0" */
export const PROTOBUF_MAGIC: readonly number[] = [0x6b, 0x38, 0x73, 0x00];

/** Only JSON schemas nest without bound. */
const MAX_DEPTH = 500;

const EMPTY = new Uint8Array();

/** True when the bytes begin as an enveloped object does. */
export function isProtobuf(bytes: Uint8Array): boolean {
  return PROTOBUF_MAGIC.every((byte, at) => bytes[at] === byte);
}

/**
 * Decodes an enveloped object. An envelope without apiVersion or kind takes them from `expected`. Unknown fields are
 * skipped: field validation does not see protobuf.
 * @throws StatusError 400, worded as upstream words it, for anything but a well-formed object of a built-in type.
 */
export function decodeProtobuf(bytes: Uint8Array, expected?: { group: string; version: string; kind: string }): JsonObject {
  const envelope = guarded(
    () => readEnvelope(bytes),
    (why) => `the object provided is unrecognized (must be of type ${expected?.kind ?? ""}): ${why} (${summary(bytes)})`,
  );
  const expectedApiVersion = expected ? (expected.group ? `${expected.group}/${expected.version}` : expected.version) : "";
  const apiVersion = envelope.apiVersion || expectedApiVersion;
  const kind = envelope.kind || (expected?.kind ?? "");
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/", 2) : ["", apiVersion];
  const subject = `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected?.kind ?? kind}`;
  const id = typeIdOf(group ?? "", version ?? "", kind);
  if (!hasType(id))
    throw badRequest(
      `${subject}: no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
    );
  const object: JsonObject = { apiVersion, kind };
  guarded(
    () => readMessage(wireMessage(id), new BinaryReader(envelope.raw), envelope.raw.length, object, 0),
    (why) => `${subject}: ${why}`,
  );
  return object;
}

/** Turns whatever a reader throws into a refusal. */
function guarded<T>(read: () => T, frame: (why: string) => string): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw badRequest(frame(error instanceof Malformed ? error.message : wireProblem(error)));
  }
}

/** A problem already worded as gogo's protobuf words it. */
class Malformed extends Error {}

function wireProblem(error: unknown): string {
  const text = error instanceof Error ? error.message : "";
  return text.includes("varint") ? "proto: integer overflow" : "unexpected EOF";
}

function summary(bytes: Uint8Array): string {
  if (bytes.length === 0) return "<empty>";
  const shown = bytes.subarray(0, 30);
  const more = bytes.length > 30 ? " ..." : "";
  if (bytes[0] === 0x7b) return new TextDecoder().decode(shown) + more;
  return Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join("") + more;
}

function readEnvelope(bytes: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
  if (bytes.length === 0) throw new Malformed("empty data");
  if (!isProtobuf(bytes)) throw new Malformed(`provided data does not appear to be a protobuf message, expected prefix [${PROTOBUF_MAGIC.join(" ")}]`);
  if (bytes.length === PROTOBUF_MAGIC.length) throw new Malformed("empty body");
  const envelope = { apiVersion: "", kind: "", raw: EMPTY as Uint8Array };
  const reader = new BinaryReader(bytes.subarray(PROTOBUF_MAGIC.length));
  while (reader.pos < reader.len) {
    const [number, wireType] = readTag(reader, "Unknown");
    if (number === 1 && wireType === WireType.LengthDelimited) {
      const end = endOf(reader);
      while (reader.pos < end) {
        const [meta, metaType] = readTag(reader, "TypeMeta");
        if (meta === 1 && metaType === WireType.LengthDelimited) envelope.apiVersion = reader.string();
        else if (meta === 2 && metaType === WireType.LengthDelimited) envelope.kind = reader.string();
        else reader.skip(metaType, meta);
      }
    } else if (number === 2 && wireType === WireType.LengthDelimited) envelope.raw = reader.bytes();
    else reader.skip(wireType, number);
  }
  return envelope;
}

function readTag(reader: BinaryReader, goName: string): [number, WireType] {
  const tag = reader.uint32();
  const number = tag >>> 3;
  const wireType = tag & 7;
  if (wireType === WireType.EndGroup) throw new Malformed(`proto: ${goName}: wiretype end group for non-group`);
  if (number === 0) throw new Malformed(`proto: ${goName}: illegal tag 0 (wire type ${wireType})`);
  return [number, wireType];
}

/** Where the length-delimited value that starts here ends. */
function endOf(reader: BinaryReader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new Malformed("unexpected EOF");
  return end;
}

/** Reads fields up to `end` into `out`; a field that comes twice is merged or replaced, as protobuf says. */
function readMessage(message: WireMessage, reader: BinaryReader, end: number, out: JsonObject, depth: number): void {
  if (depth > MAX_DEPTH) throw new Malformed("exceeded max depth");
  while (reader.pos < end) {
    const [number, wireType] = readTag(reader, message.goName);
    const field = message.byNumber.get(number);
    if (field === undefined) {
      if (wireType > WireType.Bit32) throw new Malformed(`proto: illegal wireType ${wireType}`);
      reader.skip(wireType, number);
      continue;
    }
    const expected = field.repeated || field.map || field.scalar === undefined ? WireType.LengthDelimited : WIRE_TYPES[field.scalar];
    const unpacked = field.repeated && field.scalar !== undefined && wireType === WIRE_TYPES[field.scalar];
    if (wireType !== expected && !unpacked) throw new Malformed(`proto: wrong wireType = ${wireType} for field ${field.goName}`);
    if (field.inlined) readMessage(field.message(), reader, endOf(reader), out, depth + 1);
    else if (field.map) readEntry(field, reader, out, depth);
    else if (field.repeated) readItems(field, reader, out, unpacked, depth);
    else if (field.scalar !== undefined) out[field.name] = readScalar(field.scalar, reader);
    else out[field.name] = readValue(field.message(), reader, out[field.name], depth);
  }
  if (reader.pos > end) throw new Malformed("unexpected EOF");
}

const WIRE_TYPES: Readonly<Record<Scalar, WireType>> = {
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
  bool: WireType.Varint,
  int32: WireType.Varint,
  int64: WireType.Varint,
  uint32: WireType.Varint,
  double: WireType.Bit64,
};

function readScalar(type: Scalar, reader: BinaryReader): unknown {
  switch (type) {
    case "string":
      return reader.string();
    case "bytes":
      return base64Encode(reader.bytes());
    case "bool":
      return reader.bool();
    case "int32":
      return reader.int32();
    case "uint32":
      return reader.uint32();
    case "int64":
      return Number(reader.int64());
    case "double":
      return reader.double();
  }
}

function readItems(field: WireField, reader: BinaryReader, out: JsonObject, unpacked: boolean, depth: number): void {
  const known = out[field.name];
  const items: unknown[] = Array.isArray(known) ? known : [];
  out[field.name] = items;
  if (field.scalar === undefined) items.push(readValue(field.message(), reader, undefined, depth));
  else if (unpacked) items.push(readScalar(field.scalar, reader));
  else {
    const end = endOf(reader);
    while (reader.pos < end) items.push(readScalar(field.scalar, reader));
  }
}

function readEntry(field: WireField, reader: BinaryReader, out: JsonObject, depth: number): void {
  const end = endOf(reader);
  let key = "";
  let value: unknown;
  while (reader.pos < end) {
    const [number, wireType] = readTag(reader, field.goName);
    if (number === 1 && wireType === WireType.LengthDelimited) key = reader.string();
    else if (number === 2 && wireType === (field.scalar ? WIRE_TYPES[field.scalar] : WireType.LengthDelimited)) {
      value = field.scalar ? readScalar(field.scalar, reader) : readValue(field.message(), reader, undefined, depth);
    } else reader.skip(wireType, number);
  }
  if (reader.pos > end) throw new Malformed("unexpected EOF");
  value ??= field.scalar === undefined ? readValue(field.message(), new BinaryReader(ZERO_LENGTH), undefined, depth) : ZEROS[field.scalar];
  const known = out[field.name];
  const map: JsonObject = typeof known === "object" && known !== null ? (known as JsonObject) : {};
  Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  out[field.name] = map;
}

/** A length-delimited value without content. */
const ZERO_LENGTH = new Uint8Array([0]);
const ZEROS: Readonly<Record<Scalar, unknown>> = { string: "", bytes: "", bool: false, int32: 0, int64: 0, uint32: 0, double: 0 };

/** A message value in its JSON form. `known` is what an earlier occurrence of the field left. */
function readValue(message: WireMessage, reader: BinaryReader, known: unknown, depth: number): unknown {
  const end = endOf(reader);
  if (message.form === undefined) {
    const out: JsonObject = typeof known === "object" && known !== null ? (known as JsonObject) : {};
    readMessage(message, reader, end, out, depth + 1);
    return out;
  }
  if (message.form === "rawJson" || message.form === "rawJsonOrProto") return readRaw(message, reader, end);
  const parts: JsonObject = {};
  const isEmpty = reader.pos === end;
  readMessage(formMessage(message), reader, end, parts, depth + 1);
  return FROM_PARTS[message.form](parts, isEmpty);
}

/** The wire fields of a type with a form of its own, which its schema does not list; see data/protobuf-fields.json, "~". */
function formMessage(message: WireMessage): WireMessage {
  let plain = formMessages.get(message);
  if (plain === undefined) {
    const fields = FORM_FIELDS[message.form as keyof typeof FORM_FIELDS].map(([number, name, type, repeated]) => ({
      number,
      name,
      goName: `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
      scalar: type === "schema" ? undefined : type,
      message: () => wireMessage("apiextensions.v1.JSONSchemaProps"),
      inlined: false,
      repeated: repeated ?? false,
      map: false,
      always: true,
      presence: false,
    }));
    plain = { goName: message.goName, form: undefined, fields, byNumber: new Map(fields.map((field) => [field.number, field])) };
    formMessages.set(message, plain);
  }
  return plain;
}

const formMessages = new Map<WireMessage, WireMessage>();

export type FormWithParts = Exclude<Form, "rawJson" | "rawJsonOrProto">;

/** Wire fields of the forms: number, name, type, repeated. */
export const FORM_FIELDS: Readonly<Record<FormWithParts, readonly (readonly [number, string, Scalar | "schema", boolean?])[]>> = {
  time: [
    [1, "seconds", "int64"],
    [2, "nanos", "int32"],
  ],
  microTime: [
    [1, "seconds", "int64"],
    [2, "nanos", "int32"],
  ],
  duration: [[1, "duration", "int64"]],
  quantity: [[1, "string", "string"]],
  intOrString: [
    [1, "type", "int64"],
    [2, "intVal", "int32"],
    [3, "strVal", "string"],
  ],
  items: [[1, "items", "string", true]],
  oneOrMany: [
    [1, "schema", "schema"],
    [2, "jSONSchemas", "schema", true],
  ],
  schemaOrBool: [
    [1, "allows", "bool"],
    [2, "schema", "schema"],
  ],
  schemaOrStrings: [
    [1, "schema", "schema"],
    [2, "property", "string", true],
  ],
};

const FROM_PARTS: Readonly<Record<FormWithParts, (parts: JsonObject, isEmpty: boolean) => unknown>> = {
  time: ({ seconds = 0 }, isEmpty) => (isEmpty ? null : timeText(Number(seconds))),
  microTime: ({ seconds = 0, nanos = 0 }, isEmpty) =>
    isEmpty ? null : `${timeText(Number(seconds)).slice(0, -1)}.${String(Math.min(Math.max(Math.floor(Number(nanos) / 1000), 0), 999_999)).padStart(6, "0")}Z`,
  duration: ({ duration = 0 }) => durationText(BigInt(Math.trunc(Number(duration)))),
  quantity: ({ string = "" }) => string || "0",
  intOrString: ({ type = 0, intVal = 0, strVal = "" }) => (type === 1 ? strVal : intVal),
  items: ({ items = [] }) => items,
  oneOrMany: ({ schema, jSONSchemas }) => schema ?? jSONSchemas ?? null,
  schemaOrBool: ({ allows = false, schema }) => schema ?? allows,
  schemaOrStrings: ({ schema, property }) => schema ?? property ?? null,
};

const MIN_SECONDS = -62_135_596_800;
const MAX_SECONDS = 253_402_300_799;

function timeText(seconds: number): string {
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) throw new Malformed("Time.MarshalJSON: year outside of range [0,9999]");
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** Raw JSON text, or in a RawExtension an enveloped object. */
function readRaw(message: WireMessage, reader: BinaryReader, end: number): unknown {
  let raw: Uint8Array = EMPTY;
  while (reader.pos < end) {
    const [number, wireType] = readTag(reader, message.goName);
    if (number === 1 && wireType === WireType.LengthDelimited) raw = reader.bytes();
    else reader.skip(wireType, number);
  }
  if (reader.pos > end) throw new Malformed("unexpected EOF");
  if (raw.length === 0) return null;
  if (message.form === "rawJsonOrProto" && isProtobuf(raw)) {
    const object = decodeProtobuf(raw);
    const [group = "", version = ""] = String(object.apiVersion).includes("/") ? String(object.apiVersion).split("/", 2) : ["", String(object.apiVersion)];
    return decode(typeSchema(typeIdOf(group, version, String(object.kind))), object, { strict: [] });
  }
  try {
    return JSON.parse(new TextDecoder().decode(raw));
  } catch (error) {
    throw new Malformed(`json: error calling MarshalJSON: ${(error as Error).message}`);
  }
}
