/** The differences between two normalised answers, one line each. */
import type { Answer } from "./exchange.ts";

export interface Difference {
  /** Where in the answer: "status", "header warning", "body.spec.replicas". */
  at: string;
  reference: string;
  ours: string;
}

export function differences(reference: Answer, ours: Answer): Difference[] {
  const found: Difference[] = [];
  if (reference.status !== ours.status) found.push({ at: "status", reference: String(reference.status), ours: `${ours.status} ${shorten(ours.body)}` });
  for (const name of new Set([...Object.keys(reference.headers), ...Object.keys(ours.headers)])) {
    if (reference.headers[name] !== ours.headers[name])
      found.push({ at: `header ${name}`, reference: reference.headers[name] ?? "(absent)", ours: ours.headers[name] ?? "(absent)" });
  }
  compareValues(reference.body, ours.body, "body", found);
  return found;
}

function compareValues(reference: unknown, ours: unknown, at: string, found: Difference[]): void {
  if (Array.isArray(reference) && Array.isArray(ours)) {
    if (reference.length !== ours.length)
      found.push({ at: `${at}.length`, reference: `${reference.length} ${shorten(reference)}`, ours: `${ours.length} ${shorten(ours)}` });
    for (let index = 0; index < Math.min(reference.length, ours.length); index++) compareValues(reference[index], ours[index], `${at}[${index}]`, found);
    return;
  }
  if (isObject(reference) && isObject(ours)) {
    for (const name of new Set([...Object.keys(reference), ...Object.keys(ours)])) {
      if (!(name in ours)) found.push({ at: `${at}.${name}`, reference: shorten(reference[name]), ours: "(absent)" });
      else if (!(name in reference)) found.push({ at: `${at}.${name}`, reference: "(absent)", ours: shorten(ours[name]) });
      else compareValues(reference[name], ours[name], `${at}.${name}`, found);
    }
    return;
  }
  if (reference !== ours) found.push({ at, reference: shorten(reference), ours: shorten(ours) });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? "(absent)";
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
