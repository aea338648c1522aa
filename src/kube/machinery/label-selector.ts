/**
 * Label selectors: the text of a `labelSelector` query parameter and the LabelSelector objects of specs, both turned
 * into requirements that labels meet or not.
 */
import type { LabelSelector as LabelSelectorObject, LabelSelectorRequirement } from "../schema/generated/types/meta.v1.ts";
import { FieldError, type FieldErrors, type FieldPath } from "./field.ts";
import { entryOf } from "./json-value.ts";
import { isQualifiedName, isValidLabelValue } from "./names.ts";
import { badRequest, type StatusError } from "./status.ts";

export type { LabelSelectorObject };

export type Labels = Readonly<Record<string, string>>;

export type LabelOperator = "=" | "==" | "!=" | "in" | "notin" | "exists" | "!" | "gt" | "lt";

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** Sorted. One for comparisons, none for (non-)existence. */
  readonly values: readonly string[];
}

/** All of its requirements must hold. No requirements: everything matches. `NOTHING`: nothing does. */
export class LabelSelector {
  readonly requirements: readonly LabelRequirement[];
  readonly #matchesNone: boolean;

  constructor(requirements: readonly LabelRequirement[], matchesNone = false) {
    this.requirements = requirements;
    this.#matchesNone = matchesNone;
  }

  /** True when it filters nothing out. */
  get empty(): boolean {
    return this.requirements.length === 0 && !this.#matchesNone;
  }

  matches(labels: Labels | undefined): boolean {
    if (this.#matchesNone) return false;
    for (const requirement of this.requirements) if (!meets(labels, requirement)) return false;
    return true;
  }

  /** The selector's text, `a=b,c in (d,e),!f`; parsing it gives the same selector. */
  toString(): string {
    return this.requirements.map(requirementText).join(",");
  }
}

export const EVERYTHING = new LabelSelector([]);
export const NOTHING = new LabelSelector([], true);

/**
 * Parses the text form: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2`.
 * @throws StatusError 400 with upstream's words.
 */
export function parseLabelSelector(text: string): LabelSelector {
  if (text === "") return EVERYTHING;
  try {
    return new LabelSelector(new SelectorParser(text).parse().sort(byKey));
  } catch (error) {
    if (error instanceof SyntaxProblem) throw rejected(error.message);
    throw error;
  }
}

/**
 * The selector of a spec's object. undefined matches nothing, an empty one everything.
 * @throws Error when a key, value or operator is not valid (validated objects never are).
 */
export function fromLabelSelectorObject(selector: LabelSelectorObject | undefined | null): LabelSelector {
  if (!selector) return NOTHING;
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) requirements.push(requirement(key, "=", [value]));
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const translated = entryOf(OBJECT_OPERATORS, operator);
    if (!translated) throw new Error(`${JSON.stringify(operator)} is not a valid label selector operator`);
    requirements.push(requirement(key, translated, [...values].sort()));
  }
  return requirements.length === 0 ? EVERYTHING : new LabelSelector(requirements.sort(byKey));
}

/** The selector that a plain map is (a Service's, a ReplicationController's): equality of each. */
export function fromLabels(labels: Labels | undefined | null): LabelSelector {
  return fromLabelSelectorObject({ matchLabels: { ...labels } });
}

/** A LabelSelector object's text for scale.status.selector; "" when it is empty, absent or broken. */
export function selectorText(selector: LabelSelectorObject | undefined | null): string {
  try {
    return fromLabelSelectorObject(selector).toString();
  } catch {
    return "";
  }
}

/** A LabelSelector object's text in a table's cell: `<none>` when there is nothing to print, `<error>` when it is broken. */
export function selectorCell(selector: LabelSelectorObject | undefined | null): string {
  try {
    return fromLabelSelectorObject(selector).toString() || "<none>";
  } catch {
    return "<error>";
  }
}

/** Collects what is wrong with a LabelSelector object. `allowInvalidValues` excuses values that were stored before they were checked. */
export function validateLabelSelector(
  selector: LabelSelectorObject | undefined | null,
  errors: FieldErrors,
  at: FieldPath,
  { allowInvalidValues = false }: { allowInvalidValues?: boolean } = {},
): void {
  if (!selector) return;
  validateLabels(selector.matchLabels, errors, at.child("matchLabels"));
  for (const [index, expression] of (selector.matchExpressions ?? []).entries()) {
    validateExpression(expression, errors, at.child("matchExpressions").index(index), allowInvalidValues);
  }
}

/** Label keys and values, as metadata.labels and matchLabels hold them. */
export function validateLabels(labels: Labels | undefined | null, errors: FieldErrors, at: FieldPath): void {
  for (const key in labels) {
    const value = labels[key] as string;
    for (const message of isQualifiedName(key)) errors.invalid(at, key, message);
    for (const message of isValidLabelValue(value)) errors.invalid(at, value, message);
  }
}

const OBJECT_OPERATORS: Readonly<Record<string, LabelOperator>> = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "!" };

function validateExpression({ key, operator, values = [] }: LabelSelectorRequirement, errors: FieldErrors, at: FieldPath, allowInvalidValues: boolean): void {
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0) errors.required(at.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length > 0) errors.forbidden(at.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else {
    errors.invalid(at.child("operator"), operator, "not a valid selector operator");
  }
  for (const message of isQualifiedName(key)) errors.invalid(at.child("key"), key, message);
  if (allowInvalidValues) return;
  for (const [index, value] of values.entries()) {
    for (const message of isValidLabelValue(value)) errors.invalid(at.child("values").index(index), value, message);
  }
}

function meets(labels: Labels | undefined, { key, operator, values }: LabelRequirement): boolean {
  const value = labels && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "=":
    case "==":
      return value === values[0] && value !== undefined;
    case "in":
      return value !== undefined && values.includes(value);
    case "!=":
    case "notin":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    default: {
      const [actual, bound] = [parseInt64(value), parseInt64(values[0])];
      if (actual === undefined || bound === undefined) return false;
      return operator === "gt" ? actual > bound : actual < bound;
    }
  }
}

function requirementText({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${values.join(",")})`;
    case "gt":
    case "lt":
      return `${key}${operator === "gt" ? ">" : "<"}${values.join(",")}`;
    default:
      return `${key}${operator}${values.join(",")}`;
  }
}

function byKey(a: LabelRequirement, b: LabelRequirement): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

function parseInt64(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[-+]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** A requirement whose parts are checked; the error lists all that is wrong with it. */
function requirement(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  const found: FieldError[] = [];
  const badKey = isQualifiedName(key);
  if (badKey.length > 0) found.push(new FieldError("Invalid", "key", key, badKey.join("; ")));
  if ((operator === "in" || operator === "notin") && values.length === 0) {
    found.push(new FieldError("Invalid", "values", values, "for 'in', 'notin' operators, values set can't be empty"));
  }
  if ((operator === "exists" || operator === "!") && values.length > 0) {
    found.push(new FieldError("Invalid", "values", values, "values set must be empty for exists and does not exist"));
  }
  if (operator === "gt" || operator === "lt") {
    for (const [index, value] of values.entries()) {
      if (parseInt64(value) !== undefined) continue;
      found.push(new FieldError("Invalid", `values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"));
    }
  }
  for (const [index, value] of values.entries()) {
    const bad = isValidLabelValue(value);
    if (bad.length > 0) found.push(new FieldError("Invalid", `values[${index}][${key}]`, value, bad.join("; ")));
  }
  if (found.length > 0) {
    const texts = [...new Set(found.map((error) => error.text()))];
    throw new SyntaxProblem(texts.length === 1 ? (texts[0] as string) : `[${texts.join(", ")}]`);
  }
  return { key, operator, values };
}

class SyntaxProblem extends Error {}

function rejected(message: string): StatusError {
  return badRequest(message);
}

type Token = { type: "end" | "identifier" | "error" | "(" | ")" | "," | "!" | "=" | "==" | "!=" | ">" | "<" | "in" | "notin"; text: string };

const SPECIAL = "=!(),><";
const SPACE = " \t\r\n";

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && SPACE.includes(text[at] as string)) at++;
    if (at >= text.length) break;
    const first = text[at] as string;
    if (SPECIAL.includes(first)) {
      const two = text.slice(at, at + 2);
      const symbol = two === "==" || two === "!=" ? two : first;
      tokens.push({ type: symbol as Token["type"], text: symbol });
      at += symbol.length;
      continue;
    }
    const start = at;
    while (at < text.length && !SPECIAL.includes(text[at] as string) && !SPACE.includes(text[at] as string)) at++;
    const word = text.slice(start, at);
    tokens.push({ type: word === "in" || word === "notin" ? word : "identifier", text: word });
  }
  tokens.push({ type: "end", text: "" });
  return tokens;
}

const BINARY_OPERATORS = "in, notin, =, ==, !=, gt, lt";

/** Recursive descent over the tokens. "in" and "notin" are words except where an operator is due. */
class SelectorParser {
  readonly #tokens: Token[];
  #position = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const next = this.#peek();
      if (next.type === "end") return requirements;
      if (next.type !== "identifier" && next.type !== "!") throw new SyntaxProblem(`found '${next.text}', expected: !, identifier, or 'end of string'`);
      try {
        requirements.push(this.#requirement());
      } catch (error) {
        if (error instanceof SyntaxProblem) throw new SyntaxProblem(`unable to parse requirement: ${error.message}`);
        throw error;
      }
      const separator = this.#take();
      if (separator.type === "end") return requirements;
      if (separator.type !== ",") throw new SyntaxProblem(`found '${separator.text}', expected: ',' or 'end of string'`);
      const following = this.#peek();
      if (following.type !== "identifier" && following.type !== "!") throw new SyntaxProblem(`found '${following.text}', expected: identifier after ','`);
    }
  }

  #requirement(): LabelRequirement {
    let token = this.#take();
    const negated = token.type === "!";
    if (negated) token = this.#take();
    if (token.type !== "identifier") throw new SyntaxProblem(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const bad = isQualifiedName(key);
    if (bad.length > 0) throw new SyntaxProblem(new FieldError("Invalid", "<nil>", key, bad.join("; ")).text());
    const next = this.#peek();
    if (negated) return requirement(key, "!", []);
    if (next.type === "end" || next.type === ",") return requirement(key, "exists", []);
    const operator = this.#operator();
    const values = operator === "in" || operator === "notin" ? this.#values() : [this.#value()];
    return requirement(key, operator, [...new Set(values)].sort());
  }

  #operator(): LabelOperator {
    const token = this.#tokens[this.#position++] as Token;
    switch (token.type) {
      case "in":
      case "notin":
      case "=":
      case "==":
      case "!=":
        return token.type;
      case ">":
        return "gt";
      case "<":
        return "lt";
      default:
        throw new SyntaxProblem(`found '${token.text}', expected: ${BINARY_OPERATORS}`);
    }
  }

  #values(): string[] {
    const open = this.#take();
    if (open.type !== "(") throw new SyntaxProblem(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.type === ")") {
      this.#take();
      return [""];
    }
    if (first.type !== "identifier" && first.type !== ",") throw new SyntaxProblem(`found '${first.text}', expected: ',', ')' or identifier`);
    const values: string[] = [];
    for (;;) {
      const token = this.#take();
      if (token.type === "identifier") {
        values.push(token.text);
        const after = this.#peek();
        if (after.type === ")") break;
        if (after.type !== ",") throw new SyntaxProblem(`found '${after.text}', expected: ',' or ')'`);
      } else if (token.type === ",") {
        if (values.length === 0) values.push("");
        const after = this.#peek();
        if (after.type === ")" || after.type === ",") values.push("");
        if (after.type === ")") break;
      } else {
        throw new SyntaxProblem(`found '${token.text}', expected: ',', or identifier`);
      }
    }
    this.#take();
    return values;
  }

  #value(): string {
    const next = this.#peek();
    if (next.type === "end" || next.type === ",") return "";
    const token = this.#take();
    if (token.type !== "identifier") throw new SyntaxProblem(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  #peek(): Token {
    return asWord(this.#tokens[this.#position] ?? END);
  }

  #take(): Token {
    const token = this.#peek();
    this.#position++;
    return token;
  }
}

const END: Token = { type: "end", text: "" };

function asWord(token: Token): Token {
  return token.type === "in" || token.type === "notin" ? { type: "identifier", text: token.text } : token;
}
