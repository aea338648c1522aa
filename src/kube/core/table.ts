/** Columns and cells that many kinds share in their tables (kubectl get). */
import type { Column } from "../kind.ts";
import { ageOf } from "../machinery/duration.ts";
import type { KubeObject } from "../object.ts";

export const NAME: Column = { name: "Name", type: "string", format: "name" };
export const AGE: Column = { name: "Age", type: "string" };

/** The columns of a kind without a printer of its own; pair with `nameAndCreation`. */
export const NAME_AND_CREATION: readonly Column[] = [NAME, { name: "Created At", type: "date" }];

/** A text column; `wide` ones show with -o wide only. What it says of itself is in data/column-descriptions.json. */
export function column(name: string, options: { wide?: boolean; type?: Column["type"] } = {}): Column {
  const made: Column = { name, type: options.type ?? "string" };
  if (options.wide) made.priority = 1;
  return made;
}

export function nameCell(object: KubeObject): string {
  return object.metadata.name ?? "";
}

export function ageCell(object: KubeObject, now: Date): string {
  return ageOf(object.metadata.creationTimestamp, now);
}

export function nameAndCreation(object: KubeObject): string[] {
  return [nameCell(object), object.metadata.creationTimestamp ?? ""];
}

/** Labels as `a=1,b=2` in key order, or `<none>`. */
export function labelsCell(labels: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(labels ?? {});
  if (entries.length === 0) return "<none>";
  return entries
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(",");
}

/** The first three of a long list and how many more there are. */
export function firstThree(values: readonly string[]): string {
  const shown = values.slice(0, 3).join(",");
  return values.length > 3 ? `${shown} + ${values.length - 3} more...` : shown;
}
