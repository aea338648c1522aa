/** Field paths and the errors of validation, worded as apimachinery's `field` package words them. */

export type FieldErrorType =
  | "Required"
  | "Invalid"
  | "NotSupported"
  | "Forbidden"
  | "Duplicate"
  | "NotFound"
  | "TooLong"
  | "TooMany"
  | "TypeInvalid"
  | "Internal";

const TYPES: Record<FieldErrorType, { reason: string; text: string; showsValue: boolean }> = {
  Required: { reason: "FieldValueRequired", text: "Required value", showsValue: false },
  Invalid: { reason: "FieldValueInvalid", text: "Invalid value", showsValue: true },
  NotSupported: { reason: "FieldValueNotSupported", text: "Unsupported value", showsValue: true },
  Forbidden: { reason: "FieldValueForbidden", text: "Forbidden", showsValue: false },
  Duplicate: { reason: "FieldValueDuplicate", text: "Duplicate value", showsValue: true },
  NotFound: { reason: "FieldValueNotFound", text: "Not found", showsValue: true },
  TooLong: { reason: "FieldValueTooLong", text: "Too long", showsValue: false },
  TooMany: { reason: "FieldValueTooMany", text: "Too many", showsValue: true },
  TypeInvalid: { reason: "FieldValueTypeInvalid", text: "Invalid value", showsValue: true },
  Internal: { reason: "InternalError", text: "Internal error", showsValue: false },
};

/** A path into an object: `at.child("spec").index(0).key("app")` reads `spec[0][app]`. */
export class FieldPath {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  static readonly root = new FieldPath("");

  static of(...names: string[]): FieldPath {
    return FieldPath.root.child(...names);
  }

  child(...names: string[]): FieldPath {
    let text = this.text;
    for (const name of names) text = text ? `${text}.${name}` : name;
    return new FieldPath(text);
  }

  index(at: number): FieldPath {
    return new FieldPath(`${this.text}[${at}]`);
  }

  key(key: string): FieldPath {
    return new FieldPath(`${this.text}[${key}]`);
  }

  toString(): string {
    return this.text;
  }
}

/** As the value of an error: shows none (upstream's OmitValueType). */
export const OMIT_VALUE: unique symbol = Symbol("omit value");

/** One rejected field. `field` is the rendered path; `value` the offending value. */
export class FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  readonly value: unknown;
  readonly detail: string;

  constructor(type: FieldErrorType, at: FieldPath | string, value: unknown, detail: string) {
    this.type = type;
    this.field = String(at);
    this.value = value;
    this.detail = detail;
  }

  get reason(): string {
    return TYPES[this.type].reason;
  }

  /** The error without its path: `Invalid value: "x": must be …`. */
  body(): string {
    const { text, showsValue } = TYPES[this.type];
    const value = showsValue && this.value !== OMIT_VALUE ? `: ${renderValue(this.value)}` : "";
    return `${text}${value}${this.detail ? `: ${this.detail}` : ""}`;
  }

  text(): string {
    return this.field ? `${this.field}: ${this.body()}` : this.body();
  }
}

/** As Go shows it: structs as JSON that is safe inside HTML. */
function renderValue(value: unknown): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Go's %q where it differs from JSON: short escapes that JSON has not, \x of other control characters, \u of what does not print. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(UNLIKE_JSON, (found) => {
    if (found === "\\\\") return found;
    if (found === "\\u0007") return "\\a";
    if (found === "\\u000b") return "\\v";
    if (found.length > 1) return `\\x${found.slice(-2)}`;
    return found === "\u007f" ? "\\x7f" : `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** Escaped backslashes are matched to be passed over. */
const UNLIKE_JSON = /\\\\|\\u00[01][0-9a-f]|[\u007f-\u00a0\u00ad\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]/g;

/** Where validation collects what it finds; a whole object is checked before anything is refused. */
export class FieldErrors {
  readonly list: FieldError[] = [];

  add(type: FieldErrorType, at: FieldPath | string, value: unknown, detail: string): void {
    this.list.push(new FieldError(type, at, value, detail));
  }
  required(at: FieldPath, detail = ""): void {
    this.add("Required", at, undefined, detail);
  }
  invalid(at: FieldPath, value: unknown, detail: string): void {
    this.add("Invalid", at, value, detail);
  }
  notSupported(at: FieldPath, value: unknown, supported: readonly string[]): void {
    this.add(
      "NotSupported",
      at,
      value,
      `supported values: ${[...supported]
        .sort()
        .map((each) => JSON.stringify(each))
        .join(", ")}`,
    );
  }
  forbidden(at: FieldPath, detail: string): void {
    this.add("Forbidden", at, undefined, detail);
  }
  duplicate(at: FieldPath, value: unknown): void {
    this.add("Duplicate", at, value, "");
  }
  notFound(at: FieldPath, value: unknown): void {
    this.add("NotFound", at, value, "");
  }
  tooLong(at: FieldPath, max: number, unit: "bytes" | "characters" = "bytes"): void {
    this.add("TooLong", at, undefined, `may not be more than ${max} ${unit}`);
  }
  tooMany(at: FieldPath, actual: number, max: number): void {
    this.add("TooMany", at, actual, `must have at most ${max} items`);
  }
  get empty(): boolean {
    return this.list.length === 0;
  }
}
