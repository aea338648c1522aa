/**
 * A structural schema's types and values for expressions: objects with declared fields, lists, maps, times. Field
 * names that CEL can't write are escaped (`x-y` → `x__dash__y`).
 */
import type { StructuralSchema } from "../apiextensions/structural.ts";
import { isObject, type JsonObject } from "../object.ts";
import { dynValue } from "./json.ts";
import { parseDateText, parseDurationText, parseTimestampText } from "./library/time.ts";
import { BOOL, BYTES, DOUBLE, DURATION, DYN, INT, listOf, mapOf, type ObjectType, STRING, TIMESTAMP, type Type } from "./types.ts";
import { CelError, type CelObject, JsonMap, type Value } from "./values.ts";

const RESERVED = new Set([
  "true",
  "false",
  "null",
  "in",
  "as",
  "break",
  "const",
  "continue",
  "else",
  "for",
  "function",
  "if",
  "import",
  "let",
  "loop",
  "package",
  "namespace",
  "return",
]);
const ESCAPES: readonly (readonly [string, string])[] = [
  ["__", "__underscores__"],
  [".", "__dot__"],
  ["-", "__dash__"],
  ["/", "__slash__"],
];

/** The name of a field as an expression writes it; undefined when it can't be written. */
export function escapeName(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`;
  let escaped = "";
  for (let at = 0; at < name.length; ) {
    const found = ESCAPES.find(([from]) => name.startsWith(from, at));
    escaped += found ? found[1] : name[at];
    at += found ? found[0].length : 1;
  }
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(escaped) ? escaped : undefined;
}

/** What a schema is to expressions. */
export interface SchemaType {
  readonly type: Type;
  wrap(value: unknown): Value;
}

/** undefined = invisible to expressions (no type: preserve-unknown without one). `name` names object types in errors. */
export function schemaType(schema: StructuralSchema, name: string, resource = false): SchemaType | undefined {
  if (schema.intOrString) return { type: DYN, wrap: dynValue };
  switch (schema.type) {
    case "boolean":
      return { type: BOOL, wrap: dynValue };
    case "integer":
      return { type: INT, wrap: (value) => (typeof value === "number" ? BigInt(Math.trunc(value)) : dynValue(value)) };
    case "number":
      return { type: DOUBLE, wrap: (value) => (typeof value === "number" ? value : dynValue(value)) };
    case "string":
      return textType(schema.source.format);
    case "array": {
      const items = schema.items && schemaType(schema.items, `${name}.@idx`);
      return items && { type: listOf(items.type), wrap: (value) => (Array.isArray(value) ? value.map(items.wrap) : dynValue(value)) };
    }
    case "object":
      return objectType(schema, name, resource || schema.embedded);
    default:
      return undefined;
  }
}

function textType(format: string | undefined): SchemaType {
  const parsed = (type: Type, parse: (text: string) => Value): SchemaType => ({
    type,
    wrap: (value) => (typeof value === "string" ? parse(value) : dynValue(value)),
  });
  switch (format) {
    case "byte":
      return parsed(BYTES, bytesOf);
    case "duration":
      return parsed(DURATION, parseDurationText);
    case "date":
      return parsed(TIMESTAMP, parseDateText);
    case "date-time":
      return parsed(TIMESTAMP, parseTimestampText);
    default:
      return { type: STRING, wrap: dynValue };
  }
}

/** @throws CelError */
function bytesOf(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new CelError(`Invalid byte formatted string ${text}: illegal base64 data`);
  }
}

interface Field extends SchemaType {
  readonly name: string;
}

function objectType(schema: StructuralSchema, name: string, resource: boolean): SchemaType | undefined {
  if (schema.additional) {
    const values = schema.additional === "any" ? undefined : schemaType(schema.additional, `${name}.@elem`);
    return values && { type: mapOf(STRING, values.type), wrap: (value) => (isObject(value) ? new JsonMap(value, values.wrap) : dynValue(value)) };
  }
  const fields = new Map<string, Field>();
  const text: SchemaType = { type: STRING, wrap: dynValue };
  if (resource) {
    fields.set("apiVersion", { name: "apiVersion", ...text });
    fields.set("kind", { name: "kind", ...text });
    const metadata = new Map<string, Field>([
      ["name", { name: "name", ...text }],
      ["generateName", { name: "generateName", ...text }],
    ]);
    fields.set("metadata", { name: "metadata", ...declared(`${name}.metadata`, metadata) });
  }
  for (const [property, below] of schema.properties) {
    const escaped = escapeName(property);
    if (escaped === undefined || (resource && fields.has(escaped))) continue;
    const made = schemaType(below, `${name}.${escaped}`);
    if (made) fields.set(escaped, { name: property, ...made });
  }
  return declared(name, fields);
}

function declared(name: string, fields: ReadonlyMap<string, Field>): SchemaType {
  const type: ObjectType = { kind: "object", name, field: (field) => fields.get(field)?.type };
  return { type, wrap: (value) => (isObject(value) ? new SchemaObject(name, value, fields) : dynValue(value)) };
}

class SchemaObject implements CelObject {
  readonly kind = "object";
  readonly typeName: string;
  readonly #raw: JsonObject;
  readonly #fields: ReadonlyMap<string, Field>;
  readonly #read = new Map<string, Value>();

  constructor(typeName: string, raw: JsonObject, fields: ReadonlyMap<string, Field>) {
    this.typeName = typeName;
    this.#raw = raw;
    this.#fields = fields;
  }

  get(name: string): Value | undefined {
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const field = this.#fields.get(name);
    if (!field || !Object.hasOwn(this.#raw, field.name)) return undefined;
    const value = field.wrap(this.#raw[field.name]);
    this.#read.set(name, value);
    return value;
  }

  *names(): Iterable<string> {
    for (const [escaped, field] of this.#fields) if (Object.hasOwn(this.#raw, field.name)) yield escaped;
  }
}
