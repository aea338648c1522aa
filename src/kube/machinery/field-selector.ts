/** Field selectors: `metadata.name=x,status.phase!=Running`, with `\\`, `\,` and `\=` escaped in values. */
import { badRequest } from "./status.ts";

export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** All of its requirements must hold. */
export class FieldSelector {
  readonly requirements: readonly FieldRequirement[];

  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements;
  }

  get empty(): boolean {
    return this.requirements.length === 0;
  }

  /** Whether the fields, looked up by name, meet all requirements. An absent field is "". */
  matches(lookup: (field: string) => string | undefined): boolean {
    for (const { field, operator, value } of this.requirements) {
      if (((lookup(field) ?? "") === value) !== (operator === "=")) return false;
    }
    return true;
  }

  /** The value that `field` must have, when the selector asks for exactly one: a list by name is a get. */
  exact(field: string): string | undefined {
    return this.requirements.find((each) => each.field === field && each.operator === "=")?.value;
  }

  toString(): string {
    return this.requirements.map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`).join(",");
  }
}

/**
 * Parses the text of a `fieldSelector` parameter. Which fields a resource has is for its kind to say.
 * @throws StatusError 400 with upstream's words.
 */
export function parseFieldSelector(text: string): FieldSelector {
  // Upstream sorts the terms, so that equal selectors print alike.
  const terms = splitTerms(text).sort();
  const requirements: FieldRequirement[] = [];
  for (const term of terms) {
    if (term === "") continue;
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    requirements.push({ field: match[1] as string, operator: match[2] === "!=" ? "!=" : "=", value: unescapeFieldValue(match[3] as string) });
  }
  return new FieldSelector(requirements);
}

export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, "\\$&");
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === ",") {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function unescapeFieldValue(text: string): string {
  if (!/[\\,=]/.test(text)) return text;
  let value = "";
  const characters = [...text];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    if (character === "\\") {
      const escaped = characters[++at];
      if (escaped !== "\\" && escaped !== "," && escaped !== "=") throw badRequest(`invalid field selector: invalid escape sequence: \\${escaped ?? ""}`);
      value += escaped;
    } else if (character === "," || character === "=") {
      // Go prints the character by its number here.
      throw badRequest(`invalid field selector: unescaped character in value: ${character.charCodeAt(0)}`);
    } else {
      value += character;
    }
  }
  return value;
}
