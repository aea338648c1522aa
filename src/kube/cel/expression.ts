/**
 * Compiling and running expressions (CEL as Kubernetes v1.36 has it). One program per expression, kept by the caller;
 * each run has a cost limit, so that no input makes it long.
 *
 * @example
 * const compiled = compileExpression("object.spec.replicas <= params.max", { variables: new Map([["object", DYN], ["params", DYN]]) });
 * if (compiled.program) compiled.program.run({ object: dynValue(pod), params: dynValue(limits) }, PER_CALL_LIMIT);
 */
import { type CheckProblem, check } from "./check.ts";
import { compileCode, Frame, type MessageMaker } from "./evaluate.ts";
import type { CelFunction } from "./function.ts";
import { kubernetesFunctions } from "./library/kubernetes.ts";
import { listFunctions } from "./library/lists.ts";
import { optionalFunctions } from "./library/optionals.ts";
import { standardFunctions } from "./library/standard.ts";
import { stringFunctions } from "./library/strings.ts";
import { parse, SyntaxProblem } from "./syntax.ts";
import type { Type } from "./types.ts";
import { CelError, CostExceeded, type Value } from "./values.ts";

/** What one evaluation of one expression may cost, in cel-go's units. */
export const PER_CALL_LIMIT = 1_000_000;
/** What all rules of one custom resource may cost together. */
export const PER_OBJECT_LIMIT = 10_000_000;

export interface Environment {
  readonly variables: ReadonlyMap<string, Type>;
  /** Beyond Kubernetes' own (`authorizer` …). */
  readonly functions?: readonly CelFunction[];
  /** Types that literals such as `Object.spec{…}` may name, and how such a literal becomes a value. */
  readonly messages?: { readonly types: ReadonlyMap<string, Type>; readonly make: MessageMaker };
}

export type Run = { readonly cost: number } & ({ readonly value: Value; readonly error?: undefined } | { readonly error: string; readonly exceeded: boolean });

export interface Program {
  readonly type: Type;
  /** Variables that the expression reads. */
  readonly variables: ReadonlySet<string>;
  /** Never throws for any input. Variables left out are null. */
  run(variables: Readonly<Record<string, Value>>, limit: number): Run;
}

export type Compiled = { readonly program: Program; readonly problem?: undefined } | { readonly program?: undefined; readonly problem: string };

const FUNCTIONS: ReadonlyMap<string, CelFunction> = merged([
  ...standardFunctions,
  ...optionalFunctions,
  ...stringFunctions,
  ...listFunctions,
  ...kubernetesFunctions,
]);

function merged(functions: readonly CelFunction[]): ReadonlyMap<string, CelFunction> {
  return new Map(functions.map((each) => [each.name, each]));
}

/** Parses and checks; `problem` is cel-go's text, several errors a line each with the place underlined. */
export function compileExpression(source: string, environment: Environment): Compiled {
  const functions = environment.functions ? new Map([...FUNCTIONS, ...merged(environment.functions)]) : FUNCTIONS;
  try {
    const expression = parse(source);
    const checked = check(expression, { variables: environment.variables, functions, messages: environment.messages?.types });
    if (checked.problems.length > 0) return { problem: problemText(source, checked.problems) };
    const names = [...environment.variables.keys()];
    const code = compileCode(expression, checked, functions, names, environment.messages?.make);
    return {
      program: {
        type: checked.type,
        variables: checked.variables,
        run(variables, limit) {
          const frame = new Frame(
            names.map((name) => variables[name] ?? null),
            limit,
          );
          try {
            return { value: code(frame), cost: frame.cost };
          } catch (error) {
            if (error instanceof CelError) return { error: error.message, exceeded: false, cost: frame.cost };
            if (error instanceof CostExceeded) return { error: error.message, exceeded: true, cost: frame.cost };
            // Deep nesting of data or expression: the stack is a limit like any other.
            if (error instanceof RangeError) return { error: "operation cancelled: actual cost limit exceeded", exceeded: true, cost: limit };
            throw error;
          }
        },
      },
    };
  } catch (error) {
    return { problem: parseProblem(source, error) };
  }
}

/** What keeps a text from being an expression at all, as `problem` above has it; what its names mean is not looked at. */
export function syntaxProblem(source: string): string | undefined {
  try {
    parse(source);
    return undefined;
  } catch (error) {
    return parseProblem(source, error);
  }
}

function parseProblem(source: string, error: unknown): string {
  if (error instanceof SyntaxProblem) return problemText(source, [{ at: error.at, message: error.message }]);
  if (error instanceof RangeError) return problemText(source, [{ at: 0, message: "expression recursion limit exceeded: 250" }]);
  throw error;
}

function problemText(source: string, problems: readonly CheckProblem[]): string {
  return problems.map((problem) => describe(source, problem)).join("\n");
}

function describe(source: string, { at, message }: CheckProblem): string {
  const before = source.slice(0, at).split("\n");
  const line = before.length;
  const column = [...(before[line - 1] ?? "")].length;
  const shown = source.split("\n")[line - 1] ?? "";
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${shown}\n | ${".".repeat(column)}^`;
}
