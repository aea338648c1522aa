/** Patterns of schemas: RE2 syntax and linear time, as Go's regexp package. */
import { RE2JS } from "re2js";

const compiled = new Map<string, RE2JS>();
const LIMIT = 500;

/** @throws when the pattern is not RE2. Compiled patterns are kept, the newest 500. */
export function compilePattern(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known) return known;
  const made = RE2JS.compile(pattern);
  if (compiled.size >= LIMIT)
    for (const oldest of compiled.keys()) {
      compiled.delete(oldest);
      break;
    }
  compiled.set(pattern, made);
  return made;
}

/** Go's words for what is wrong with a pattern, or undefined. */
export function patternError(pattern: string): string | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.startsWith("error parsing regexp:") ? text : `error parsing regexp: ${text}`;
  }
}

/** Does the pattern match anywhere in the text? */
export function patternFinds(pattern: string, text: string): boolean {
  return compilePattern(pattern).matcher(text).find();
}
