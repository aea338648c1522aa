/**
 * YAML in and out as the Kubernetes API reads and writes it: YAML 1.1 scalars (`yes` is true, `0777` is octal) but
 * neither timestamps nor base-60 numbers; the first document of a stream only; keys become JSON strings.
 */
import {
  type Alias,
  Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type ScalarTag,
  type Tags,
  visit,
  type YAMLMap,
  type YAMLParseError,
} from "yaml";

export class YamlError extends Error {}

export interface YamlReport {
  /** `line 3: key "name" already set in map`, in document order. */
  readonly duplicates: string[];
}

/** Timestamps stay text, and `12:30` is a string: the original's YAML reader knows no base 60. */
function tags(all: Tags): Tags {
  return all.filter((tag) => {
    if (typeof tag === "string") return true;
    return tag.tag !== "tag:yaml.org,2002:timestamp" && !("format" in tag && tag.format === "TIME");
  });
}

/**
 * YAML → JSON text; integers keep all their digits. A repeated key is reported, and its last value wins.
 * An empty document is `{}`.
 * @throws YamlError
 */
export function yamlToJson(text: string, report: YamlReport): string {
  if (CONTROL_CHARACTER.test(text)) throw new YamlError("yaml: control characters are not allowed");
  try {
    return convert(text, report);
  } catch (error) {
    // A hundred aliases, each below a hundred levels, are deeper than a stack.
    if (error instanceof RangeError) throw new YamlError(TOO_DEEP);
    throw error;
  }
}

const TOO_DEEP = "yaml: exceeded max depth";

/** What YAML calls not printable (§5.1): most of C0 and C1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTER = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

function convert(text: string, report: YamlReport): string {
  const first = text.trimStart();
  if (first.startsWith("{") && isJson(first)) return text;
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: "1.1",
    merge: true,
    uniqueKeys: false,
    intAsBigInt: true,
    lineCounter: lines,
    prettyErrors: false,
    customTags: (all) => withoutBareDot(tags(all)),
  });
  const document = Array.isArray(documents) ? documents[0] : undefined;
  if (!document?.contents) return "{}";
  if (document.warnings.some(({ code }) => code === "BAD_DIRECTIVE")) throw new YamlError("yaml: found incompatible YAML document");
  const error = document.errors[0];
  if (error) throw new YamlError(problem(error, lines.linePos(error.pos[0]).line));
  const writer = new JsonWriter(lines, report);
  const json = writer.write(document.contents);
  return json === "null" ? "{}" : json;
}

/** The original's words for the usual slips; it names no line in the first one. */
const PROBLEMS: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: "mapping values are not allowed in this context",
  TAB_AS_INDENT: "found character that cannot start any token",
  MULTILINE_IMPLICIT_KEY: "could not find expected ':'",
};

function problem({ code, message }: YAMLParseError, line: number): string {
  if (code === "RESOURCE_EXHAUSTION" || message.includes("call stack")) return TOO_DEEP;
  return `yaml: ${line > 1 ? `line ${line}: ` : ""}${PROBLEMS[code] ?? message}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Aliases may multiply a small document into a huge one; a manifest never needs this many nodes by alias. */
const MAX_ALIASED_NODES = 100_000;

const MAX_ALIAS_DEPTH = 100;

class JsonWriter {
  readonly #lines: LineCounter;
  readonly #report: YamlReport;
  /** Anchors seen so far; an alias names the last one before it. */
  readonly #anchors = new Map<string, Node>();
  #aliasDepth = 0;
  #aliasedNodes = 0;

  constructor(lines: LineCounter, report: YamlReport) {
    this.#lines = lines;
    this.#report = report;
  }

  write(node: unknown): string {
    if (this.#aliasDepth > 0 && ++this.#aliasedNodes > MAX_ALIASED_NODES) throw new YamlError("yaml: document contains excessive aliasing");
    if (isAlias(node)) return this.#through(node, (target) => this.write(target));
    if (isNode(node) && node.anchor && this.#aliasDepth === 0) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return scalar(node.value);
    if (isSeq(node)) return `[${node.items.map((item) => this.write(item)).join(",")}]`;
    if (isMap(node)) return `{${[...this.#fields(node)].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
    return "null";
  }

  /** Follows an alias, which may stand within its own anchor. */
  #through<T>(alias: Alias, use: (target: Node) => T): T {
    const target = this.#anchors.get(alias.source);
    if (!target) throw new YamlError(`yaml: unknown anchor '${alias.source}' referenced`);
    if (this.#aliasDepth > MAX_ALIAS_DEPTH) throw new YamlError(`yaml: anchor '${alias.source}' value contains itself`);
    this.#aliasDepth++;
    try {
      return use(target);
    } finally {
      this.#aliasDepth--;
    }
  }

  /** Field → JSON text. Merged maps (`<<`) fill in what the map does not say itself. */
  #fields(map: YAMLMap): Map<string, string> {
    const fields = new Map<string, string>();
    const merged: unknown[] = [];
    for (const pair of map.items as Pair[]) {
      if (!isPair(pair)) continue;
      const key = this.#key(pair.key);
      if (key === "<<" && isScalar(pair.key) && pair.key.type === "PLAIN") {
        merged.push(pair.value);
        continue;
      }
      if (fields.has(key)) this.#report.duplicates.push(`line ${this.#lineOf(pair.key)}: key ${JSON.stringify(key)} already set in map`);
      fields.set(key, this.write(pair.value));
    }
    for (const source of merged) this.#merge(fields, source);
    return fields;
  }

  #merge(fields: Map<string, string>, source: unknown): void {
    if (isAlias(source)) {
      this.#through(source, (target) => this.#merge(fields, target));
    } else if (isSeq(source)) {
      for (const item of source.items) this.#merge(fields, item);
    } else if (isMap(source)) {
      for (const [key, value] of this.#fields(source)) if (!fields.has(key)) fields.set(key, value);
    } else {
      throw new YamlError("yaml: map merge requires map or sequence of maps as the value");
    }
  }

  #key(node: unknown): string {
    if (isAlias(node)) return this.#through(node, (target) => this.#key(target));
    if (!isScalar(node)) throw new YamlError("yaml: invalid map key");
    if (node.value === null) throw new YamlError("unsupported map key of type: %!s(<nil>), key: <nil>");
    return typeof node.value === "symbol" ? "<<" : String(node.value);
  }

  #lineOf(node: unknown): number {
    const range = (node as { range?: [number, number, number] | null }).range;
    return range ? this.#lines.linePos(range[0]).line : 0;
  }
}

function scalar(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && !Number.isFinite(value))
    throw new YamlError(`json: unsupported value: ${String(value).replace(/^(-?)Infinity$/, (_, sign) => `${sign || "+"}Inf`)}`);
  if (value instanceof Uint8Array) return JSON.stringify(new TextDecoder().decode(value));
  return JSON.stringify(value ?? null);
}

/** The library takes a dot without digits for a number; the original does not, and ownership's `.` stands plain. */
function withoutBareDot(all: Tags): Tags {
  return all.map((tag) =>
    typeof tag === "object" && "test" in tag && tag.test?.test(".") ? { ...tag, test: /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/ } : tag,
  ) as Tags;
}

/**
 * A JSON value as the original prints YAML: keys in order, sequences not indented, text that YAML 1.1 would read as
 * something else in double quotes, other text that needs quotes in single ones, long text folded at 80.
 */
export function toYaml(value: unknown): string {
  const document = new Document(value, { version: "1.1", sortMapEntries: true, aliasDuplicateObjects: false, customTags: withoutBareDot });
  const resolving = document.schema.tags.filter((tag) => "test" in tag && tag.test !== undefined) as ScalarTag[];
  visit(document, {
    Scalar(_, node) {
      const text = node.value;
      if (typeof text === "string" && (text === "" || resolving.some((tag) => tag.test?.test(text)))) node.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ indentSeq: false, lineWidth: 80, singleQuote: true });
}
