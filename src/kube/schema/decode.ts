/**
 * JSON value → object of a built-in type, exactly as Go's decoder and encoder would leave it: unknown fields
 * dropped and reported, `null` read as unset, types checked, times and quantities canonical, zero values of
 * omitempty fields dropped and always-present fields filled in.
 *
 * It runs on every write, so each type is compiled once into a plan and nothing is allocated for paths until
 * there is something to report.
 */
import { canonicalQuantity } from "../machinery/quantity.ts";
import { StatusError } from "../machinery/status.ts";
import { isObject, type JsonObject } from "../object.ts";
import { canonicalBase64 } from "./base64.ts";
import { putInDocumentOrder } from "./json.ts";
import type { DecodeReport, FieldSchema, Form, Scalar, TypeSchema } from "./schema.ts";
import { typeSchema } from "./table.ts";
import { canonicalDuration, canonicalMicroTime, canonicalTime } from "./time.ts";

/** Upstream keeps this many strict errors of one body and drops the rest. */
const MAX_STRICT_ERRORS = 100;

/** Only JSON schemas nest without bound; beyond this many levels a body is refused rather than risking the stack. */
const MAX_DEPTH = 500;

/**
 * A value of the wrong JSON type. `why` is the decoder's own text, for callers that frame it in another way (patches);
 * the options of a request (DeleteOptions and the like) are refused with it alone.
 */
export class DecodeError extends StatusError {
  readonly why: string;

  constructor(schema: TypeSchema, why: string) {
    const [, version = ""] = schema.id.split(".");
    const subject = `${schema.goName} in version ${JSON.stringify(version)} cannot be handled as a ${schema.goName}`;
    super(400, "BadRequest", schema.id.startsWith("meta.v1.") ? why : `${subject}: ${why}`);
    this.why = why;
  }
}

/**
 * Decodes `value` as the type. Unknown fields are reported as upstream words them and in document order; duplicate
 * fields are found earlier, by `parseJson`.
 * @throws DecodeError (400) when a value has the wrong JSON type or can't be parsed.
 */
export function decode(schema: TypeSchema, value: JsonObject, report: DecodeReport): JsonObject {
  const duplicates = report.strict.length;
  const run = new Run(report);
  try {
    const object = readMessage(planOf(schema), value, run);
    if (run.saved === undefined) {
      if (duplicates > 0) putInDocumentOrder(report);
      if (run.emptied) sentEmpty.set(object, run.emptied);
      return object;
    }
  } catch (error) {
    if (error instanceof Refusal) throw new DecodeError(schema, error.message);
    throw error;
  }
  throw new DecodeError(schema, run.saved);
}

/**
 * Paths of the lists that were sent empty and read null now (see `fieldPlan`). Who sends one owns it, although what is
 * stored does not show it.
 */
export function listsSentEmpty(decoded: object): readonly (readonly string[])[] {
  return sentEmpty.get(decoded) ?? [];
}

const sentEmpty = new WeakMap<object, string[][]>();

/** An error that ends decoding at once, as an unmarshaler's own error does in Go. */
class Refusal extends Error {}

/** State of one decoding: where it is, and what it has found. */
class Run {
  /** Fields are struct fields, strings map keys, numbers list indexes. */
  readonly path: (FieldPlan | string | number)[] = [];
  readonly report: DecodeReport;
  /** The first type error; decoding goes on, since a later unmarshaler's error wins over it. */
  saved: string | undefined;
  depth = 0;
  unknownFields = 0;
  /** Names down to lists that were sent empty; lists within lists are not told apart. */
  emptied: string[][] | undefined;

  constructor(report: DecodeReport) {
    this.report = report;
  }

  sentEmpty(): void {
    if (!this.path.every((step) => typeof step === "object")) return;
    this.emptied ??= [];
    this.emptied.push(this.path.map((step) => (step as FieldPlan).name));
  }

  unknown(name: string): void {
    if (this.unknownFields++ >= MAX_STRICT_ERRORS) return;
    const at = this.strictPath();
    this.report.strict.push(`unknown field ${goQuote(at ? `${at}.${name}` : name)}`);
  }

  strictPath(): string {
    let text = "";
    for (const step of this.path) {
      if (typeof step === "number") text += `[${step}]`;
      else {
        const name = typeof step === "string" ? step : step.name;
        text = text ? `${text}.${name}` : name;
      }
    }
    return text;
  }

  mistyped(value: unknown, goType: string): undefined {
    this.saved ??= this.typeError(describe(value, goType), goType);
    return undefined;
  }

  typeError(found: string, goType: string): string {
    const fields = this.path.filter((step): step is FieldPlan => typeof step === "object");
    const last = fields.at(-1);
    if (last === undefined) return `json: cannot unmarshal ${found} into Go value of type ${goType}`;
    return `json: cannot unmarshal ${found} into Go struct field ${last.owner}.${fields.map((field) => field.goPath).join(".")} of type ${goType}`;
  }
}

/** What the decoder calls a value in a type error. Numbers show their text only where a number was wanted. */
function describe(value: unknown, goType: string): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "object") return "object";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return /^(u?int\d+|float64)$/.test(goType) ? `number ${numberText(value)}` : "number";
  return "string";
}

function numberText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e300 ? BigInt(value).toString() : String(value);
}

/** Go's strconv.Quote, for the characters that JSON writes differently. */
function goQuote(text: string): string {
  return JSON.stringify(text)
    .replace(/\\u00([01][0-9a-f])/g, "\\x$1")
    .replace(/\u007f/g, "\\x7f");
}

/** Reads a value that is neither null nor undefined; undefined = nothing to keep. */
type Reader = (value: unknown, run: Run) => unknown;

interface FieldPlan {
  readonly name: string;
  /** Dotted, with the names of the embedded structs that hold the field. */
  readonly goPath: string;
  /** Go's name of the struct that declares the path. */
  readonly owner: string;
  readonly goType: string;
  /** Set for a plain scalar, which is read without a call. */
  readonly scalar: Scalar | undefined;
  readonly read: Reader;
  /** Dropped when it is the zero value. */
  readonly omitsZero: boolean;
}

interface MessagePlan {
  readonly goType: string;
  readonly fields: ReadonlyMap<string, FieldPlan>;
  readonly always: readonly { name: string; zero: () => unknown }[];
  /** True for the types that may contain themselves. */
  readonly nests: boolean;
}

const plans = new WeakMap<TypeSchema, MessagePlan>();

function planOf(schema: TypeSchema): MessagePlan {
  let plan = plans.get(schema);
  if (plan === undefined) {
    const fields = new Map<string, FieldPlan>();
    const always: { name: string; zero: () => unknown }[] = [];
    plan = { goType: goTypeName(schema), fields, always, nests: schema.goName.startsWith("JSONSchemaProps") };
    plans.set(schema, plan);
    for (const field of schema.fields.values()) {
      fields.set(field.name, fieldPlan(schema, field));
      if (field.always) always.push({ name: field.name, zero: zeroOf(field) });
    }
  }
  return plan;
}

function goTypeName(schema: TypeSchema): string {
  const [, version = ""] = schema.id.split(".");
  return `${version}.${schema.goName}`;
}

function fieldPlan(owner: TypeSchema, field: FieldSchema): FieldPlan {
  const single = !field.repeated && !field.map;
  const scalar = single && typeof field.type === "string" && field.type !== "bytes" ? field.type : undefined;
  const item = itemReader(field);
  const goType = field.goType ?? goTypeOf(field);
  // An empty list or map that is always present reads null again: upstream's protobuf storage does not tell them apart. Items of lists stay.
  const nullWhenEmpty = field.always && (field.listType !== undefined || field.map);
  const read = field.repeated
    ? listReader(goType, item, zeroItem(field), nullWhenEmpty)
    : field.map
      ? mapReader(goType, item, zeroItem(field), nullWhenEmpty)
      : item;
  const empties = field.repeated || field.map || typeof field.type === "string" || formOf(field) === "items";
  return {
    name: field.name,
    goPath: [...field.inlined.map((each) => each.name), field.name].join("."),
    owner: owner.goName,
    goType,
    scalar,
    read,
    omitsZero: empties && !field.always && !field.presence,
  };
}

const GO_SCALARS: Readonly<Record<Scalar, string>> = {
  string: "string",
  bytes: "[]uint8",
  bool: "bool",
  int32: "int32",
  int64: "int64",
  uint32: "uint32",
  double: "float64",
};

/** The Go type as errors print it, from the schema alone; `FieldSchema.goType` names the others. */
function goTypeOf(field: FieldSchema): string {
  const item = goItemType(field);
  if (field.repeated) return `[]${item}`;
  return field.map ? `map[string]${item}` : item;
}

function goItemType(field: FieldSchema): string {
  if (typeof field.type === "string") return GO_SCALARS[field.type];
  const named = field.goType?.match(/^(?:\[\]|map\[string\])(.*)$/)?.[1];
  return named ?? goTypeName(typeSchema(field.type.message));
}

function formOf(field: FieldSchema): Form | undefined {
  return typeof field.type === "string" ? undefined : typeSchema(field.type.message).form;
}

/** The type of one item as errors print it: `v1.Foo` of a field declared `[]v1.Foo`. */
function goTypeOfItem(field: FieldSchema): string {
  if (!field.repeated && !field.map) return field.goType ?? goItemType(field);
  return field.goType?.match(/^(?:\[\]|map\[[\w.]+\])(.*)$/)?.[1] ?? goItemType(field);
}

function itemReader(field: FieldSchema): Reader {
  if (typeof field.type === "string") return scalarReader(field.type, goTypeOfItem(field));
  const schema = typeSchema(field.type.message);
  if (schema.form !== undefined) return FORMS[schema.form];
  return (value, run) => {
    const plan = planOf(schema);
    return isObject(value) ? readMessage(plan, value, run) : run.mistyped(value, plan.goType);
  };
}

function readMessage(plan: MessagePlan, value: JsonObject, run: Run): JsonObject {
  if (plan.nests && ++run.depth > MAX_DEPTH) throw new Refusal("exceeded max depth");
  const out: JsonObject = {};
  for (const key in value) {
    const field = plan.fields.get(key);
    if (field === undefined) {
      run.unknown(key);
      continue;
    }
    const given = value[key];
    if (given === null || given === undefined) continue;
    if (field.scalar === "string" && typeof given === "string") {
      if (given !== "" || !field.omitsZero) out[key] = given;
      continue;
    }
    if (field.scalar === "bool" && typeof given === "boolean") {
      if (given || !field.omitsZero) out[key] = given;
      continue;
    }
    run.path.push(field);
    const read = field.read(given, run);
    run.path.pop();
    if (read !== undefined && !(field.omitsZero && isEmpty(read))) out[key] = read;
  }
  for (const field of plan.always) if (out[field.name] === undefined) out[field.name] = field.zero();
  if (plan.nests) run.depth--;
  return out;
}

/** Go's omitempty: false, 0, "", and lists and maps without items. */
function isEmpty(value: unknown): boolean {
  if (value === "" || value === 0 || value === false) return true;
  if (typeof value !== "object") return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const _key in value) return false;
  return true;
}

function scalarReader(type: Scalar, goType: string): Reader {
  switch (type) {
    case "string":
      return (value, run) => (typeof value === "string" ? value : run.mistyped(value, goType));
    case "bool":
      return (value, run) => (typeof value === "boolean" ? value : run.mistyped(value, goType));
    case "double":
      return (value, run) => (typeof value === "number" && Number.isFinite(value) ? value : run.mistyped(value, goType));
    case "bytes":
      return (value, run) => readBytes(value, run, goType);
    case "int64":
      return (value, run) =>
        Number.isInteger(value) && Math.abs(value as number) <= 2 ** 63 ? Math.min(value as number, MAX_INT64) + 0 : run.mistyped(value, goType);
    default: {
      const [least, most] = RANGES[type];
      return (value, run) =>
        Number.isInteger(value) && (value as number) >= least && (value as number) <= most ? (value as number) + 0 : run.mistyped(value, goType);
    }
  }
}

/** Inclusive. */
const RANGES = { int32: [-(2 ** 31), 2 ** 31 - 1], uint32: [0, 2 ** 32 - 1] } as const;

/** JavaScript numbers hold integers up to 2^53 exactly; larger ones are rounded. The largest that is still an int64. */
const MAX_INT64 = 2 ** 63 - 1024;

function readBytes(value: unknown, run: Run, goType: string): unknown {
  if (typeof value === "string") {
    const read = canonicalBase64(value);
    if (typeof read === "string") return read;
    run.saved ??= `illegal base64 data at input byte ${read}`;
    return undefined;
  }
  if (Array.isArray(value)) {
    // Go takes a list of numbers for bytes, too.
    const broken = value.find((byte) => byte !== null && !(Number.isInteger(byte) && byte >= 0 && byte <= 255));
    return broken === undefined ? base64OfNumbers(value) : run.mistyped(broken, "uint8");
  }
  return run.mistyped(value, goType);
}

/** In pieces: a call takes no million arguments. */
function base64OfNumbers(values: readonly unknown[]): string {
  let text = "";
  for (const value of values) text += String.fromCharCode(value as number);
  return btoa(text);
}

function listReader(goType: string, item: Reader, zero: () => unknown, nullWhenEmpty = false): Reader {
  return (value, run) => {
    if (!Array.isArray(value)) return run.mistyped(value, goType);
    if (nullWhenEmpty && value.length === 0) {
      run.sentEmpty();
      return null;
    }
    const out: unknown[] = [];
    const depth = run.path.length;
    for (let index = 0; index < value.length; index++) {
      const given = value[index];
      run.path[depth] = index;
      out.push(given === null ? zero() : (item(given, run) ?? null));
    }
    run.path.length = depth;
    return out;
  };
}

function mapReader(goType: string, item: Reader, zero: () => unknown, nullWhenEmpty = false): Reader {
  return (value, run) => {
    if (!isObject(value)) return run.mistyped(value, goType);
    const out: JsonObject = {};
    const depth = run.path.length;
    for (const key in value) {
      const given = value[key];
      run.path[depth] = key;
      const read = given === null ? zero() : (item(given, run) ?? null);
      if (key === "__proto__") Object.defineProperty(out, key, { value: read, enumerable: true, configurable: true, writable: true });
      else out[key] = read;
    }
    run.path.length = depth;
    return nullWhenEmpty && Object.keys(out).length === 0 ? null : out;
  };
}

/** What an absent field of a type without omitempty looks like in Go's JSON. */
function zeroOf(field: FieldSchema): () => unknown {
  if (field.presence || field.repeated || field.map || field.type === "bytes") return () => null;
  return zeroItem(field);
}

function zeroItem(field: FieldSchema): () => unknown {
  if (typeof field.type === "string") {
    const zero = field.type === "string" || field.type === "bytes" ? "" : field.type === "bool" ? false : 0;
    return () => zero;
  }
  const schema = typeSchema(field.type.message);
  if (schema.form !== undefined) {
    const zero = ZEROS[schema.form];
    return () => zero;
  }
  return () => {
    const out: JsonObject = {};
    for (const each of planOf(schema).always) out[each.name] = each.zero();
    return out;
  };
}

const ZEROS: Readonly<Record<Form, unknown>> = {
  time: null,
  microTime: null,
  duration: "0s",
  quantity: "0",
  intOrString: 0,
  rawJson: null,
  rawJsonOrProto: null,
  items: null,
  oneOrMany: null,
  schemaOrBool: false,
  schemaOrStrings: null,
};

const FORMS: Readonly<Record<Form, Reader>> = {
  time: (value, run) => readText(value, run, canonicalTime),
  microTime: (value, run) => readText(value, run, canonicalMicroTime),
  duration: (value, run) => readText(value, run, canonicalDuration),
  quantity: readQuantity,
  intOrString: (value, run) => (typeof value === "string" ? value : readInt32(value, run)),
  rawJson: (value) => value,
  rawJsonOrProto: (value) => value,
  items: listReader("[]string", scalarReader("string", "string"), () => ""),
  oneOrMany: (value, run) =>
    Array.isArray(value) ? value.map((item, index) => nested(item, run, index)) : isObject(value) ? readSchemaProps(value, run) : undefined,
  schemaOrBool: (value, run) => {
    if (typeof value === "boolean") return value;
    if (!isObject(value)) throw new Refusal("boolean or JSON schema expected");
    return readSchemaProps(value, run);
  },
  schemaOrStrings: (value, run) =>
    Array.isArray(value)
      ? listReader("[]string", scalarReader("string", "string"), () => "")(value, run)
      : isObject(value)
        ? readSchemaProps(value, run)
        : undefined,
};

const readInt32 = scalarReader("int32", "int32");

function nested(item: unknown, run: Run, index: number): unknown {
  run.path.push(index);
  const read = isObject(item) ? readSchemaProps(item, run) : run.mistyped(item, "v1.JSONSchemaProps");
  run.path.pop();
  return read;
}

function readSchemaProps(value: JsonObject, run: Run): JsonObject {
  return readMessage(planOf(typeSchema("apiextensions.v1.JSONSchemaProps")), value, run);
}

function readText(value: unknown, run: Run, canonical: (text: string) => string | null): unknown {
  if (typeof value !== "string") throw new Refusal(run.typeError(describe(value, "string"), "string"));
  try {
    return canonical(value) ?? undefined;
  } catch (error) {
    throw new Refusal((error as Error).message);
  }
}

function readQuantity(value: unknown): unknown {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  try {
    return canonicalQuantity(text);
  } catch (error) {
    throw new Refusal((error as Error).message);
  }
}
