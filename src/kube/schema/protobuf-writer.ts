/** Objects of built-in types → application/vnd.kubernetes.protobuf, the way upstream's generated code writes them. */
import { BinaryWriter, base64Decode, WireType } from "@bufbuild/protobuf/wire";
import { isObject, type JsonObject } from "../object.ts";
import { FORM_FIELDS, type FormWithParts, PROTOBUF_MAGIC } from "./protobuf.ts";
import type { Scalar } from "./schema.ts";
import { typeIdOf } from "./table.ts";
import { parseDuration } from "./time.ts";
import { type WireField, type WireMessage, wireMessage } from "./wire.ts";

/**
 * Encodes a decoded object with its apiVersion and kind in the envelope.
 * @throws Error when its kind is not a built-in one.
 */
export function encodeProtobuf(object: JsonObject): Uint8Array {
  const apiVersion = String(object.apiVersion ?? "");
  const kind = String(object.kind ?? "");
  const slash = apiVersion.indexOf("/");
  const message = wireMessage(typeIdOf(apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1), kind));
  const writer = new BinaryWriter();
  delimited(writer, 1, () => {
    writeScalar(writer, 1, "string", apiVersion);
    writeScalar(writer, 2, "string", kind);
  });
  delimited(writer, 2, () => writeMessage(writer, message, object));
  writeScalar(writer, 3, "string", "");
  writeScalar(writer, 4, "string", "");
  const body = writer.finish();
  const bytes = new Uint8Array(PROTOBUF_MAGIC.length + body.length);
  bytes.set(PROTOBUF_MAGIC);
  bytes.set(body, PROTOBUF_MAGIC.length);
  return bytes;
}

function delimited(writer: BinaryWriter, number: number, write: () => void): void {
  writer.tag(number, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

/** Scalars that are not pointers are written even when zero, as are structs that are not pointers. */
function writeMessage(writer: BinaryWriter, message: WireMessage, value: JsonObject): void {
  for (const field of message.fields) {
    if (field.inlined) {
      delimited(writer, field.number, () => writeMessage(writer, field.message(), value));
      continue;
    }
    const given = Object.hasOwn(value, field.name) ? value[field.name] : undefined;
    if (field.map) {
      if (isObject(given)) for (const key of Object.keys(given).sort()) writeEntry(writer, field, key, given[key]);
    } else if (field.repeated) {
      if (Array.isArray(given)) for (const item of given) writeItem(writer, field, item);
    } else if (field.scalar === undefined) {
      if (given !== undefined && given !== null) writeValue(writer, field.number, field.message(), given);
      else if (field.always && !field.presence) writeValue(writer, field.number, field.message(), undefined);
    } else if (field.scalar === "bytes") {
      if (typeof given === "string") writeScalar(writer, field.number, "bytes", given);
    } else if (given !== undefined && given !== null) writeScalar(writer, field.number, field.scalar, given);
    else if (!field.presence) writeScalar(writer, field.number, field.scalar, undefined);
  }
}

function writeItem(writer: BinaryWriter, field: WireField, item: unknown): void {
  if (field.scalar !== undefined) writeScalar(writer, field.number, field.scalar, item);
  else writeValue(writer, field.number, field.message(), item);
}

function writeEntry(writer: BinaryWriter, field: WireField, key: string, value: unknown): void {
  delimited(writer, field.number, () => {
    writeScalar(writer, 1, "string", key);
    if (field.scalar !== undefined) writeScalar(writer, 2, field.scalar, value);
    else writeValue(writer, 2, field.message(), value);
  });
}

function writeScalar(writer: BinaryWriter, number: number, type: Scalar, value: unknown): void {
  switch (type) {
    case "string":
      writer.tag(number, WireType.LengthDelimited).string(String(value ?? ""));
      return;
    case "bytes":
      writer.tag(number, WireType.LengthDelimited).bytes(base64Decode(String(value ?? "")));
      return;
    case "bool":
      writer.tag(number, WireType.Varint).bool(value === true);
      return;
    case "int32":
      writer.tag(number, WireType.Varint).int32(Number(value ?? 0));
      return;
    case "uint32":
      writer.tag(number, WireType.Varint).uint32(Number(value ?? 0));
      return;
    case "int64":
      writer.tag(number, WireType.Varint).int64(BigInt(Number(value ?? 0)));
      return;
    case "double":
      writer.tag(number, WireType.Bit64).double(Number(value ?? 0));
  }
}

/** A message value from its JSON form; undefined = the zero value. */
function writeValue(writer: BinaryWriter, number: number, message: WireMessage, value: unknown): void {
  const { form } = message;
  if (form === undefined) {
    delimited(writer, number, () => writeMessage(writer, message, isObject(value) ? value : {}));
  } else if (form === "rawJson" || form === "rawJsonOrProto") {
    delimited(writer, number, () => {
      if (value !== undefined && value !== null) writer.tag(1, WireType.LengthDelimited).string(JSON.stringify(value));
    });
  } else delimited(writer, number, () => writeParts(writer, form, TO_PARTS[form](value)));
}

function writeParts(writer: BinaryWriter, form: FormWithParts, parts: JsonObject): void {
  for (const [number, name, type] of FORM_FIELDS[form]) {
    const given = parts[name];
    if (given === undefined) continue;
    for (const item of Array.isArray(given) ? given : [given]) {
      if (type === "schema") writeValue(writer, number, wireMessage("apiextensions.v1.JSONSchemaProps"), item);
      else writeScalar(writer, number, type, item);
    }
  }
}

const TO_PARTS: Readonly<Record<FormWithParts, (value: unknown) => JsonObject>> = {
  time: (value) => (typeof value === "string" ? { seconds: secondsOf(value), nanos: 0 } : {}),
  microTime: (value) => (typeof value === "string" ? { seconds: secondsOf(value), nanos: Number(/\.(\d{6})/.exec(value)?.[1] ?? 0) * 1000 } : {}),
  duration: (value) => ({ duration: typeof value === "string" ? Number(parseDuration(value)) : 0 }),
  quantity: (value) => ({ string: String(value ?? "0") }),
  intOrString: (value) => (typeof value === "string" ? { type: 1, intVal: 0, strVal: value } : { type: 0, intVal: Number(value ?? 0), strVal: "" }),
  items: (value) => ({ items: Array.isArray(value) ? value : [] }),
  oneOrMany: (value) => (Array.isArray(value) ? { jSONSchemas: value } : isObject(value) ? { schema: value } : {}),
  schemaOrBool: (value) => (isObject(value) ? { allows: true, schema: value } : { allows: value === true }),
  schemaOrStrings: (value) => (Array.isArray(value) ? { property: value } : isObject(value) ? { schema: value } : {}),
};

function secondsOf(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}
