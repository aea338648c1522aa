/** The type checker of the Common Expression Language: what an expression yields, or cel-go's words for what is wrong. */

import { compilePattern } from "../apiextensions/regular-expression.ts";
import type { CelFunction, Overload } from "./function.ts";
import { parseDurationText, parseTimestampText } from "./library/time.ts";
import type { Comprehension, Expression } from "./syntax.ts";
import {
  assignable,
  type Bindings,
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  ERROR,
  INT,
  join,
  listOf,
  mapOf,
  NULL,
  optionalOf,
  STRING,
  substitute,
  TIMESTAMP,
  type Type,
  typeName,
  UINT,
} from "./types.ts";
import { Unsigned, type Value } from "./values.ts";

export interface CheckProblem {
  readonly at: number;
  readonly message: string;
}

export interface Checked {
  readonly type: Type;
  readonly problems: readonly CheckProblem[];
  /** Calls whose target is not a value but a namespace (`sets.contains`) → the function's full name. */
  readonly namespaced: ReadonlyMap<Expression, string>;
  /** Names of the variables that the expression reads. */
  readonly variables: ReadonlySet<string>;
}

export interface CheckScope {
  readonly variables: ReadonlyMap<string, Type>;
  readonly functions: ReadonlyMap<string, CelFunction>;
  /** Types of message literals (`Object.spec`), by name. */
  readonly messages?: ReadonlyMap<string, Type> | undefined;
}

const TYPE_NAMES: ReadonlyMap<string, Type> = new Map<string, Type>([
  ["bool", BOOL],
  ["int", INT],
  ["uint", UINT],
  ["double", DOUBLE],
  ["string", STRING],
  ["bytes", BYTES],
  ["null_type", NULL],
  ["list", listOf(DYN)],
  ["map", mapOf(DYN, DYN)],
  ["dyn", DYN],
  ["type", { kind: "type", of: DYN }],
  ["optional_type", optionalOf(DYN)],
  ["google.protobuf.Timestamp", TIMESTAMP],
  ["google.protobuf.Duration", DURATION],
]);

/** The type that a name stands for as a value (`type(x) == string`). */
export function namedType(name: string): Type | undefined {
  return TYPE_NAMES.get(name);
}

export function check(expression: Expression, scope: CheckScope): Checked {
  const checker = new Checker(scope);
  const type = checker.check(expression, scope.variables);
  return { type, problems: checker.problems, namespaced: checker.namespaced, variables: checker.used };
}

type Variables = ReadonlyMap<string, Type>;

class Checker {
  readonly problems: CheckProblem[] = [];
  readonly namespaced = new Map<Expression, string>();
  readonly used = new Set<string>();
  readonly #scope: CheckScope;
  /** Inside the arguments of format(), where lists may mix types. */
  #mixing = 0;

  constructor(scope: CheckScope) {
    this.#scope = scope;
  }

  #report(at: number, message: string): Type {
    this.problems.push({ at, message });
    return ERROR;
  }

  check(expression: Expression, variables: Variables): Type {
    switch (expression.op) {
      case "literal":
        return literalType(expression.value);
      case "identifier":
        return this.#identifier(expression.name, expression.at, variables);
      case "select":
        return this.#select(expression, variables);
      case "call":
        return this.#call(expression, variables);
      case "list":
        return this.#list(expression, variables);
      case "map":
        return this.#map(expression, variables);
      case "message":
        return this.#message(expression, variables);
      case "comprehension":
        return this.#comprehension(expression, variables);
    }
  }

  #identifier(name: string, at: number, variables: Variables): Type {
    const type = variables.get(name);
    if (type) {
      if (this.#scope.variables.get(name) === type) this.used.add(name);
      return type;
    }
    const named = TYPE_NAMES.get(name);
    return named ? { kind: "type", of: named } : this.#undeclared(name, at);
  }

  #undeclared(name: string, at: number): Type {
    return this.#report(at, `undeclared reference to '${name}' (in container '')`);
  }

  #select(expression: Extract<Expression, { op: "select" }>, variables: Variables): Type {
    const path = qualified(expression, variables);
    const named = path === undefined ? undefined : TYPE_NAMES.get(path);
    if (named) return { kind: "type", of: named };
    const operand = this.check(expression.operand, variables);
    const wrapped = operand.kind === "optional";
    const field = this.#field(wrapped ? operand.value : operand, expression.field, expression.at);
    if (expression.test) return BOOL;
    return wrapped || expression.optional ? (field.kind === "error" ? ERROR : optionalOf(field)) : field;
  }

  #field(operand: Type, field: string, at: number): Type {
    switch (operand.kind) {
      case "dyn":
      case "error":
      case "param":
        return DYN;
      case "map":
        return operand.value;
      case "object":
        return operand.field(field) ?? this.#report(at, `undefined field '${field}'`);
      default:
        return this.#report(at, `type '${typeName(operand)}' does not support field selection`);
    }
  }

  #call(expression: Extract<Expression, { op: "call" }>, variables: Variables): Type {
    const { name, target, args } = expression;
    if (name === "_&&_" || name === "_||_") {
      for (const arg of args) this.#expectBool(this.check(arg, variables), arg.at);
      return BOOL;
    }
    const path = target ? qualified(target, variables) : undefined;
    const namespaced = path === undefined ? undefined : this.#scope.functions.get(`${path}.${name}`);
    if (namespaced) {
      this.namespaced.set(expression, namespaced.name);
      return this.#resolve(namespaced, false, undefined, args, expression.at, variables);
    }
    const declared = this.#scope.functions.get(name);
    if (!declared) {
      if (target) this.check(target, variables);
      this.#undeclared(name, expression.at);
      for (const arg of args) this.check(arg, variables);
      return ERROR;
    }
    return this.#resolve(declared, target !== undefined, target, args, expression.at, variables);
  }

  #expectBool(type: Type, at: number): void {
    if (!assignable(BOOL, type, new Map())) this.#report(at, `expected type 'bool' but found '${typeName(type)}'`);
  }

  #resolve(declared: CelFunction, member: boolean, target: Expression | undefined, args: readonly Expression[], at: number, variables: Variables): Type {
    const nodes = target ? [target, ...args] : args;
    if (declared.name === "format") this.#mixing++;
    const types = nodes.map((node) => this.check(node, variables));
    if (declared.name === "format") this.#mixing--;
    this.#checkLiterals(declared.name, nodes);
    if (types.some((type) => type.kind === "error")) return ERROR;
    let result: Type | undefined;
    for (const overload of declared.overloads) {
      if (overload.member !== member) continue;
      const matched = matchOverload(overload, types);
      if (!matched) continue;
      result = result === undefined || typeName(result) === typeName(matched) ? matched : DYN;
      // Without dyn only one overload can fit.
      if (!types.some(holdsDyn)) break;
    }
    if (result) return result;
    const shown = types.map(typeName);
    const applied = member ? `${shown[0]}.(${shown.slice(1).join(", ")})` : `(${shown.join(", ")})`;
    return this.#report(at, `found no matching overload for '${declared.name}' applied to '${applied}'`);
  }

  /** Literals that will fail at run time fail here. */
  #checkLiterals(name: string, nodes: readonly Expression[]): void {
    const literal = nodes[nodes.length - 1];
    if (literal?.op !== "literal" || typeof literal.value !== "string") return;
    const text = literal.value;
    const fails = (parse: () => unknown) => {
      try {
        parse();
        return false;
      } catch {
        return true;
      }
    };
    const wrong =
      (name === "matches" && nodes.length === 2 && fails(() => compilePattern(text))) ||
      (name === "duration" && fails(() => parseDurationText(text))) ||
      (name === "timestamp" && fails(() => parseTimestampText(text)));
    if (wrong) this.#report(literal.at, `invalid ${name} argument`);
  }

  #list(expression: Extract<Expression, { op: "list" }>, variables: Variables): Type {
    let item: Type | undefined;
    for (const { value, optional } of expression.items) item = this.#joined(item, this.#entry(value, optional, variables), value.at);
    return listOf(item ?? { kind: "param", name: "?" });
  }

  #entry(value: Expression, optional: boolean, variables: Variables): Type {
    const type = this.check(value, variables);
    if (!optional || type.kind === "dyn" || type.kind === "error") return type;
    if (type.kind === "optional") return type.value;
    return this.#report(value.at, `expected type 'optional_type(${typeName(type)})' but found '${typeName(type)}'`);
  }

  #joined(known: Type | undefined, type: Type, at: number): Type {
    if (!known || known.kind === "error") return type;
    const joined = join(known, type);
    if (joined) return joined;
    return this.#mixing > 0 ? DYN : this.#report(at, `expected type '${typeName(known)}' but found '${typeName(type)}'`);
  }

  #map(expression: Extract<Expression, { op: "map" }>, variables: Variables): Type {
    let key: Type | undefined;
    let value: Type | undefined;
    for (const entry of expression.entries) {
      key = this.#joined(key, this.check(entry.key, variables), entry.key.at);
      value = this.#joined(value, this.#entry(entry.value, entry.optional, variables), entry.value.at);
    }
    return mapOf(key ?? { kind: "param", name: "?" }, value ?? { kind: "param", name: "?" });
  }

  #message(expression: Extract<Expression, { op: "message" }>, variables: Variables): Type {
    const type = this.#scope.messages?.get(expression.type);
    for (const field of expression.fields) {
      const given = this.#entry(field.value, field.optional, variables);
      if (type?.kind !== "object") continue;
      const wanted = type.field(field.name);
      if (!wanted) this.#report(field.at, `undefined field '${field.name}'`);
      else if (!assignable(wanted, given, new Map())) {
        this.#report(field.at, `expected type of field '${field.name}' is '${typeName(wanted)}' but provided type is '${typeName(given)}'`);
      }
    }
    return type ?? this.#undeclared(expression.type, expression.at);
  }

  #comprehension(expression: Comprehension, variables: Variables): Type {
    const range = this.check(expression.range, variables);
    if (expression.macro === "optMap" || expression.macro === "optFlatMap") return this.#optional(expression, range, variables);
    const { first, second } = this.#rangeTypes(range, expression.range.at, expression.variables.length === 2);
    const inner = new Map(variables);
    inner.set(expression.variables[0] as string, first);
    if (expression.variables[1] !== undefined) inner.set(expression.variables[1], second);
    if (expression.filter) this.#expectBool(this.check(expression.filter, inner), expression.filter.at);
    const body = this.check(expression.body, inner);
    switch (expression.macro) {
      case "map":
      case "transformList":
        return listOf(body);
      case "filter":
        this.#expectBool(body, expression.body.at);
        return range.kind === "list" ? range : listOf(first);
      case "transformMap":
        return mapOf(range.kind === "list" ? INT : first, body);
      case "transformMapEntry":
        return body.kind === "map" ? body : mapOf(DYN, DYN);
      case "sortBy":
        return range;
      default:
        this.#expectBool(body, expression.body.at);
        return BOOL;
    }
  }

  #rangeTypes(range: Type, at: number, two: boolean): { first: Type; second: Type } {
    if (range.kind === "list") return two ? { first: INT, second: range.item } : { first: range.item, second: DYN };
    if (range.kind === "map") return { first: range.key, second: range.value };
    if (range.kind !== "dyn" && range.kind !== "error" && range.kind !== "param") {
      this.#report(at, `expression of type '${typeName(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`);
      return { first: ERROR, second: ERROR };
    }
    return { first: DYN, second: DYN };
  }

  #optional(expression: Comprehension, range: Type, variables: Variables): Type {
    const value = range.kind === "optional" ? range.value : DYN;
    const body = this.check(expression.body, new Map([...variables, [expression.variables[0] as string, value]]));
    return expression.macro === "optMap" ? optionalOf(body) : body;
  }
}

function matchOverload(overload: Overload, types: readonly Type[]): Type | undefined {
  if (overload.parameters.length !== types.length) return undefined;
  const bindings: Bindings = new Map();
  for (const [index, parameter] of overload.parameters.entries()) if (!assignable(parameter, types[index] as Type, bindings)) return undefined;
  return substitute(overload.result, bindings);
}

function holdsDyn(type: Type): boolean {
  if (type.kind === "list") return holdsDyn(type.item);
  if (type.kind === "map") return holdsDyn(type.key) || holdsDyn(type.value);
  return type.kind === "optional" ? holdsDyn(type.value) : type.kind === "dyn" || type.kind === "param";
}

/** `a.b.c` when it starts with no variable. */
function qualified(expression: Expression, variables: Variables): string | undefined {
  if (expression.op === "identifier") return variables.has(expression.name) ? undefined : expression.name;
  if (expression.op !== "select" || expression.test || expression.optional) return undefined;
  const operand = qualified(expression.operand, variables);
  return operand === undefined ? undefined : `${operand}.${expression.field}`;
}

function literalType(value: Value): Type {
  if (value === null) return NULL;
  if (value instanceof Uint8Array) return BYTES;
  if (value instanceof Unsigned) return UINT;
  switch (typeof value) {
    case "boolean":
      return BOOL;
    case "bigint":
      return INT;
    case "number":
      return DOUBLE;
    default:
      return STRING;
  }
}
