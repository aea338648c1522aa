/** What upstream's naming and establishing controllers do, in the turn of the write: clients expect discovery at once. */
import { acceptNames } from "../kube/apiextensions/establish.ts";
import { cloneJson, equalJson } from "../kube/machinery/json.ts";
import type { CustomResourceDefinition } from "../kube/schema/generated/types/apiextensions.v1.ts";
import { DEFINITIONS } from "./resources.ts";
import type { Transaction } from "./store/types.ts";

/** Accepts names and establishes definitions after one of them was written; a write of its own for each that changes. */
export function settleDefinitions(transaction: Transaction, now: Date): void {
  const definitions = [...transaction.list(DEFINITIONS, "")].map(({ key, object }) => ({ key, definition: object as CustomResourceDefinition }));
  for (const entry of definitions) {
    const others = definitions.filter((other) => other !== entry).map((other) => other.definition);
    const settled = acceptNames(entry.definition, others, now);
    if (equalJson(settled, entry.definition)) continue;
    const copy = cloneJson(settled);
    transaction.put(entry.key, copy);
    entry.definition = copy;
  }
}
