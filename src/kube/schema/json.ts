/**
 * JSON text of request bodies: parsed by the platform, checked for what its parser hides (duplicate fields, lone
 * surrogates, absurd depth), and refused in the words of upstream's decoder.
 */
import { StatusError } from "../machinery/status.ts";
import type { DecodeReport } from "./schema.ts";

/**
 * Upstream reads ten times as deep, but a JavaScript stack does not hold 10,000 levels of recursion (JSON.stringify gives
 * up below that), and no real object has a hundred.
 */
const MAX_DEPTH = 1_000;

/** Malformed JSON. `why` is the decoder's own text, for callers that frame it in another way. */
export class JsonError extends StatusError {
  readonly why: string;

  constructor(why: string, message: string) {
    super(400, "BadRequest", message);
    this.why = why;
  }
}

/**
 * Parses a body. Duplicate fields are reported (the last value wins); finding out that there are none costs one fast
 * scan. Integers beyond 2^53 are rounded, and `1.0` reads as 1. The text `null` gives null: upstream takes it for an
 * empty object.
 * @param kind names the type the body should be in the refusal of a create or update; without it the refusal is worded
 * as a deletion's.
 * @throws JsonError (400) for anything that is not one JSON value.
 */
export function parseJson(text: string, report: DecodeReport, kind?: string): unknown {
  const { members, depth } = count(text);
  let value: unknown;
  try {
    if (depth > MAX_DEPTH) throw new SyntaxError("too deep");
    value = JSON.parse(text.includes("\\u") ? withoutLoneSurrogates(text) : text);
  } catch {
    throw malformed(syntaxProblem(text), text, kind);
  }
  if (countMembers(value) !== members) reportDuplicates(text, report);
  return value;
}

/** What Go's decoder says of a text that the platform's parser refused. */
export function syntaxProblem(text: string): string {
  return new Scanner(text).firstError();
}

/** The refusal of a body that is not an object at all: `the object provided is unrecognized (must be of type ConfigMap): …`. */
export function unrecognized(kind: string, why: string, text: string): JsonError {
  return new JsonError(why, `the object provided is unrecognized (must be of type ${kind}): ${why} (${summary(text)})`);
}

function malformed(problem: string, text: string, kind: string | undefined): JsonError {
  const why = `couldn't get version/kind; json parse error: ${problem}`;
  return kind === undefined ? new JsonError(why, why) : unrecognized(kind, why, text);
}

const SUMMARY_BYTES = 30;

function summary(text: string): string {
  if (text === "") return "<empty>";
  const bytes = new TextEncoder().encode(text.slice(0, SUMMARY_BYTES + 1));
  const more = bytes.length > SUMMARY_BYTES ? " ..." : "";
  const shown = bytes.subarray(0, SUMMARY_BYTES);
  if (text.startsWith("{")) return new TextDecoder().decode(shown) + more;
  return Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join("") + more;
}

/** Object members (colons outside strings) and the deepest nesting, in one pass that skips strings. */
function count(text: string): { members: number; depth: number } {
  let members = 0;
  let level = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COLON) members++;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++level > depth) depth = level;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) level--;
  }
  return { members, depth };
}

const QUOTE = 34;
const COLON = 58;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;

/** Index of the quote that ends the string which starts at `at`; the text's length when none does. */
function endOfString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}

function countMembers(value: unknown): number {
  const pending: unknown[] = [value];
  let members = 0;
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== "object" || next === null) continue;
    if (Array.isArray(next)) {
      for (const item of next) if (typeof item === "object") pending.push(item);
    } else {
      for (const key in next) {
        members++;
        const item = (next as Record<string, unknown>)[key];
        if (typeof item === "object") pending.push(item);
      }
    }
  }
  return members;
}

/** Escapes of unpaired surrogates become U+FFFD, as in Go. */
function withoutLoneSurrogates(text: string): string {
  return text.replace(/\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u[dD][89a-fA-F]../g, (found) => (found.length === 6 ? "\\ufffd" : found));
}

/** Where each duplicate and each first member of a path stands in a text that has duplicates. */
interface DocumentOrder {
  readonly firstAt: ReadonlyMap<string, number>;
  readonly duplicateAt: ReadonlyMap<string, number>;
}

const documentOrders = new WeakMap<readonly string[], DocumentOrder>();

const MAX_PATH_CHARACTERS = 4 * 1024 * 1024;

const DUPLICATE = "duplicate field ";
const UNKNOWN = "unknown field ";

/** Slow: reads the text again with every path spelled out, since it is known to repeat a member. */
function reportDuplicates(text: string, report: DecodeReport): void {
  const firstAt = new Map<string, number>();
  const duplicateAt = new Map<string, number>();
  let characters = 0;
  for (const { path, at } of membersOf(text)) {
    // Deep and wide at once, a small text has paths of gigabytes: the first few megabytes tell enough.
    characters += path.length;
    if (characters > MAX_PATH_CHARACTERS) break;
    const quoted = JSON.stringify(path);
    if (!firstAt.has(quoted)) firstAt.set(quoted, at);
    else if (!duplicateAt.has(quoted)) {
      duplicateAt.set(quoted, at);
      report.strict.push(`${DUPLICATE}${quoted}`);
    }
  }
  documentOrders.set(report.strict, { firstAt, duplicateAt });
}

/**
 * After decoding a text with duplicates: upstream reports both kinds of strict errors as it meets them, and does not
 * look into a field that it does not know.
 */
export function putInDocumentOrder(report: DecodeReport): void {
  const order = documentOrders.get(report.strict);
  if (order === undefined) return;
  const unknown = report.strict.filter((error) => error.startsWith(UNKNOWN)).map((error) => error.slice(UNKNOWN.length, -1));
  const isInUnknown = (error: string) => {
    const path = error.slice(DUPLICATE.length, -1);
    return unknown.some((field) => path === field || (path.startsWith(field) && ".[".includes(path[field.length] ?? "")));
  };
  const place = (error: string) => {
    if (error.startsWith(DUPLICATE)) return order.duplicateAt.get(error.slice(DUPLICATE.length)) ?? 0;
    return order.firstAt.get(error.slice(UNKNOWN.length)) ?? 0;
  };
  const kept = report.strict.filter((error) => !(error.startsWith(DUPLICATE) && isInUnknown(error)));
  kept.sort((a, b) => place(a) - place(b));
  report.strict.splice(0, report.strict.length, ...kept);
}

/** Every object member of a well-formed text with its full path, in document order. */
function* membersOf(text: string): Generator<{ path: string; at: number }> {
  const levels: { path: string; index: number }[] = [];
  let path = "";
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        const parent = levels.at(-1);
        let next = end + 1;
        while (/\s/.test(text[next] ?? "x")) next++;
        if (parent && parent.index < 0 && text.charCodeAt(next) === COLON) {
          const key = String(JSON.parse(text.slice(at, end + 1)));
          path = parent.path ? `${parent.path}.${key}` : key;
          yield { path, at };
        }
        at = end;
        break;
      }
      case OPEN_BRACE:
        levels.push({ path, index: -1 });
        break;
      case OPEN_BRACKET:
        levels.push({ path, index: 0 });
        path = `${path}[0]`;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        levels.pop();
        break;
      case 44: {
        const parent = levels.at(-1);
        if (parent && parent.index >= 0) path = `${parent.path}[${++parent.index}]`;
      }
    }
  }
}

/** Finds the first error of a text as Go's scanner words it. Runs only on texts that the platform's parser refused. */
class Scanner {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** The brackets that are open. */
  readonly #open: number[] = [];

  constructor(text: string) {
    this.#bytes = new TextEncoder().encode(text);
  }

  firstError(): string {
    try {
      this.#skipSpace();
      do this.#value();
      while (this.#endsValue());
      if (this.#at < this.#bytes.length) this.#refuse("after top-level value");
      return "unexpected end of JSON input";
    } catch (error) {
      return (error as Error).message;
    }
  }

  #peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Error("unexpected end of JSON input");
    return byte;
  }

  #refuse(where: string): never {
    throw new Error(`invalid character ${characterText(this.#peek())} ${where}`);
  }

  #skipSpace(): void {
    while ([0x20, 0x09, 0x0a, 0x0d].includes(this.#bytes[this.#at] ?? 0)) this.#at++;
  }

  /** Reads a scalar, or the start of a list or object up to its first value. */
  #value(): void {
    let byte = this.#peek();
    for (; byte === OPEN_BRACE || byte === OPEN_BRACKET; byte = this.#peek()) {
      if (this.#open.push(byte) > MAX_DEPTH) this.#refuse("exceeded max depth");
      this.#at++;
      this.#skipSpace();
      if (this.#peek() === byte + 2) return;
      if (byte === OPEN_BRACE) this.#key();
    }
    if (byte === QUOTE) this.#string();
    else if (byte === 0x2d || isDigit(byte)) this.#number();
    else if (byte === 0x74) this.#literal("true");
    else if (byte === 0x66) this.#literal("false");
    else if (byte === 0x6e) this.#literal("null");
    else this.#refuse("looking for beginning of value");
  }

  /** Closes what a value ends, and reads on to the next value: false when there is none. */
  #endsValue(): boolean {
    for (;;) {
      this.#skipSpace();
      const open = this.#open.at(-1);
      if (open === undefined) return false;
      const byte = this.#peek();
      if (byte === 0x2c) {
        this.#at++;
        this.#skipSpace();
        if (open === OPEN_BRACE) this.#key();
        return true;
      }
      if (byte !== open + 2) this.#refuse(open === OPEN_BRACE ? "after object key:value pair" : "after array element");
      this.#open.pop();
      this.#at++;
    }
  }

  #key(): void {
    if (this.#peek() !== QUOTE) this.#refuse("looking for beginning of object key string");
    this.#string();
    this.#skipSpace();
    if (this.#peek() !== COLON) this.#refuse("after object key");
    this.#at++;
    this.#skipSpace();
  }

  #string(): void {
    this.#at++;
    for (;;) {
      const byte = this.#peek();
      if (byte < 0x20) this.#refuse("in string literal");
      this.#at++;
      if (byte === QUOTE) return;
      if (byte !== BACKSLASH) continue;
      const escaped = this.#peek();
      if (!'bfnrt\\/"u'.includes(String.fromCharCode(escaped))) this.#refuse("in string escape code");
      this.#at++;
      if (escaped !== 0x75) continue;
      for (let digit = 0; digit < 4; digit++) {
        if (!/[0-9a-fA-F]/.test(String.fromCharCode(this.#peek()))) this.#refuse("in \\u hexadecimal character escape");
        this.#at++;
      }
    }
  }

  #number(): void {
    const byte = () => this.#bytes[this.#at] ?? 0;
    if (byte() === 0x2d) this.#at++;
    if (byte() === 0x30) this.#at++;
    else this.#digits("in numeric literal");
    if (byte() === 0x2e) {
      this.#at++;
      this.#digits("after decimal point in numeric literal");
    }
    if (byte() === 0x65 || byte() === 0x45) {
      this.#at++;
      if (byte() === 0x2b || byte() === 0x2d) this.#at++;
      this.#digits("in exponent of numeric literal");
    }
  }

  #digits(where: string): void {
    if (!isDigit(this.#peek())) this.#refuse(where);
    while (isDigit(this.#bytes[this.#at] ?? 0)) this.#at++;
  }

  #literal(word: string): void {
    for (const letter of word) {
      // Go tells the scanner that the text has ended with a blank.
      const byte = this.#bytes[this.#at] ?? 0x20;
      if (byte !== letter.charCodeAt(0)) throw new Error(`invalid character ${characterText(byte)} in literal ${word} (expecting '${letter}')`);
      this.#at++;
    }
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** A byte as Go quotes it in an error. */
function characterText(byte: number): string {
  if (byte === 0x27) return "'\\''";
  if (byte === QUOTE) return "'\"'";
  const escapes: Readonly<Record<number, string>> = { 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 92: "\\\\" };
  const known = escapes[byte];
  if (known !== undefined) return `'${known}'`;
  const isPrintable = (byte >= 0x20 && byte < 0x7f) || (byte >= 0xa1 && byte !== 0xad);
  return isPrintable ? `'${String.fromCharCode(byte)}'` : byte < 0x80 ? `'\\x${byte.toString(16).padStart(2, "0")}'` : `'\\u00${byte.toString(16)}'`;
}
