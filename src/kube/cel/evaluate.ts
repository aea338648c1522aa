/**
 * Evaluation: a checked expression becomes a tree of closures. Every step is paid from a budget (cel-go's runtime
 * cost), so that no rule runs longer than its limit whatever its input.
 */
import { type Checked, namedType } from "./check.ts";
import type { CelFunction } from "./function.ts";
import type { Comprehension, Expression } from "./syntax.ts";
import { type Type, typeName } from "./types.ts";
import {
  CelError,
  type CelMap,
  CostExceeded,
  compare,
  isCelObject,
  isList,
  isMap,
  LiteralMap,
  noSuchOverload,
  Optional,
  TypeValue,
  type Value,
} from "./values.ts";

export class Frame {
  /** Values of the variables, by slot. */
  readonly slots: Value[];
  cost = 0;
  readonly limit: number;

  constructor(slots: Value[], limit: number) {
    this.slots = slots;
    this.limit = limit;
  }

  /** @throws CostExceeded */
  spend(units: number): void {
    this.cost += units;
    if (this.cost > this.limit) throw new CostExceeded();
  }
}

/** @throws CelError, CostExceeded */
export type Code = (frame: Frame) => Value;

const COST_LIST = 10;
const COST_MAP = 30;
/** Loop condition and accumulator of one round of a macro. */
const COST_ROUND = 3;

/** Makes literals of declared messages; the fields' values are checked. */
export type MessageMaker = (type: string, fields: ReadonlyMap<string, Value>) => Value;

export function compileCode(
  expression: Expression,
  checked: Checked,
  functions: ReadonlyMap<string, CelFunction>,
  variables: readonly string[],
  makeMessage?: MessageMaker,
): Code {
  return new Compiler(checked, functions, makeMessage).compile(expression, new Map(variables.map((name, slot) => [name, slot])));
}

type Slots = ReadonlyMap<string, number>;

class Compiler {
  readonly #checked: Checked;
  readonly #functions: ReadonlyMap<string, CelFunction>;
  readonly #makeMessage: MessageMaker | undefined;

  constructor(checked: Checked, functions: ReadonlyMap<string, CelFunction>, makeMessage: MessageMaker | undefined) {
    this.#checked = checked;
    this.#functions = functions;
    this.#makeMessage = makeMessage;
  }

  compile(expression: Expression, slots: Slots): Code {
    switch (expression.op) {
      case "literal": {
        const { value } = expression;
        return () => value;
      }
      case "identifier":
        return this.#identifier(expression.name, slots);
      case "select":
        return this.#select(expression, slots);
      case "call":
        return this.#call(expression, slots);
      case "list":
        return this.#list(expression, slots);
      case "map":
        return this.#map(expression, slots);
      case "message":
        return this.#message(expression, slots);
      case "comprehension":
        return this.#comprehension(expression, slots);
    }
  }

  #identifier(name: string, slots: Slots): Code {
    const slot = slots.get(name);
    if (slot === undefined) return constantType(namedType(name));
    return (frame) => {
      frame.spend(1);
      return frame.slots[slot] as Value;
    };
  }

  #select(expression: Extract<Expression, { op: "select" }>, slots: Slots): Code {
    const named = typePath(expression, slots);
    if (named) return constantType(named);
    const operand = this.compile(expression.operand, slots);
    const { field } = expression;
    if (expression.test) {
      return (frame) => {
        frame.spend(1);
        const value = operand(frame);
        if (value instanceof Optional) return value.value !== undefined && fieldOf(value.value, field) !== undefined;
        return fieldOf(value, field) !== undefined;
      };
    }
    if (expression.optional) {
      return (frame) => {
        frame.spend(1);
        return optionalField(operand(frame), field);
      };
    }
    return (frame) => {
      frame.spend(1);
      const value = operand(frame);
      if (value instanceof Optional) return optionalField(value, field);
      const found = fieldOf(value, field);
      if (found === undefined) throw new CelError(`no such key: ${field}`);
      return found;
    };
  }

  #call(expression: Extract<Expression, { op: "call" }>, slots: Slots): Code {
    const { name, target, args } = expression;
    if (name === "_&&_" || name === "_||_") return this.#logical(name === "_&&_", args, slots);
    if (name === "_?_:_") return this.#conditional(args, slots);
    const namespaced = this.#checked.namespaced.get(expression);
    const declared = this.#functions.get(namespaced ?? name);
    if (!declared) throw new Error(`unchecked call of ${name}`);
    const nodes = target && namespaced === undefined ? [target, ...args] : args;
    const codes = nodes.map((node) => this.compile(node, slots));
    if ((name === "orValue" || name === "or") && codes.length === 2) return lazyDefault(name, codes[0] as Code, codes[1] as Code);
    const cost = declared.cost?.bind(declared);
    const call = declared.call.bind(declared);
    return (frame) => {
      const values = codes.map((code) => code(frame));
      frame.spend(cost ? cost(values) : 1);
      return call(values);
    };
  }

  /** Either side may decide alone: an error of the other side is then forgotten. */
  #logical(and: boolean, args: readonly Expression[], slots: Slots): Code {
    const [left, right] = args.map((arg) => this.compile(arg, slots)) as [Code, Code];
    const decisive = !and;
    return (frame) => {
      const first = attempt(left, frame);
      if (first === decisive) return decisive;
      const second = attempt(right, frame);
      if (second === decisive) return decisive;
      if (first instanceof CelError) throw first;
      if (second instanceof CelError) throw second;
      if (typeof first !== "boolean" || typeof second !== "boolean") throw noSuchOverload();
      return !decisive;
    };
  }

  #conditional(args: readonly Expression[], slots: Slots): Code {
    const [condition, then, otherwise] = args.map((arg) => this.compile(arg, slots)) as [Code, Code, Code];
    return (frame) => {
      frame.spend(1);
      const decided = condition(frame);
      if (typeof decided !== "boolean") throw noSuchOverload();
      return decided ? then(frame) : otherwise(frame);
    };
  }

  #list(expression: Extract<Expression, { op: "list" }>, slots: Slots): Code {
    const items = expression.items.map(({ value, optional }) => ({ code: this.compile(value, slots), optional }));
    return (frame) => {
      frame.spend(COST_LIST);
      const list: Value[] = [];
      for (const { code, optional } of items) {
        const value = code(frame);
        if (!optional) list.push(value);
        else if (value instanceof Optional && value.value !== undefined) list.push(value.value);
      }
      return list;
    };
  }

  #map(expression: Extract<Expression, { op: "map" }>, slots: Slots): Code {
    const entries = expression.entries.map(({ key, value, optional }) => ({ key: this.compile(key, slots), value: this.compile(value, slots), optional }));
    return (frame) => {
      frame.spend(COST_MAP);
      const map = new LiteralMap();
      for (const { key, value, optional } of entries) {
        const [name, given] = [key(frame), value(frame)];
        if (!optional) map.add(name, given);
        else if (given instanceof Optional && given.value !== undefined) map.add(name, given.value);
      }
      return map;
    };
  }

  #message(expression: Extract<Expression, { op: "message" }>, slots: Slots): Code {
    const make = this.#makeMessage;
    const fields = expression.fields.map(({ name, value, optional }) => ({ name, code: this.compile(value, slots), optional }));
    return (frame) => {
      if (!make) throw noSuchOverload();
      frame.spend(40);
      const given = new Map<string, Value>();
      for (const { name, code, optional } of fields) {
        const value = code(frame);
        if (!optional) given.set(name, value);
        else if (value instanceof Optional && value.value !== undefined) given.set(name, value.value);
      }
      return make(expression.type, given);
    };
  }

  #comprehension(expression: Comprehension, slots: Slots): Code {
    const range = this.compile(expression.range, slots);
    const inner = new Map(slots);
    // A slot of its own for every nesting level: inner loops never overwrite outer variables.
    const slot = Math.max(-1, ...slots.values()) + 1;
    inner.set(expression.variables[0] as string, slot);
    if (expression.variables[1] !== undefined) inner.set(expression.variables[1], slot + 1);
    const body = this.compile(expression.body, inner);
    const filter = expression.filter ? this.compile(expression.filter, inner) : undefined;
    const two = expression.variables.length === 2;
    const rounds = (frame: Frame, round: (first: Value) => boolean): void => {
      forEach(range(frame), two, (first, second) => {
        frame.spend(COST_ROUND);
        frame.slots[slot] = first;
        if (two) frame.slots[slot + 1] = second;
        if (filter && !bool(filter(frame))) return true;
        return round(first);
      });
    };
    switch (expression.macro) {
      case "all":
        return quantifier(rounds, body, false);
      case "exists":
        return quantifier(rounds, body, true);
      case "existsOne":
        return (frame) => {
          let count = 0;
          rounds(frame, () => {
            if (bool(body(frame))) count++;
            return true;
          });
          return count === 1;
        };
      case "map":
      case "transformList":
        return (frame) => {
          const list: Value[] = [];
          rounds(frame, () => {
            frame.spend(COST_LIST);
            list.push(body(frame));
            return true;
          });
          return list;
        };
      case "filter":
        return (frame) => {
          const list: Value[] = [];
          rounds(frame, (first) => {
            if (bool(body(frame))) {
              frame.spend(COST_LIST);
              list.push(first);
            }
            return true;
          });
          return list;
        };
      case "transformMap":
        return (frame) => {
          const map = new LiteralMap();
          rounds(frame, (first) => {
            frame.spend(COST_LIST);
            map.add(first, body(frame));
            return true;
          });
          return map;
        };
      case "transformMapEntry":
        return (frame) => {
          const map = new LiteralMap();
          rounds(frame, () => {
            frame.spend(COST_LIST);
            const made = body(frame);
            if (!isMap(made)) throw noSuchOverload();
            for (const key of made.keys()) map.add(key, made.get(key) as Value);
            return true;
          });
          return map;
        };
      case "sortBy":
        return (frame) => {
          const keyed: { item: Value; key: Value }[] = [];
          rounds(frame, (item) => {
            frame.spend(COST_LIST);
            keyed.push({ item, key: body(frame) });
            return true;
          });
          return keyed.sort((a, b) => compare(a.key, b.key) ?? 0).map(({ item }) => item);
        };
      case "optMap":
      case "optFlatMap":
        return (frame) => {
          const optional = range(frame);
          if (!(optional instanceof Optional)) throw noSuchOverload();
          if (optional.value === undefined) return Optional.none;
          frame.slots[slot] = optional.value;
          const value = body(frame);
          return expression.macro === "optMap" ? new Optional(value) : value;
        };
    }
  }
}

function constantType(type: Type | undefined): Code {
  const value = new TypeValue(type ? runtimeTypeName(type) : "error");
  return () => value;
}

function runtimeTypeName(type: Type): string {
  if (type.kind === "list" || type.kind === "map" || type.kind === "type") return type.kind;
  if (type.kind === "optional") return "optional_type";
  const name = typeName(type);
  return name === "timestamp" ? "google.protobuf.Timestamp" : name === "duration" ? "google.protobuf.Duration" : name === "null" ? "null_type" : name;
}

function typePath(expression: Expression, slots: Slots): Type | undefined {
  const parts: string[] = [];
  let node = expression;
  for (; node.op === "select" && !node.test && !node.optional; node = node.operand) parts.unshift(node.field);
  if (node.op !== "identifier" || slots.has(node.name)) return undefined;
  return namedType([node.name, ...parts].join("."));
}

function attempt(code: Code, frame: Frame): Value | CelError {
  try {
    return code(frame);
  } catch (error) {
    if (error instanceof CelError) return error;
    throw error;
  }
}

function bool(value: Value): boolean {
  if (typeof value !== "boolean") throw noSuchOverload();
  return value;
}

/** all and exists: one round that decides outweighs errors of others. */
function quantifier(rounds: (frame: Frame, round: () => boolean) => void, body: Code, decisive: boolean): Code {
  return (frame) => {
    let failure: CelError | undefined;
    let decided = false;
    rounds(frame, () => {
      const value = attempt(body, frame);
      if (value === decisive) decided = true;
      else if (value instanceof CelError) failure ??= value;
      else if (typeof value !== "boolean") failure ??= noSuchOverload();
      return !decided;
    });
    if (decided) return decisive;
    if (failure) throw failure;
    return !decisive;
  };
}

/** Goes through a list (item, or index and item) or a map (key, or key and value) until `round` says false. */
function forEach(range: Value, two: boolean, round: (first: Value, second: Value) => boolean): void {
  if (isList(range)) {
    for (let index = 0; index < range.length; index++) {
      const item = range[index] as Value;
      if (!(two ? round(BigInt(index), item) : round(item, null))) return;
    }
    return;
  }
  if (!isMap(range)) throw noSuchOverload();
  for (const key of range.keys()) if (!round(key, two ? (range.get(key) as Value) : null)) return;
}

function lazyDefault(name: string, optional: Code, fallback: Code): Code {
  return (frame) => {
    frame.spend(1);
    const value = optional(frame);
    if (!(value instanceof Optional)) throw noSuchOverload();
    if (value.value === undefined) return fallback(frame);
    return name === "orValue" ? value.value : value;
  };
}

/** undefined = not set. */
function fieldOf(value: Value, field: string): Value | undefined {
  if (isCelObject(value)) return value.get(field);
  if (isMap(value)) return (value as CelMap).get(field);
  throw noSuchOverload();
}

function optionalField(operand: Value, field: string): Value {
  const value = operand instanceof Optional ? operand.value : operand;
  if (value === undefined) return Optional.none;
  const found = fieldOf(value, field);
  return found === undefined ? Optional.none : new Optional(found);
}
