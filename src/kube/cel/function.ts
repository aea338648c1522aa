/** Functions that expressions may call: their signatures for the checker, their code and cost for evaluation. */
import { parseType, type Type } from "./types.ts";
import type { Value } from "./values.ts";

export interface Overload {
  /** Called as `target.name(…)`; the target is the first parameter. */
  readonly member: boolean;
  readonly parameters: readonly Type[];
  readonly result: Type;
}

export interface CelFunction {
  readonly name: string;
  readonly overloads: readonly Overload[];
  /** @throws CelError */
  call(args: readonly Value[]): Value;
  /** Cost of one call beyond its arguments'; default 1. */
  cost?(args: readonly Value[]): number;
}

/**
 * A function with overloads written as `"(int, int) -> bool"` or, for members, `"list(T).(int) -> T"`. One
 * implementation serves all overloads: it looks at its values, as checking may have been bypassed by dyn.
 */
export function define(name: string, signatures: string | readonly string[], call: CelFunction["call"], cost?: CelFunction["cost"]): CelFunction {
  let overloads: readonly Overload[] | undefined;
  return {
    name,
    get overloads() {
      overloads ??= (typeof signatures === "string" ? [signatures] : signatures).map(parseSignature);
      return overloads;
    },
    call,
    ...(cost ? { cost } : {}),
  };
}

function parseSignature(text: string): Overload {
  const arrow = text.lastIndexOf("->");
  const result = parseType(text.slice(arrow + 2));
  const head = text.slice(0, arrow).trim();
  const dot = head.indexOf(".(");
  const receiver = head.startsWith("(") ? undefined : head.slice(0, dot);
  const list = head.slice(receiver === undefined ? 1 : dot + 2, -1).trim();
  const parameters = splitTopLevel(list).map(parseType);
  return { member: receiver !== undefined, parameters: receiver === undefined ? parameters : [parseType(receiver), ...parameters], result };
}

function splitTopLevel(text: string): string[] {
  if (text === "") return [];
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")") depth--;
    else if (text[at] === "," && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** Cost of going once through texts of this many characters. */
export function traversal(size: number): number {
  return Math.ceil(size * 0.1);
}
