/** The built-in types as protobuf messages: fields by wire number, inlined structs as the submessages that they are there. */
import type { FieldSchema, Form, Scalar } from "./schema.ts";
import { typeSchema } from "./table.ts";

/** What a message is on the wire. */
export interface WireMessage {
  readonly goName: string;
  readonly form: Form | undefined;
  /** In ascending number. */
  readonly fields: readonly WireField[];
  readonly byNumber: ReadonlyMap<number, WireField>;
}

export interface WireField {
  readonly number: number;
  /** Name in JSON; an inlined struct's is the embedded type's. */
  readonly name: string;
  /** Name of the Go field, as errors print it. */
  readonly goName: string;
  /** undefined for messages and inlined structs. */
  readonly scalar: Scalar | undefined;
  /** The message type, made when first asked for (types may contain themselves). */
  message(): WireMessage;
  /** Its fields sit directly in the parent's JSON object. */
  readonly inlined: boolean;
  readonly repeated: boolean;
  readonly map: boolean;
  readonly always: boolean;
  readonly presence: boolean;
}

const messages = new Map<string, WireMessage>();

/** The wire form of a built-in type. @throws Error when there is no such type. */
export function wireMessage(id: string): WireMessage {
  let message = messages.get(id);
  if (message === undefined) {
    const schema = typeSchema(id);
    message = messageOf(
      schema.goName,
      schema.form,
      [...schema.fields.values()].filter((field) => field.number > 0),
      0,
    );
    messages.set(id, message);
  }
  return message;
}

/** Groups the fields that share the inlined struct at `depth` of their paths into one submessage. */
function messageOf(goName: string, form: Form | undefined, schemas: readonly FieldSchema[], depth: number): WireMessage {
  const fields: WireField[] = [];
  const structs = new Map<number, { name: string; members: FieldSchema[] }>();
  for (const schema of schemas) {
    const struct = schema.inlined[depth];
    if (struct === undefined) {
      fields.push(plainField(schema));
      continue;
    }
    const members = structs.get(struct.number)?.members;
    if (members) members.push(schema);
    else structs.set(struct.number, { name: struct.name, members: [schema] });
  }
  for (const [number, { name, members }] of structs) {
    const message = messageOf(name, undefined, members, depth + 1);
    fields.push({
      number,
      name,
      goName: name,
      scalar: undefined,
      message: () => message,
      inlined: true,
      repeated: false,
      map: false,
      always: true,
      presence: false,
    });
  }
  fields.sort((a, b) => a.number - b.number);
  return { goName, form, fields, byNumber: new Map(fields.map((field) => [field.number, field])) };
}

function plainField(schema: FieldSchema): WireField {
  const { type, number, name, repeated, map, always, presence } = schema;
  const id = typeof type === "string" ? "" : type.message;
  const goName = name === "metadata" ? id.slice(id.lastIndexOf(".") + 1) : `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return {
    number,
    name,
    goName,
    scalar: typeof type === "string" ? type : undefined,
    message: () => wireMessage(id),
    inlined: false,
    repeated,
    map,
    // Go leaves a zero creationTimestamp out of JSON (omitzero), which protobuf knows nothing of.
    always: always || name === "creationTimestamp",
    presence,
  };
}
