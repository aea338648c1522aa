/**
 * The JSON paths of printer columns, scale subresources and selectable fields: fields, quoted fields, indices,
 * slices, unions, wildcards, recursive descent and filters, as kubectl's JSONPath reads them.
 */
import { fieldOf } from "../machinery/json-value.ts";
import { isObject } from "../object.ts";

type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "all" }
  | { readonly kind: "descend" }
  | { readonly kind: "slice"; readonly from: number | undefined; readonly to: number | undefined; readonly step: number }
  | { readonly kind: "index"; readonly at: number }
  | { readonly kind: "union"; readonly of: readonly (readonly Step[])[] }
  | { readonly kind: "filter"; readonly left: Operand; readonly operator: string; readonly right: Operand | undefined };

type Operand = { readonly path: readonly Step[]; readonly fromRoot: boolean } | { readonly literal: string | number | boolean };

export interface JsonPath {
  readonly steps: readonly Step[];
}

/** @throws Error when the path is malformed. `path` starts with a dot, as a definition writes it. */
export function parseJsonPath(path: string): JsonPath {
  return { steps: new Parser(path).steps() };
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  steps(): Step[] {
    const steps: Step[] = [];
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at];
      if (char === ".") {
        if (this.#text[this.#at + 1] === ".") {
          this.#at += 2;
          steps.push({ kind: "descend" });
          if (this.#at < this.#text.length && this.#text[this.#at] !== "[") steps.push(this.#field());
          continue;
        }
        this.#at++;
        if (this.#at < this.#text.length && this.#text[this.#at] !== "[" && this.#text[this.#at] !== ".") steps.push(this.#field());
      } else if (char === "[") steps.push(this.#brackets());
      else if (char === "$" || char === "@") this.#at++;
      else throw new Error(`unrecognized character in action: ${JSON.stringify(char)}`);
    }
    return steps;
  }

  #field(): Step {
    let name = "";
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at] as string;
      if (char === "\\") name += this.#text[++this.#at] ?? "";
      else if (char === "." || char === "[" || char === " " || char === "}" || char === "{") break;
      else name += char;
    }
    return name === "*" ? { kind: "all" } : { kind: "field", name };
  }

  #brackets(): Step {
    const inside = this.#bracketText();
    if (inside.startsWith("?(")) {
      if (!inside.endsWith(")")) throw new Error("unterminated filter");
      return parseFilter(inside.slice(2, -1));
    }
    const parts = splitOutsideQuotes(inside, ",");
    if (parts.length > 1) return { kind: "union", of: parts.map((part) => [parseBracket(part.trim())]) };
    return parseBracket(inside.trim());
  }

  #bracketText(): string {
    const start = ++this.#at;
    let depth = 1;
    let quote = "";
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at] as string;
      if (quote) {
        if (char === "\\") this.#at++;
        else if (char === quote) quote = "";
      } else if (char === "'" || char === '"') quote = char;
      else if (char === "[") depth++;
      else if (char === "]" && --depth === 0) return this.#text.slice(start, this.#at++);
    }
    throw new Error("unterminated array");
  }
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let quote = "";
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (quote) {
      if (char === "\\") at++;
      else if (char === quote) quote = "";
    } else if (char === "'" || char === '"') quote = char;
    else if (char === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}

function parseBracket(text: string): Step {
  if (text === "*") return { kind: "all" };
  if (/^'.*'$|^".*"$/s.test(text)) return { kind: "field", name: unquote(text) };
  if (/^-?\d+$/.test(text)) return { kind: "index", at: Number(text) };
  const slice = /^(-?\d*):(-?\d*)(?::(-?\d*))?$/.exec(text);
  if (!slice) throw new Error(`invalid array index ${text}`);
  const bound = (part: string | undefined) => (part ? Number(part) : undefined);
  return { kind: "slice", from: bound(slice[1]), to: bound(slice[2]), step: bound(slice[3]) ?? 1 };
}

function parseFilter(text: string): Step {
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (quote) {
      if (char === "\\") at++;
      else if (char === quote) quote = "";
      continue;
    }
    if (char === "'" || char === '"') quote = char;
    else if ("=!<>".includes(char)) {
      const operator = text[at + 1] === "=" ? `${char}=` : char;
      if (!["==", "!=", "<", "<=", ">", ">="].includes(operator)) throw new Error(`unrecognized filter operator ${operator}`);
      return { kind: "filter", left: parseOperand(text.slice(0, at)), operator, right: parseOperand(text.slice(at + operator.length)) };
    }
  }
  return { kind: "filter", left: parseOperand(text), operator: "exists", right: undefined };
}

function parseOperand(raw: string): Operand {
  const text = raw.trim();
  if (/^'.*'$|^".*"$/s.test(text)) return { literal: unquote(text) };
  if (text === "true" || text === "false") return { literal: text === "true" };
  if (text !== "" && Number.isFinite(Number(text))) return { literal: Number(text) };
  if (text.startsWith("@")) return { path: parseJsonPath(text.slice(1)).steps, fromRoot: false };
  if (text.startsWith("$")) return { path: parseJsonPath(text.slice(1)).steps, fromRoot: true };
  throw new Error(`unrecognized filter operand ${text}`);
}

/** All values the path finds, in document order (maps by sorted key, as Go). Absent fields find nothing. */
export function findAll(path: JsonPath, root: unknown): unknown[] {
  return walk(path.steps, [root], root);
}

/** The first value that the path finds, or undefined. */
export function findFirst(path: JsonPath, root: unknown): unknown {
  return findAll(path, root)[0];
}

function walk(steps: readonly Step[], from: readonly unknown[], root: unknown): unknown[] {
  let values: unknown[] = [...from];
  for (const step of steps) {
    if (values.length === 0) return values;
    values = values.flatMap((value) => apply(step, value, root));
  }
  return values;
}

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value)
    ? Object.keys(value)
        .sort()
        .map((name) => value[name])
    : [];
}

function descendants(value: unknown): unknown[] {
  return [value, ...children(value).flatMap(descendants)];
}

function apply(step: Step, value: unknown, root: unknown): unknown[] {
  switch (step.kind) {
    case "field": {
      const found = isObject(value) ? fieldOf(value, step.name) : undefined;
      return found === undefined ? [] : [found];
    }
    case "all":
      return children(value);
    case "descend":
      return descendants(value);
    case "index": {
      if (!Array.isArray(value)) return [];
      const at = step.at < 0 ? step.at + value.length : step.at;
      return at >= 0 && at < value.length ? [value[at]] : [];
    }
    case "slice": {
      if (!Array.isArray(value) || step.step <= 0) return [];
      const clamp = (bound: number) => Math.min(Math.max(bound < 0 ? bound + value.length : bound, 0), value.length);
      return value.slice(clamp(step.from ?? 0), clamp(step.to ?? value.length)).filter((_, index) => index % step.step === 0);
    }
    case "union":
      return step.of.flatMap((steps) => walk(steps, [value], root));
    case "filter":
      return (Array.isArray(value) ? value : []).filter((item) => passes(step, item, root));
  }
}

function operandValue(operand: Operand, item: unknown, root: unknown): unknown {
  return "literal" in operand ? operand.literal : walk(operand.path, [operand.fromRoot ? root : item], root)[0];
}

function passes(filter: Extract<Step, { kind: "filter" }>, item: unknown, root: unknown): boolean {
  const left = operandValue(filter.left, item, root);
  if (!filter.right) return left !== undefined;
  const right = operandValue(filter.right, item, root);
  if (left === undefined || right === undefined) return false;
  if (typeof left !== typeof right || !["string", "number", "boolean"].includes(typeof left)) return filter.operator === "!=";
  const [a, b] = [left as string | number, right as string | number];
  switch (filter.operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    default:
      return a >= b;
  }
}
