/**
 * The grammar of the Common Expression Language (cel-spec, "Syntax"): text → expression tree with the positions that
 * errors name. Macros are told apart here, as they bind names.
 *
 * An own parser, because the positions, optional entries (`[?x]`, `{?k: v}`), message literals and the precedence of
 * relations must be those of kube-apiserver.
 */
import { CelError, MAX_INT, MIN_INT, Unsigned, type Value } from "./values.ts";

export type Expression =
  | { readonly op: "literal"; readonly at: number; readonly value: Value }
  | { readonly op: "identifier"; readonly at: number; readonly name: string }
  /** `a.b`, `a.?b` (optional), `has(a.b)` (test). */
  | { readonly op: "select"; readonly at: number; readonly operand: Expression; readonly field: string; readonly optional: boolean; readonly test: boolean }
  /** Operators are calls too: `_==_`, `!_`, `_[_]`, `_?_:_`, `@in`. */
  | { readonly op: "call"; readonly at: number; readonly name: string; readonly target: Expression | undefined; readonly args: readonly Expression[] }
  | { readonly op: "list"; readonly at: number; readonly items: readonly { readonly value: Expression; readonly optional: boolean }[] }
  | {
      readonly op: "map";
      readonly at: number;
      readonly entries: readonly { readonly key: Expression; readonly value: Expression; readonly optional: boolean }[];
    }
  | {
      readonly op: "message";
      readonly at: number;
      readonly type: string;
      readonly fields: readonly { readonly name: string; readonly value: Expression; readonly optional: boolean; readonly at: number }[];
    }
  | Comprehension;

export interface Comprehension {
  readonly op: "comprehension";
  readonly at: number;
  readonly macro:
    | "all"
    | "exists"
    | "existsOne"
    | "map"
    | "filter"
    | "transformList"
    | "transformMap"
    | "transformMapEntry"
    | "sortBy"
    | "optMap"
    | "optFlatMap";
  readonly range: Expression;
  /** One variable, or index (key) and value. */
  readonly variables: readonly string[];
  readonly filter: Expression | undefined;
  readonly body: Expression;
}

export class SyntaxProblem extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

type Kind = "end" | "identifier" | "literal" | "punctuation";

interface Token {
  readonly kind: Kind;
  readonly at: number;
  readonly text: string;
  readonly value?: Value;
}

const MAX_DEPTH = 250;
const MAX_LENGTH = 100_000;
const OPERAND_STARTS = "'.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER";
const EXPECTED_OPERAND = `{'[', '{', '(', ${OPERAND_STARTS}}`;
const EXPECTED_ARGUMENT = `{'[', '{', '(', ')', ${OPERAND_STARTS}}`;
const RESERVED = new Set([
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
  "var",
  "void",
  "while",
]);
const PUNCTUATION = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}"];

/** @throws SyntaxProblem */
export function parse(source: string): Expression {
  if (source.length > MAX_LENGTH) throw new SyntaxProblem(0, `expression code point size exceeds limit: size: ${source.length}, limit ${MAX_LENGTH}`);
  return new Parser(source).parse();
}

class Parser {
  readonly #tokens: Token[];
  #next = 0;
  #depth = 0;
  /** The token where a call's arguments begin, and so may end as well. */
  #firstArgument = -1;

  constructor(source: string) {
    this.#tokens = tokenize(source);
  }

  parse(): Expression {
    const expression = this.#expression();
    const token = this.#peek();
    if (token.kind !== "end") throw new SyntaxProblem(token.at, `Syntax error: extraneous input '${token.text}' expecting <EOF>`);
    return expression;
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #take(): Token {
    return this.#tokens[this.#next++] as Token;
  }

  #accept(text: string): Token | undefined {
    const token = this.#peek();
    return token.kind === "punctuation" && token.text === text ? this.#take() : undefined;
  }

  #expect(text: string): Token {
    const token = this.#accept(text);
    if (token) return token;
    const found = this.#peek();
    if (found.kind === "end") throw new SyntaxProblem(found.at, `Syntax error: missing '${text}' at '<EOF>'`);
    throw new SyntaxProblem(found.at, `Syntax error: mismatched input '${found.text}' expecting '${text}'`);
  }

  #expression(): Expression {
    if (++this.#depth > MAX_DEPTH) throw new SyntaxProblem(this.#peek().at, `expression recursion limit exceeded: ${MAX_DEPTH}`);
    const condition = this.#or();
    const question = this.#accept("?");
    let result = condition;
    if (question) {
      const then = this.#or();
      this.#expect(":");
      result = { op: "call", at: question.at, name: "_?_:_", target: undefined, args: [condition, then, this.#expression()] };
    }
    this.#depth--;
    return result;
  }

  #or(): Expression {
    return this.#chain(() => this.#and(), "||");
  }

  #and(): Expression {
    return this.#chain(() => this.#relation(), "&&");
  }

  /** Long chains are balanced, so that evaluating them nests little. */
  #chain(operand: () => Expression, operator: string): Expression {
    const operands = [operand()];
    const operators: Token[] = [];
    for (let token = this.#accept(operator); token; token = this.#accept(operator)) {
      operators.push(token);
      operands.push(operand());
    }
    const build = (from: number, to: number): Expression => {
      if (from === to) return operands[from] as Expression;
      const middle = (from + to) >> 1;
      const at = (operators[middle] as Token).at;
      return { op: "call", at, name: `_${operator}_`, target: undefined, args: [build(from, middle), build(middle + 1, to)] };
    };
    return build(0, operands.length - 1);
  }

  #binary(left: Expression, operator: Token, right: Expression): Expression {
    return { op: "call", at: operator.at, name: operator.text === "in" ? "@in" : `_${operator.text}_`, target: undefined, args: [left, right] };
  }

  #relation(): Expression {
    let left = this.#sum();
    for (;;) {
      const token = this.#peek();
      const relation =
        (token.kind === "punctuation" && ["==", "!=", "<", "<=", ">", ">="].includes(token.text)) || (token.kind === "identifier" && token.text === "in");
      if (!relation) return left;
      left = this.#binary(left, this.#take(), this.#sum());
    }
  }

  #sum(): Expression {
    let left = this.#product();
    for (let token = this.#accept("+") ?? this.#accept("-"); token; token = this.#accept("+") ?? this.#accept("-"))
      left = this.#binary(left, token, this.#product());
    return left;
  }

  #product(): Expression {
    const operator = () => this.#accept("*") ?? this.#accept("/") ?? this.#accept("%");
    let left = this.#unary();
    for (let token = operator(); token; token = operator()) left = this.#binary(left, token, this.#unary());
    return left;
  }

  #unary(): Expression {
    const first = this.#peek();
    for (const sign of ["!", "-"]) {
      let count = 0;
      while (this.#peek().text === sign && this.#peek().kind === "punctuation") {
        const token = this.#take();
        const number = this.#peek();
        // A sign belongs to the number after it, so that the least int can be written.
        if (
          sign === "-" &&
          number.at === token.at + 1 &&
          number.kind === "literal" &&
          (typeof number.value === "bigint" || typeof number.value === "number") &&
          count === 0
        ) {
          this.#take();
          const negative: Expression = { op: "literal", at: token.at, value: negate(number.value, token.at) };
          return this.#postfix(negative);
        }
        count++;
      }
      if (count === 0) continue;
      const operand = this.#member();
      return count % 2 === 0 ? operand : { op: "call", at: first.at, name: `${sign}_`, target: undefined, args: [operand] };
    }
    return this.#member();
  }

  #member(): Expression {
    return this.#postfix(this.#primary());
  }

  #postfix(start: Expression): Expression {
    let operand = start;
    for (let depth = 0; ; depth++) {
      if (depth > MAX_DEPTH) throw new SyntaxProblem(this.#peek().at, `expression recursion limit exceeded: ${MAX_DEPTH}`);
      const dot = this.#accept(".");
      if (dot) {
        const optional = this.#accept("?") !== undefined;
        const name = this.#fieldName();
        const open = optional ? undefined : this.#accept("(");
        if (open) operand = this.#memberCall(operand, name.text, open);
        else operand = { op: "select", at: dot.at, operand, field: name.text, optional, test: false };
        continue;
      }
      const bracket = this.#accept("[");
      if (bracket) {
        const optional = this.#accept("?") !== undefined;
        const index = this.#expression();
        this.#expect("]");
        operand = { op: "call", at: bracket.at, name: optional ? "_[?_]" : "_[_]", target: undefined, args: [operand, index] };
        continue;
      }
      const brace = this.#peek();
      const type = brace.text === "{" && brace.kind === "punctuation" ? qualifiedName(operand) : undefined;
      if (type === undefined) return operand;
      operand = this.#message(type, this.#take());
    }
  }

  #fieldName(): Token {
    const token = this.#peek();
    if (token.kind === "identifier") return this.#take();
    if (token.kind === "end") throw new SyntaxProblem(token.at, "Syntax error: no viable alternative at input '.'");
    throw new SyntaxProblem(token.at, `Syntax error: no viable alternative at input '.${token.text}'`);
  }

  #arguments(close: string): Expression[] {
    const args: Expression[] = [];
    if (this.#accept(close)) return args;
    this.#firstArgument = this.#next;
    do args.push(this.#expression());
    while (this.#accept(","));
    this.#expect(close);
    return args;
  }

  #primary(): Expression {
    const token = this.#peek();
    if (token.kind === "literal") {
      this.#take();
      return { op: "literal", at: token.at, value: token.value as Value };
    }
    if (token.kind === "identifier" && token.text !== "in") {
      this.#take();
      if (RESERVED.has(token.text)) throw new SyntaxProblem(token.at, `reserved identifier: ${token.text}`);
      const open = this.#accept("(");
      return open ? this.#globalCall(token.text, open) : { op: "identifier", at: token.at, name: token.text };
    }
    const open = this.#accept("(");
    if (open) {
      const inside = this.#expression();
      this.#expect(")");
      return inside;
    }
    const bracket = this.#accept("[");
    if (bracket) return this.#list(bracket);
    const brace = this.#accept("{");
    if (brace) return this.#map(brace);
    const dot = this.#accept(".");
    if (dot) {
      const name = this.#fieldName();
      const call = this.#accept("(");
      return call ? this.#globalCall(name.text, call) : { op: "identifier", at: dot.at, name: name.text };
    }
    const shown = token.kind === "end" ? "<EOF>" : token.text;
    const word = token.kind === "end" ? "mismatched" : "extraneous";
    throw new SyntaxProblem(
      token.at,
      `Syntax error: ${word} input '${shown}' expecting ${this.#next === this.#firstArgument ? EXPECTED_ARGUMENT : EXPECTED_OPERAND}`,
    );
  }

  #list(bracket: Token): Expression {
    const items: { value: Expression; optional: boolean }[] = [];
    while (!this.#accept("]")) {
      const optional = this.#accept("?") !== undefined;
      items.push({ optional, value: this.#expression() });
      if (this.#accept(",")) continue;
      this.#expect("]");
      break;
    }
    return { op: "list", at: bracket.at, items };
  }

  #map(brace: Token): Expression {
    const entries: { key: Expression; value: Expression; optional: boolean }[] = [];
    while (!this.#accept("}")) {
      const optional = this.#accept("?") !== undefined;
      const key = this.#expression();
      this.#expect(":");
      entries.push({ key, value: this.#expression(), optional });
      if (this.#accept(",")) continue;
      this.#expect("}");
      break;
    }
    return { op: "map", at: brace.at, entries };
  }

  #message(type: string, brace: Token): Expression {
    const fields: { name: string; value: Expression; optional: boolean; at: number }[] = [];
    while (!this.#accept("}")) {
      const optional = this.#accept("?") !== undefined;
      const name = this.#fieldName();
      const colon = this.#expect(":");
      fields.push({ name: name.text, value: this.#expression(), optional, at: colon.at });
      if (this.#accept(",")) continue;
      this.#expect("}");
      break;
    }
    return { op: "message", at: brace.at, type, fields };
  }

  #globalCall(name: string, open: Token): Expression {
    const args = this.#arguments(")");
    const [first] = args;
    if (name === "has" && args.length === 1 && first) {
      if (first.op !== "select") throw new SyntaxProblem(first.at, "invalid argument to has() macro");
      return { ...first, at: open.at, test: true };
    }
    return { op: "call", at: open.at, name, target: undefined, args };
  }

  #memberCall(target: Expression, name: string, open: Token): Expression {
    const args = this.#arguments(")");
    return expandMacro(target, name, args, open.at) ?? { op: "call", at: open.at, name, target, args };
  }
}

function negate(value: bigint | number, at: number): bigint | number {
  if (typeof value === "number") return -value;
  if (-value < MIN_INT) throw new SyntaxProblem(at, "invalid int literal");
  return -value;
}

function qualifiedName(expression: Expression): string | undefined {
  if (expression.op === "identifier") return expression.name;
  if (expression.op !== "select" || expression.test || expression.optional) return undefined;
  const operand = qualifiedName(expression.operand);
  return operand === undefined ? undefined : `${operand}.${expression.field}`;
}

function simpleName(expression: Expression | undefined): string {
  if (expression?.op === "identifier") return expression.name;
  throw new SyntaxProblem(expression?.at ?? 0, "argument must be a simple name");
}

const QUANTIFIERS: Readonly<Record<string, Comprehension["macro"]>> = { all: "all", exists: "exists", exists_one: "existsOne", existsOne: "existsOne" };

function expandMacro(range: Expression, name: string, args: readonly Expression[], at: number): Comprehension | undefined {
  const make = (macro: Comprehension["macro"], variables: number, filter: Expression | undefined, body: Expression | undefined): Comprehension => ({
    op: "comprehension",
    at,
    macro,
    range,
    variables: args.slice(0, variables).map(simpleName),
    filter,
    body: body as Expression,
  });
  const [, second, third, fourth] = args;
  const quantifier = Object.hasOwn(QUANTIFIERS, name) ? QUANTIFIERS[name] : undefined;
  if (quantifier && args.length === 2) return make(quantifier, 1, undefined, second);
  if (quantifier && name !== "exists_one" && args.length === 3) return make(quantifier, 2, undefined, third);
  switch (`${name}/${args.length}`) {
    case "map/2":
      return make("map", 1, undefined, second);
    case "map/3":
      return make("map", 1, second, third);
    case "filter/2":
      return make("filter", 1, undefined, second);
    case "transformList/3":
    case "transformMap/3":
    case "transformMapEntry/3":
      return make(name as "transformList", 2, undefined, third);
    case "transformList/4":
    case "transformMap/4":
    case "transformMapEntry/4":
      return make(name as "transformList", 2, third, fourth);
    case "sortBy/2":
    case "optMap/2":
    case "optFlatMap/2":
      return make(name as "sortBy", 1, undefined, second);
    default:
      return undefined;
  }
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const rest = { at: 0 };
  while (rest.at < source.length) {
    const at = rest.at;
    const char = source[at] as string;
    if (/\s/.test(char)) {
      rest.at++;
      continue;
    }
    if (source.startsWith("//", at)) {
      const end = source.indexOf("\n", at);
      rest.at = end < 0 ? source.length : end;
      continue;
    }
    tokens.push(readText(source, rest) ?? readNumber(source, rest) ?? readWord(source, rest) ?? readPunctuation(source, rest));
  }
  tokens.push({ kind: "end", at: source.length, text: "<EOF>" });
  return tokens;
}

function readPunctuation(source: string, rest: { at: number }): Token {
  const at = rest.at;
  const text = PUNCTUATION.find((candidate) => source.startsWith(candidate, at));
  if (text === undefined) {
    if (source[at] === "`") throw new SyntaxProblem(at, "unsupported syntax: '`'");
    const shown = source[at] === "=" && source[at + 1] === " " ? "= " : source[at];
    throw new SyntaxProblem(at, `Syntax error: token recognition error at: '${shown}'`);
  }
  rest.at += text.length;
  return { kind: "punctuation", at, text };
}

function readWord(source: string, rest: { at: number }): Token | undefined {
  const at = rest.at;
  const text = /^[A-Za-z_][A-Za-z0-9_]*/.exec(source.slice(at, at + 1000))?.[0];
  if (text === undefined) return undefined;
  rest.at += text.length;
  if (text === "true" || text === "false") return { kind: "literal", at, text, value: text === "true" };
  if (text === "null") return { kind: "literal", at, text, value: null };
  return { kind: "identifier", at, text };
}

function readNumber(source: string, rest: { at: number }): Token | undefined {
  const at = rest.at;
  const text = /^(?:0x[0-9a-fA-F]+[uU]?|\d+\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+|\.\d+(?:[eE][-+]?\d+)?|\d+[uU]?)/.exec(source.slice(at, at + 1000))?.[0];
  if (text === undefined) return undefined;
  rest.at += text.length;
  if (/^0x/.test(text) ? false : /[.eE]/.test(text)) {
    const value = Number(text);
    if (!Number.isFinite(value)) throw new SyntaxProblem(at, "invalid double literal");
    return { kind: "literal", at, text, value };
  }
  if (/[uU]$/.test(text)) {
    try {
      return { kind: "literal", at, text, value: new Unsigned(BigInt(text.slice(0, -1))) };
    } catch (error) {
      if (error instanceof CelError) throw new SyntaxProblem(at, "invalid uint literal");
      throw error;
    }
  }
  const value = BigInt(text);
  // One more than the greatest int may follow a minus sign.
  if (value > MAX_INT + 1n || (value > MAX_INT && source[at - 1] !== "-")) throw new SyntaxProblem(at, "invalid int literal");
  return { kind: "literal", at, text, value };
}

function readText(source: string, rest: { at: number }): Token | undefined {
  const at = rest.at;
  const prefix = /^(?:[bB][rR]?|[rR][bB]?)?(?=["'])/.exec(source.slice(at, at + 3))?.[0];
  if (prefix === undefined) return undefined;
  const raw = /r/i.test(prefix);
  const bytes = /b/i.test(prefix);
  let next = at + prefix.length;
  const quote = source[next] as string;
  const triple = source.startsWith(quote.repeat(3), next);
  const close = triple ? quote.repeat(3) : quote;
  next += close.length;
  const start = next;
  while (!source.startsWith(close, next)) {
    if (next >= source.length || (!triple && (source[next] === "\n" || source[next] === "\r"))) {
      throw new SyntaxProblem(at, `Syntax error: token recognition error at: '${source.slice(at, next)}'`);
    }
    next += source[next] === "\\" && !raw ? 2 : 1;
  }
  const inside = source.slice(start, next);
  rest.at = next + close.length;
  const text = source.slice(at, rest.at);
  if (bytes) return { kind: "literal", at, text, value: raw ? new TextEncoder().encode(inside) : bytesOf(inside, start) };
  return { kind: "literal", at, text, value: raw ? inside : unescapeText(inside, start) };
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "?": "?",
  '"': '"',
  "'": "'",
  "`": "`",
};
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([abfnrtv\\?"'`])|)/g;

function unescapeText(text: string, at: number): string {
  return text.replace(ESCAPE, (whole, x, upperX, u, upperU, octal, simple) => {
    if (simple) return ESCAPES[simple] as string;
    const code = Number.parseInt(x ?? upperX ?? u ?? upperU ?? octal, octal ? 8 : 16);
    if (whole === "\\" || Number.isNaN(code) || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
      throw new SyntaxProblem(at, `Syntax error: token recognition error at: '${text}'`);
    return String.fromCodePoint(code);
  });
}

function bytesOf(text: string, at: number): Uint8Array {
  const parts: number[] = [];
  let last = 0;
  for (const match of text.matchAll(ESCAPE)) {
    parts.push(...new TextEncoder().encode(text.slice(last, match.index)));
    last = match.index + match[0].length;
    const code = match[1] ?? match[2] ?? match[5];
    if (match[6]) parts.push((ESCAPES[match[6]] as string).charCodeAt(0));
    else if (code !== undefined) parts.push(Number.parseInt(code, match[5] ? 8 : 16));
    else throw new SyntaxProblem(at, "\\u escapes are not allowed in bytes");
  }
  parts.push(...new TextEncoder().encode(text.slice(last)));
  return Uint8Array.from(parts);
}
