/** A short account of how two values differ, for messages that refuse a change. */
import { isObject } from "../object.ts";
import { sameJson } from "./equality.ts";

const MAX_LINES = 20;

/** One line per differing leaf: `  containers[0].name: "b" -> "a"`, the old value first. */
export function differenceText(value: unknown, old: unknown): string {
  const lines: string[] = [];
  collect("", value, old, lines);
  const shown = lines.slice(0, MAX_LINES);
  if (lines.length > MAX_LINES) shown.push(`  … and ${lines.length - MAX_LINES} more`);
  return `${shown.join("\n")}\n`;
}

function collect(path: string, value: unknown, old: unknown, lines: string[]): void {
  if (sameJson(value, old)) return;
  if (isObject(value) && isObject(old)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(value)])) collect(path ? `${path}.${key}` : key, value[key], old[key], lines);
  } else if (Array.isArray(value) && Array.isArray(old)) {
    for (let i = 0; i < Math.max(value.length, old.length); i++) collect(`${path}[${i}]`, value[i], old[i], lines);
  } else lines.push(`  ${path}: ${JSON.stringify(old)} -> ${JSON.stringify(value)}`);
}
