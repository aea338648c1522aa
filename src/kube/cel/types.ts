/** Types of the Common Expression Language as its checker knows them. */

export type Type =
  | { readonly kind: "simple"; readonly name: string }
  | { readonly kind: "dyn" }
  /** Stands for any type after an error, so that one mistake is reported once. */
  | { readonly kind: "error" }
  | { readonly kind: "param"; readonly name: string }
  | { readonly kind: "list"; readonly item: Type }
  | { readonly kind: "map"; readonly key: Type; readonly value: Type }
  | { readonly kind: "optional"; readonly value: Type }
  | { readonly kind: "type"; readonly of: Type }
  | ObjectType;

export interface ObjectType {
  readonly kind: "object";
  readonly name: string;
  /** By escaped name; undefined = no such field. */
  field(name: string): Type | undefined;
}

function simple(name: string): Type {
  return { kind: "simple", name };
}

export const BOOL = simple("bool");
export const INT = simple("int");
export const UINT = simple("uint");
export const DOUBLE = simple("double");
export const STRING = simple("string");
export const BYTES = simple("bytes");
export const NULL = simple("null");
export const TIMESTAMP = simple("timestamp");
export const DURATION = simple("duration");
export const DYN: Type = { kind: "dyn" };
export const ERROR: Type = { kind: "error" };

export function listOf(item: Type): Type {
  return { kind: "list", item };
}

export function mapOf(key: Type, value: Type): Type {
  return { kind: "map", key, value };
}

export function optionalOf(value: Type): Type {
  return { kind: "optional", value };
}

/** As error messages name it: `map(string, list(int))`. */
export function typeName(type: Type): string {
  switch (type.kind) {
    case "dyn":
      return "dyn";
    case "error":
      return "!error!";
    case "list":
      return `list(${typeName(type.item)})`;
    case "map":
      return `map(${typeName(type.key)}, ${typeName(type.value)})`;
    case "optional":
      return `optional_type(${typeName(type.value)})`;
    case "type":
      return `type(${typeName(type.of)})`;
    default:
      return type.name;
  }
}

/** What type parameters of a signature stand for in one call. */
export type Bindings = Map<string, Type>;

export function substitute(type: Type, bindings: Bindings): Type {
  switch (type.kind) {
    case "param": {
      const bound = bindings.get(type.name);
      return bound ?? DYN;
    }
    case "list":
      return listOf(substitute(type.item, bindings));
    case "map":
      return mapOf(substitute(type.key, bindings), substitute(type.value, bindings));
    case "optional":
      return optionalOf(substitute(type.value, bindings));
    default:
      return type;
  }
}

/** May a value of type `actual` stand where `formal` is wanted? Parameters of `formal` are bound on the way. */
export function assignable(formal: Type, actual: Type, bindings: Bindings): boolean {
  if (formal.kind === "dyn" || formal.kind === "error" || actual.kind === "dyn" || actual.kind === "error") {
    if (formal.kind === "param" && !bindings.has(formal.name)) bindings.set(formal.name, DYN);
    return true;
  }
  if (formal.kind === "param") {
    const bound = bindings.get(formal.name);
    if (!bound) {
      bindings.set(formal.name, actual);
      return true;
    }
    if (bound.kind === "param") return true;
    if (assignable(bound, actual, bindings)) {
      if (isMoreGeneral(actual, bound)) bindings.set(formal.name, actual);
      return true;
    }
    return false;
  }
  switch (formal.kind) {
    case "simple":
      if (actual.kind === "simple" && actual.name === formal.name) return true;
      // null stands for times and durations too.
      return actual === NULL && (formal === TIMESTAMP || formal === DURATION);
    case "list":
      return actual.kind === "list" && assignable(formal.item, actual.item, bindings);
    case "map":
      return actual.kind === "map" && assignable(formal.key, actual.key, bindings) && assignable(formal.value, actual.value, bindings);
    case "optional":
      return actual.kind === "optional" && assignable(formal.value, actual.value, bindings);
    case "type":
      return actual.kind === "type";
    case "object":
      return actual === NULL || (actual.kind === "object" && actual.name === formal.name);
  }
}

/** `dyn` inside is more general than a type in its place. */
function isMoreGeneral(type: Type, than: Type): boolean {
  if (type.kind === "dyn") return than.kind !== "dyn";
  if (type.kind === "list") return than.kind === "list" && isMoreGeneral(type.item, than.item);
  if (type.kind === "map") return than.kind === "map" && (isMoreGeneral(type.key, than.key) || isMoreGeneral(type.value, than.value));
  return type.kind === "optional" && than.kind === "optional" && isMoreGeneral(type.value, than.value);
}

/** The type of either, or undefined when nothing fits both. */
export function join(left: Type, right: Type): Type | undefined {
  if (assignable(left, right, new Map())) return isMoreGeneral(right, left) ? right : left;
  return assignable(right, left, new Map()) ? right : undefined;
}

/** Reads a type as signatures write it: `list(T)`, `map(string, dyn)`, `optional(T)`, `kubernetes.Quantity`. */
export function parseType(text: string): Type {
  const { type, rest } = readType(text.trim());
  if (rest) throw new Error(`bad type ${text}`);
  return type;
}

const BY_NAME: ReadonlyMap<string, Type> = new Map(
  [BOOL, INT, UINT, DOUBLE, STRING, BYTES, NULL, TIMESTAMP, DURATION].map((type) => [typeName(type), type] as const),
);

function readType(text: string): { type: Type; rest: string } {
  const match = /^([A-Za-z_][\w.]*)\s*/.exec(text);
  if (!match) throw new Error(`bad type ${text}`);
  const name = match[1] as string;
  let rest = text.slice(match[0].length);
  const parameters: Type[] = [];
  if (rest.startsWith("(")) {
    do {
      const read = readType(rest.slice(1).trim());
      parameters.push(read.type);
      rest = read.rest.trim();
    } while (rest.startsWith(","));
    rest = rest.slice(1).trim();
  }
  const [first = DYN, second = DYN] = parameters;
  if (name === "list") return { type: listOf(first), rest };
  if (name === "map") return { type: mapOf(first, second), rest };
  if (name === "optional") return { type: optionalOf(first), rest };
  if (name === "type") return { type: { kind: "type", of: first }, rest };
  if (name === "dyn") return { type: DYN, rest };
  if (/^[A-Z]$/.test(name)) return { type: { kind: "param", name }, rest };
  return { type: BY_NAME.get(name) ?? simple(name), rest };
}
