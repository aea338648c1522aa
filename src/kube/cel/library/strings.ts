/** String functions (cel-go's strings extension, version 2) and Kubernetes' find and findAll. */
import { compilePattern } from "../../apiextensions/regular-expression.ts";
import { type CelFunction, define, traversal } from "../function.ts";
import { CelError, Duration, equals, isList, isMap, noSuchOverload, sizeOf, Timestamp, TypeValue, typeOfValue, Unsigned, type Value } from "../values.ts";
import { doubleText } from "./standard.ts";
import { durationText, timestampText } from "./time.ts";

function textOf(value: Value | undefined): string {
  if (typeof value !== "string") throw noSuchOverload();
  return value;
}

function intOf(value: Value | undefined): number {
  if (typeof value !== "bigint") throw noSuchOverload();
  return Number(value);
}

const onceThrough: CelFunction["cost"] = ([value]) => Math.max(1, traversal(sizeOf(value as Value)));

/** Characters by code point; plain texts are their own. */
function characters(text: string): readonly string[] {
  return [...text];
}

function indexOf(text: string, part: string, from: number): number {
  const whole = characters(text);
  if (from < 0 || from > whole.length) throw new CelError(`index out of range: ${from}`);
  if (part === "") return from;
  const at = text.indexOf(part, whole.slice(0, from).join("").length);
  return at < 0 ? -1 : characters(text.slice(0, at)).length;
}

function lastIndexOf(text: string, part: string, from: number | undefined): number {
  const whole = characters(text);
  if (from !== undefined && (from < 0 || from > whole.length)) throw new CelError(`index out of range: ${from}`);
  if (part === "") return from ?? whole.length;
  const at = text.lastIndexOf(part, from === undefined ? undefined : whole.slice(0, from).join("").length);
  return at < 0 ? -1 : characters(text.slice(0, at)).length;
}

function substring(text: string, from: number, to: number | undefined): string {
  const whole = characters(text);
  const end = to ?? whole.length;
  if (from < 0 || from > whole.length) throw new CelError(`index out of range: ${from}`);
  if (end < 0 || end > whole.length) throw new CelError(`index out of range: ${end}`);
  if (from > end) throw new CelError(`invalid substring range. start: ${from}, end: ${end}`);
  return whole.slice(from, end).join("");
}

function split(text: string, separator: string, limit: number): string[] {
  if (limit === 0) return [];
  const parts = separator === "" ? [...characters(text)] : text.split(separator);
  if (limit < 0 || parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

function replace(text: string, from: string, to: string, limit: number): string {
  if (limit === 0) return text;
  if (limit < 0) return text.replaceAll(from, () => to);
  const parts = split(text, from, limit + 1);
  return parts.join(to);
}

const QUOTED: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be escaped.
  return `"${text.replace(/[\x07\b\f\n\r\t\v\\"]/g, (character) => QUOTED[character] as string)}"`;
}

function find(text: string, pattern: string, limit: number): string[] {
  if (limit === 0) return [];
  let matcher: ReturnType<ReturnType<typeof compilePattern>["matcher"]>;
  try {
    matcher = compilePattern(pattern).matcher(text);
  } catch (error) {
    throw new CelError(`Illegal regex: ${error instanceof Error ? error.message : String(error)}`);
  }
  const found: string[] = [];
  while ((limit < 0 || found.length < limit) && matcher.find()) found.push(matcher.group() ?? "");
  return found;
}

/** What replacing may make of a text at most, before it is made. */
const replaceCost: CelFunction["cost"] = ([text, from, to]) => {
  const size = sizeOf(text as Value);
  const times = Math.ceil(size / Math.max(1, sizeOf(from as Value))) + 1;
  return Math.max(1, traversal(size + times * sizeOf(to as Value)));
};

/** Every piece is a value of its own. */
const splitCost: CelFunction["cost"] = ([text, separator]) => Math.max(1, Math.ceil(sizeOf(text as Value) / Math.max(1, sizeOf(separator as Value))));

const joinCost: CelFunction["cost"] = ([list, separator]) => {
  if (!isList(list as Value)) return 1;
  const items = list as readonly Value[];
  const between = separator === undefined ? 0 : sizeOf(separator);
  return Math.max(1, traversal(items.reduce<number>((sum, item) => sum + sizeOf(item) + between, 0)));
};

const regexCost: CelFunction["cost"] = ([value, pattern]) => traversal(sizeOf(value as Value) + 1) * Math.ceil(sizeOf(pattern as Value) * 0.25);

/** `%s %d %f %e %x %X %b %o %%` as cel-go formats them. @throws CelError */
export function formatText(format: string, args: readonly Value[]): string {
  let next = 0;
  let result = "";
  for (let at = 0; at < format.length; at++) {
    if (format[at] !== "%") {
      result += format[at];
      continue;
    }
    if (format[at + 1] === "%") {
      result += "%";
      at++;
      continue;
    }
    const match = /^%(?:\.(\d+))?([a-zA-Z])/.exec(format.slice(at));
    if (!match) throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${format[at + 1] ?? ""}"`);
    if (next >= args.length) throw new CelError(`index ${next} out of range`);
    result += formatClause(match[2] as string, match[1] === undefined ? 6 : Number(match[1]), args[next++] as Value);
    at += match[0].length - 1;
  }
  return result;
}

function formatClause(clause: string, precision: number, value: Value): string {
  const integer = value instanceof Unsigned ? value.value : typeof value === "bigint" ? value : undefined;
  const radix = (base: number): string => {
    if (integer === undefined) throw new CelError(`error during formatting: only integers can be formatted this way, was given ${typeOfValue(value)}`);
    return integer.toString(base);
  };
  const digits = Math.min(precision, 100);
  const number = (): number => {
    if (typeof value === "number") return value;
    if (integer !== undefined) return Number(integer);
    throw new CelError(`error during formatting: scientific notation requires a double, was given ${typeOfValue(value)}`);
  };
  switch (clause) {
    case "s":
      return shownText(value);
    case "d":
      return typeof value === "number" ? doubleText(value) : radix(10);
    case "f":
      return number().toFixed(digits);
    case "e":
      return number()
        .toExponential(digits)
        .replace(/e([-+])(\d)$/, "e$10$2");
    case "b":
      return typeof value === "boolean" ? (value ? "1" : "0") : radix(2);
    case "o":
      return radix(8);
    case "x":
    case "X": {
      const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value instanceof Uint8Array ? value : undefined;
      const hex = bytes ? [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("") : radix(16);
      return clause === "X" ? hex.toUpperCase() : hex;
    }
    default:
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${clause}"`);
  }
}

function shownText(value: Value): string {
  if (typeof value === "string") return value;
  if (value === null) return "null";
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return doubleText(value);
  if (value instanceof Unsigned) return String(value.value);
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (isList(value)) return `[${value.map(shownText).join(", ")}]`;
  if (isMap(value)) {
    const entries = [...value.keys()].map((key) => [shownText(key), shownText(value.get(key) as Value)] as const);
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, text]) => `${key}: ${text}`)
      .join(", ")}}`;
  }
  throw new CelError(
    `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeOfValue(value)}`,
  );
}

export const stringFunctions: readonly CelFunction[] = [
  define(
    "charAt",
    "string.(int) -> string",
    ([text, at]) => {
      const whole = characters(textOf(text));
      const index = intOf(at);
      if (index < 0 || index > whole.length) throw new CelError(`index out of range: ${index}`);
      return whole[index] ?? "";
    },
    onceThrough,
  ),
  define(
    "indexOf",
    ["string.(string) -> int", "string.(string, int) -> int", "list(T).(T) -> int"],
    ([text, part, from]) => {
      if (isList(text as Value)) return listIndex(text as readonly Value[], part as Value, false);
      return BigInt(indexOf(textOf(text), textOf(part), from === undefined ? 0 : intOf(from)));
    },
    onceThrough,
  ),
  define(
    "lastIndexOf",
    ["string.(string) -> int", "string.(string, int) -> int", "list(T).(T) -> int"],
    ([text, part, from]) => {
      if (isList(text as Value)) return listIndex(text as readonly Value[], part as Value, true);
      return BigInt(lastIndexOf(textOf(text), textOf(part), from === undefined ? undefined : intOf(from)));
    },
    onceThrough,
  ),
  define("lowerAscii", "string.() -> string", ([text]) => textOf(text).replace(/[A-Z]+/g, (run) => run.toLowerCase()), onceThrough),
  define("upperAscii", "string.() -> string", ([text]) => textOf(text).replace(/[a-z]+/g, (run) => run.toUpperCase()), onceThrough),
  define(
    "replace",
    ["string.(string, string) -> string", "string.(string, string, int) -> string"],
    ([text, from, to, limit]) => replace(textOf(text), textOf(from), textOf(to), limit === undefined ? -1 : intOf(limit)),
    replaceCost,
  ),
  define(
    "split",
    ["string.(string) -> list(string)", "string.(string, int) -> list(string)"],
    ([text, separator, limit]) => split(textOf(text), textOf(separator), limit === undefined ? -1 : intOf(limit)),
    splitCost,
  ),
  define(
    "substring",
    ["string.(int) -> string", "string.(int, int) -> string"],
    ([text, from, to]) => substring(textOf(text), intOf(from), to === undefined ? undefined : intOf(to)),
    onceThrough,
  ),
  define("trim", "string.() -> string", ([text]) => textOf(text).trim(), onceThrough),
  define(
    "join",
    ["list(string).() -> string", "list(string).(string) -> string"],
    ([list, separator]) => {
      if (!isList(list as Value)) throw noSuchOverload();
      return (list as readonly Value[]).map(textOf).join(separator === undefined ? "" : textOf(separator));
    },
    joinCost,
  ),
  define(
    "format",
    "string.(list(dyn)) -> string",
    ([format, args]) => {
      if (!isList(args as Value)) throw noSuchOverload();
      return formatText(textOf(format), args as readonly Value[]);
    },
    onceThrough,
  ),
  define("strings.quote", "(string) -> string", ([text]) => quote(textOf(text)), onceThrough),
  define("find", "string.(string) -> string", ([text, pattern]) => find(textOf(text), textOf(pattern), 1)[0] ?? "", regexCost),
  define(
    "findAll",
    ["string.(string) -> list(string)", "string.(string, int) -> list(string)"],
    ([text, pattern, limit]) => find(textOf(text), textOf(pattern), limit === undefined ? -1 : intOf(limit)),
    regexCost,
  ),
];

function listIndex(list: readonly Value[], item: Value, last: boolean): bigint {
  const same = (each: Value) => equals(each, item);
  return BigInt(last ? list.findLastIndex(same) : list.findIndex(same));
}
