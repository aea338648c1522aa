/** Recorded answers of the reference: one file a scenario, one answer a line, equal bodies stored once. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Answer } from "./exchange.ts";

type Recorded = [id: string, status: number, headers: Record<string, string>, body: unknown];

/** Marks a body that equals an earlier one: `{"same as": "<id>"}`. */
const SAME_AS = "same as";

export function writeGolden(folder: string, name: string, answers: ReadonlyMap<string, Answer>): void {
  const seen = new Map<string, string>();
  const lines = [...answers].map(([id, { status, headers, body }]) => {
    const text = JSON.stringify(body);
    const earlier = text.length > 100 ? seen.get(text) : undefined;
    if (earlier === undefined) seen.set(text, id);
    return JSON.stringify([id, status, headers, earlier === undefined ? body : { [SAME_AS]: earlier }] satisfies Recorded);
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `[\n${lines.join(",\n")}\n]\n`);
}

/** undefined when the scenario was never recorded. */
export function readGolden(folder: string, name: string): Map<string, Answer> | undefined {
  const file = join(folder, `${name}.json`);
  if (!existsSync(file)) return undefined;
  const recorded: Recorded[] = JSON.parse(readFileSync(file, "utf8"));
  const answers = new Map<string, Answer>();
  for (const [id, status, headers, body] of recorded) {
    const reference = typeof body === "object" && body !== null && SAME_AS in body ? String(body[SAME_AS]) : undefined;
    answers.set(id, { status, headers, body: reference === undefined ? body : answers.get(reference)?.body });
  }
  return answers;
}
