/**
 * OpenAPI v2 documents as protobuf (gnostic's openapi.v2.Document): what kubectl up to 1.26 downloads to validate, and
 * reads whatever the answer's content type says.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { isObject, type JsonObject } from "../object.ts";

/**
 * How one JSON key is written: field number and the writer of its value. An absent key is not written; keys that a
 * message does not list and that begin with `x-` become its vendor extensions.
 */
type Message = Readonly<Record<string, readonly [number, Encode]>>;
type Encode = (writer: BinaryWriter, number: number, value: unknown) => void;

/** The document as bytes. Unknown keys without `x-` are dropped, as the message has no place for them. */
export function encodeOpenApiV2(document: JsonObject): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, DOCUMENT, document, 16);
  return writer.finish();
}

const text: Encode = (writer, number, value) => {
  if (typeof value === "string" && value !== "") writer.tag(number, WireType.LengthDelimited).string(value);
};

const flag: Encode = (writer, number, value) => {
  if (value === true) writer.tag(number, WireType.Varint).bool(true);
};

const count: Encode = (writer, number, value) => {
  if (typeof value === "number" && value !== 0) writer.tag(number, WireType.Varint).int64(value);
};

const double: Encode = (writer, number, value) => {
  if (typeof value === "number" && value !== 0) writer.tag(number, WireType.Bit64).double(value);
};

const texts: Encode = (writer, number, value) => {
  for (const item of Array.isArray(value) ? value : [value]) writer.tag(number, WireType.LengthDelimited).string(String(item));
};

function nested(writer: BinaryWriter, number: number, write: () => void): void {
  writer.tag(number, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

/** A value without a schema of its own is carried as YAML text; JSON is YAML. */
const any: Encode = (writer, number, value) => {
  nested(writer, number, () => writer.tag(2, WireType.LengthDelimited).string(`${yamlText(value)}\n`));
};

const anys: Encode = (writer, number, value) => {
  if (Array.isArray(value)) for (const item of value) any(writer, number, item);
};

function yamlText(value: unknown): string {
  return typeof value === "string" && /^[A-Za-z][A-Za-z-]*$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value)
    ? value
    : JSON.stringify(value);
}

function message(fields: () => Message, vendorExtension?: number): Encode {
  return (writer, number, value) => {
    if (isObject(value)) nested(writer, number, () => writeMessage(writer, fields(), value, vendorExtension));
  };
}

function writeMessage(writer: BinaryWriter, fields: Message, value: JsonObject, vendorExtension?: number): void {
  for (const [key, [number, encode]] of Object.entries(fields)) if (Object.hasOwn(value, key)) encode(writer, number, value[key]);
  if (vendorExtension === undefined) return;
  for (const [key, item] of Object.entries(value)) if (key.startsWith("x-") && !Object.hasOwn(fields, key)) named(writer, vendorExtension, key, item, any);
}

/** {name = 1, value = 2} */
function named(writer: BinaryWriter, number: number, name: string, value: unknown, encode: Encode): void {
  nested(writer, number, () => {
    writer.tag(1, WireType.LengthDelimited).string(name);
    encode(writer, 2, value);
  });
}

/** A message that only holds named items. */
function namedItems(encode: Encode): Encode {
  return (writer, number, value) => {
    if (isObject(value)) nested(writer, number, () => writeNamed(writer, 1, value, encode));
  };
}

function writeNamed(writer: BinaryWriter, number: number, value: JsonObject, encode: Encode): void {
  for (const [name, item] of Object.entries(value)) named(writer, number, name, item, encode);
}

/** One alternative of a oneof, chosen by the value. */
function choice(choose: (value: JsonObject) => readonly [number, Encode]): Encode {
  return (writer, number, value) => {
    if (!isObject(value)) return;
    const [alternative, encode] = choose(value);
    nested(writer, number, () => encode(writer, alternative, value));
  };
}

const schema: Encode = message(() => SCHEMA, 31);

const schemas: Encode = (writer, number, value) => {
  for (const item of Array.isArray(value) ? value : [value]) schema(writer, number, item);
};

const additionalProperties: Encode = (writer, number, value) => {
  nested(writer, number, () => {
    if (typeof value === "boolean") writer.tag(2, WireType.Varint).bool(value);
    else schema(writer, 1, value);
  });
};

const typeItem: Encode = (writer, number, value) => nested(writer, number, () => texts(writer, 1, value));
const itemsItem: Encode = (writer, number, value) => nested(writer, number, () => schemas(writer, 1, value));

const externalDocs = message(() => ({ description: [1, text], url: [2, text] }), 3);

const SCHEMA: Message = {
  $ref: [1, text],
  format: [2, text],
  title: [3, text],
  description: [4, text],
  default: [5, any],
  multipleOf: [6, double],
  maximum: [7, double],
  exclusiveMaximum: [8, flag],
  minimum: [9, double],
  exclusiveMinimum: [10, flag],
  maxLength: [11, count],
  minLength: [12, count],
  pattern: [13, text],
  maxItems: [14, count],
  minItems: [15, count],
  uniqueItems: [16, flag],
  maxProperties: [17, count],
  minProperties: [18, count],
  required: [19, texts],
  enum: [20, anys],
  additionalProperties: [21, additionalProperties],
  type: [22, typeItem],
  items: [23, itemsItem],
  allOf: [24, schemas],
  properties: [25, namedItems(schema)],
  discriminator: [26, text],
  readOnly: [27, flag],
  externalDocs: [29, externalDocs],
  example: [30, any],
};

const BODY_PARAMETER: Message = { description: [1, text], name: [2, text], in: [3, text], required: [4, flag], schema: [5, schema] };

const PRIMITIVE_ITEMS: Message = { type: [1, text], format: [2, text] };

/** Query parameters may be empty, path parameters not: the latter's message lacks that field, and the rest moves up. */
function primitiveParameter(shift: number): Message {
  return {
    required: [1, flag],
    in: [2, text],
    description: [3, text],
    name: [4, text],
    type: [5 + shift, text],
    format: [6 + shift, text],
    items: [7 + shift, message(() => PRIMITIVE_ITEMS)],
    default: [9 + shift, any],
    maximum: [10 + shift, double],
    minimum: [12 + shift, double],
    pattern: [16 + shift, text],
    uniqueItems: [19 + shift, flag],
    enum: [20 + shift, anys],
  };
}

const QUERY_PARAMETER = message(() => primitiveParameter(1), 23);
const PATH_PARAMETER = message(() => primitiveParameter(0), 22);

const nonBodyParameter = choice((value) => (value.in === "path" ? [4, PATH_PARAMETER] : value.in === "header" ? [1, PATH_PARAMETER] : [3, QUERY_PARAMETER]));
const parameter = choice((value) => (value.in === "body" ? [1, message(() => BODY_PARAMETER, 6)] : [2, nonBodyParameter]));
const reference = message(() => ({ $ref: [1, text], description: [2, text] }));
const parametersItem = choice((value) => (Object.hasOwn(value, "$ref") ? [2, reference] : [1, parameter]));

const parameters: Encode = (writer, number, value) => {
  if (Array.isArray(value)) for (const item of value) parametersItem(writer, number, item);
};

const schemaItem: Encode = (writer, number, value) => nested(writer, number, () => schema(writer, 1, value));
const response = message(() => ({ description: [1, text], schema: [2, schemaItem] }), 5);
const responseValue = choice((value) => (Object.hasOwn(value, "$ref") ? [2, reference] : [1, response]));

const responses: Encode = (writer, number, value) => {
  if (isObject(value)) nested(writer, number, () => writeNamed(writer, 1, value, responseValue));
};

const securityRequirements: Encode = (writer, number, value) => {
  if (!Array.isArray(value)) return;
  for (const item of value) namedItems((inner, at, scopes) => nested(inner, at, () => texts(inner, 1, scopes)))(writer, number, item);
};

const operation = message(
  () => ({
    tags: [1, texts],
    summary: [2, text],
    description: [3, text],
    externalDocs: [4, externalDocs],
    operationId: [5, text],
    produces: [6, texts],
    consumes: [7, texts],
    parameters: [8, parameters],
    responses: [9, responses],
    schemes: [10, texts],
    deprecated: [11, flag],
    security: [12, securityRequirements],
  }),
  13,
);

const pathItem = message(
  () => ({
    $ref: [1, text],
    get: [2, operation],
    put: [3, operation],
    post: [4, operation],
    delete: [5, operation],
    options: [6, operation],
    head: [7, operation],
    patch: [8, operation],
    parameters: [9, parameters],
  }),
  10,
);

const paths: Encode = (writer, number, value) => {
  if (isObject(value)) nested(writer, number, () => writeNamed(writer, 2, value, pathItem));
};

const apiKey = message(() => ({ type: [1, text], name: [2, text], in: [3, text], description: [4, text] }), 5);
const basic = message(() => ({ type: [1, text], description: [2, text] }), 3);
const securityDefinition = choice((value) => (value.type === "basic" ? [1, basic] : [2, apiKey]));

const DOCUMENT: Message = {
  swagger: [1, text],
  info: [2, message(() => ({ title: [1, text], version: [2, text], description: [3, text] }), 7)],
  host: [3, text],
  basePath: [4, text],
  schemes: [5, texts],
  consumes: [6, texts],
  produces: [7, texts],
  paths: [8, paths],
  definitions: [9, namedItems(schema)],
  parameters: [10, namedItems(parameter)],
  responses: [11, namedItems(response)],
  security: [12, securityRequirements],
  securityDefinitions: [13, namedItems(securityDefinition)],
  tags: [
    14,
    (writer, number, value) => {
      if (Array.isArray(value))
        for (const tag of value) message(() => ({ name: [1, text], description: [2, text], externalDocs: [3, externalDocs] }), 4)(writer, number, tag);
    },
  ],
  externalDocs: [15, externalDocs],
};
