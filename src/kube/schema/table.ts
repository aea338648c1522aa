/**
 * The built-in types' schema at run time. The generated table holds a line of text per type; a type is
 * expanded when it is first asked for, so that a waking isolate pays only for what it touches.
 *
 * A line is `<marks>|<field>;<field>;…`. Marks: `r` root, `a` atomic, `~form`. A field is, blank-separated:
 * name, wire number, type (a letter for a scalar, else a message, bare in its own module), flags (r repeated,
 * m map, k always, p presence), merge (`m:<keys>` list map, `s` set, `-` list without a type, `A`/`G` atomic or
 * granular map, then `/<strategies>[:<merge key>]`), default as JSON, Go type. `+name number message` is an
 * inlined struct, and `=name merge` after it changes how one of its fields merges in this type.
 */
import { GROUPS, TYPES } from "./generated/table.ts";
import type { FieldSchema, Form, InlinedStruct, Scalar, TypeSchema } from "./schema.ts";

const SCALARS: Readonly<Record<string, Scalar>> = { s: "string", y: "bytes", b: "bool", i: "int32", l: "int64", u: "uint32", d: "double" };

const expanded = new Map<string, TypeSchema>();

/** True when the table has the type. */
export function hasType(id: string): boolean {
  return lineOf(id) !== undefined;
}

/**
 * The id of a built-in kind's type: ("", "v1", "Pod") → "core.v1.Pod". Kinds of the API machinery, which every
 * group serves as its own (DeleteOptions, Status, WatchEvent, …), are "meta.v1.<Kind>". The type need not exist: see `hasType`.
 */
export function typeIdOf(group: string, version: string, kind: string): string {
  const module = Object.hasOwn(GROUPS, group) ? GROUPS[group] : group;
  const own = `${module}.${version}.${kind}`;
  if (hasType(own)) return own;
  const meta = `meta.v1.${kind}`;
  return hasType(meta) ? meta : own;
}

/**
 * The schema of a type by its id, e.g. "core.v1.PodSpec".
 * @throws Error when there is no such built-in type: a defect of the caller, never of a request.
 */
export function typeSchema(id: string): TypeSchema {
  const known = expanded.get(id);
  if (known) return known;
  const line = lineOf(id);
  if (line === undefined) throw new Error(`no built-in type ${id}`);
  const schema = expand(id, line);
  expanded.set(id, schema);
  return schema;
}

/** Ids of all built-in types. */
export function typeIds(): string[] {
  return Object.entries(TYPES).flatMap(([module, types]) => Object.keys(types).map((name) => `${module}.${name}`));
}

function lineOf(id: string): string | undefined {
  const at = id.lastIndexOf(".");
  const module = id.slice(0, at);
  const types = Object.hasOwn(TYPES, module) ? TYPES[module] : undefined;
  const name = id.slice(at + 1);
  return types && Object.hasOwn(types, name) ? types[name] : undefined;
}

function expand(id: string, line: string): TypeSchema {
  const bar = line.indexOf("|");
  const [letters = "", form] = line.slice(0, bar).split("~");
  const root = letters.includes("r");
  const fields = new Map<string, FieldSchema>();
  if (root) for (const name of ["kind", "apiVersion"]) fields.set(name, { ...BARE, name });
  if (form === undefined) addFields(fields, id, line.slice(bar + 1), []);
  return { id, goName: id.slice(id.lastIndexOf(".") + 1), fields, form: form as Form | undefined, atomic: letters.includes("a"), root };
}

const BARE: FieldSchema = {
  name: "",
  number: 0,
  inlined: [],
  goType: undefined,
  type: "string",
  repeated: false,
  map: false,
  always: false,
  presence: false,
  listType: undefined,
  listMapKeys: [],
  mapType: undefined,
  patchStrategies: [],
  patchMergeKey: undefined,
  default: undefined,
};

function addFields(fields: Map<string, FieldSchema>, id: string, body: string, inlined: readonly InlinedStruct[]): void {
  if (body === "") return;
  const module = id.slice(0, id.lastIndexOf("."));
  for (const text of body.split(";")) {
    const [name = "", number = "", type = "", flags = "", merge = "", fallback = "", goType] = text.split(" ");
    const message = type.includes(".") ? type : `${module}.${type}`;
    if (name.startsWith("+")) {
      const line = lineOf(message) ?? "|";
      addFields(fields, message, line.slice(line.indexOf("|") + 1), [
        ...inlined,
        { name: message.slice(message.lastIndexOf(".") + 1), number: Number(number) },
      ]);
      continue;
    }
    const own = name.startsWith("=") ? fields.get(name.slice(1)) : undefined;
    if (own !== undefined) {
      fields.set(own.name, { ...own, ...mergeOf(number, own.repeated) });
      continue;
    }
    const repeated = flags.includes("r");
    const scalar = SCALARS[type];
    const isList = repeated || (scalar === undefined && (lineOf(message) ?? "").startsWith("~items"));
    fields.set(name, {
      name,
      number: Number(number),
      inlined,
      goType: goType || undefined,
      type: scalar ?? { message },
      repeated,
      map: flags.includes("m"),
      always: flags.includes("k"),
      presence: flags.includes("p"),
      ...mergeOf(merge, isList),
      default: fallback ? JSON.parse(fallback) : undefined,
    });
  }
}

/** The merge part of a field: list type and keys, map type, patch strategies. */
function mergeOf(text: string, isList: boolean): Pick<FieldSchema, "listType" | "listMapKeys" | "mapType" | "patchStrategies" | "patchMergeKey"> {
  const [head = "", suffix = ""] = text.split("/");
  const [strategies = "", mergeKey] = suffix.split(":");
  const listMapKeys = head.startsWith("m:") ? head.slice(2).split(",") : [];
  return {
    listType: listMapKeys.length > 0 ? "map" : head === "s" ? "set" : isList && head !== "-" ? "atomic" : undefined,
    listMapKeys,
    mapType: head === "A" ? "atomic" : head === "G" ? "granular" : undefined,
    patchStrategies: strategies ? (strategies.split(",") as FieldSchema["patchStrategies"]) : [],
    patchMergeKey: mergeKey ?? (strategies ? listMapKeys[0] : undefined),
  };
}
