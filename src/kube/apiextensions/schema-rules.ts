/** x-kubernetes-validations (KEP-2876): compiling a schema's CEL rules and running them over custom resources. */

import { compileExpression, PER_CALL_LIMIT, PER_OBJECT_LIMIT, type Program } from "../cel/expression.ts";
import { type SchemaType, schemaType } from "../cel/schema-types.ts";
import { BOOL, optionalOf, STRING, type Type } from "../cel/types.ts";
import { Optional, type Value } from "../cel/values.ts";
import { type FieldErrors, FieldPath, OMIT_VALUE } from "../machinery/field.ts";
import { equalJson } from "../machinery/json.ts";
import { fieldOf } from "../machinery/json-value.ts";
import { isObject, type JsonObject, type KubeObject } from "../object.ts";
import type { JSONSchemaProps, ValidationRule } from "../schema/generated/types/apiextensions.v1.ts";
import { fieldPathText } from "./schema-validation.ts";
import { type StructuralSchema, structuralSchema } from "./structural.ts";
import { UNCORRELATED } from "./value-validation.ts";

interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program: Program;
  readonly message: Program | undefined;
  readonly usesOldSelf: boolean;
  /** Rendered `fieldPath`, to be put behind the path of the rule's own schema. */
  readonly fieldPath: string;
}

/** A schema that has rules, or has them below. */
interface RuleNode {
  readonly schema: StructuralSchema;
  readonly type: SchemaType | undefined;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly additional: RuleNode | undefined;
  readonly items: RuleNode | undefined;
}

export interface CompiledRules {
  /** Adds the errors of all rules that fail; `old` is undefined on create. */
  validate(object: KubeObject, old: KubeObject | undefined, errors: FieldErrors): void;
}

/** The rules of a valid schema, compiled at first use; undefined when it has none. */
export function compiledRules(schema: JSONSchemaProps): CompiledRules | undefined {
  const tree = structuralSchema(schema);
  if (!hasRules(tree)) return undefined;
  let root: RuleNode | undefined;
  return {
    validate(object, old, errors) {
      root ??= ruleNode(tree, true);
      if (root) new RuleRun(errors).visit(root, object, old ?? UNCORRELATED, FieldPath.root);
    },
  };
}

function hasRules(schema: StructuralSchema): boolean {
  if (schema.source["x-kubernetes-validations"]?.length) return true;
  if (schema.items && hasRules(schema.items)) return true;
  if (schema.additional && schema.additional !== "any" && hasRules(schema.additional)) return true;
  return [...schema.properties.values()].some(hasRules);
}

function ruleNode(schema: StructuralSchema, resource: boolean): RuleNode | undefined {
  if (!hasRules(schema)) return undefined;
  const rules = schema.source["x-kubernetes-validations"] ?? [];
  const type = rules.length > 0 ? schemaType(schema, "selfType", resource) : undefined;
  const below = new Map<string, RuleNode>();
  for (const [name, property] of schema.properties) {
    const node = ruleNode(property, false);
    if (node) below.set(name, node);
  }
  return {
    schema,
    type,
    rules: type ? rules.flatMap((rule) => compileRule(rule, schema, type.type).compiled ?? []) : [],
    properties: below,
    additional: schema.additional && schema.additional !== "any" ? ruleNode(schema.additional, false) : undefined,
    items: schema.items && ruleNode(schema.items, false),
  };
}

interface RuleProblem {
  /** Of the rule: `rule`, `messageExpression`, `optionalOldSelf`. */
  readonly field: string;
  readonly detail: string;
  readonly value?: unknown;
}

function compileRule(rule: ValidationRule, schema: StructuralSchema, self: Type): { compiled?: CompiledRule; problems: RuleProblem[] } {
  const problems: RuleProblem[] = [];
  const variables = new Map([
    ["self", self],
    ["oldSelf", rule.optionalOldSelf ? optionalOf(self) : self],
  ]);
  const main = compileExpression(rule.rule, { variables });
  if (main.problem !== undefined) problems.push({ field: "rule", detail: `compilation failed: ${main.problem}` });
  else if (main.program.type !== BOOL) problems.push({ field: "rule", detail: "cel expression must evaluate to a bool" });
  const usesOldSelf = main.program?.variables.has("oldSelf") ?? false;
  let message: Program | undefined;
  if (rule.messageExpression) {
    const compiled = compileExpression(rule.messageExpression, { variables });
    if (compiled.problem !== undefined) problems.push({ field: "messageExpression", detail: `messageExpression compilation failed: ${compiled.problem}` });
    else if (compiled.program.type !== STRING) problems.push({ field: "messageExpression", detail: "messageExpression must evaluate to a string" });
    else message = compiled.program;
  }
  if (rule.optionalOldSelf !== undefined && !usesOldSelf) {
    problems.push({ field: "optionalOldSelf", detail: "may not be set if oldSelf is not used in rule", value: rule.optionalOldSelf });
  }
  if (!main.program || problems.some(({ field }) => field === "rule")) return { problems };
  return {
    compiled: { rule, program: main.program, message, usesOldSelf, fieldPath: rule.fieldPath ? (fieldPathText(rule.fieldPath, schema.source) ?? "") : "" },
    problems,
  };
}

/** Reports the rules of a definition's schema that do not compile, or use oldSelf where no old value can be told. */
export function compileSchemaRules(schema: JSONSchemaProps, errors: FieldErrors, at: FieldPath): void {
  const tree = structuralSchema(schema);
  if (hasRules(tree)) checkRules(tree, errors, at, undefined, true);
}

function checkRules(schema: StructuralSchema, errors: FieldErrors, at: FieldPath, uncorrelated: FieldPath | undefined, resource: boolean): void {
  const rules = schema.source["x-kubernetes-validations"] ?? [];
  const type = rules.length > 0 ? schemaType(schema, "selfType", resource) : undefined;
  for (const [index, rule] of rules.entries()) {
    const ruleAt = at.child("x-kubernetes-validations").index(index);
    if (!type) {
      errors.invalid(ruleAt.child("rule"), internalRule(rule), "compilation failed: rules are not supported on schemas without a type");
      continue;
    }
    const { compiled, problems } = compileRule(rule, schema, type.type);
    for (const { field, detail, value } of problems) errors.invalid(ruleAt.child(field), value ?? internalRule(rule), detail);
    if (compiled?.usesOldSelf && uncorrelated) {
      errors.invalid(ruleAt.child("rule"), rule.rule, `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`);
    }
  }
  for (const [name, property] of schema.properties) checkRules(property, errors, at.child("properties").key(name), uncorrelated, false);
  if (schema.additional && schema.additional !== "any") checkRules(schema.additional, errors, at.child("additionalProperties"), uncorrelated, false);
  if (schema.items) checkRules(schema.items, errors, at.child("items"), schema.listType === "map" ? uncorrelated : (uncorrelated ?? at), false);
}

/** The value that upstream shows for a rule: its internal struct. */
function internalRule(rule: ValidationRule): unknown {
  return {
    Rule: rule.rule,
    Message: rule.message ?? "",
    MessageExpression: rule.messageExpression ?? "",
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? "",
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  };
}

const MAX_MESSAGE = 5 * 1024;

/** One validation of one object: the budget is shared by all of its rules. */
class RuleRun {
  readonly #errors: FieldErrors;
  #budget = PER_OBJECT_LIMIT;
  #stopped = false;

  constructor(errors: FieldErrors) {
    this.#errors = errors;
  }

  visit(node: RuleNode, value: unknown, old: unknown, at: FieldPath): void {
    if (this.#stopped) return;
    if (node.rules.length > 0 && value !== null) this.#run(node, value, old, at);
    if (Array.isArray(value)) {
      if (!node.items) return;
      for (const [index, item] of value.entries()) this.visit(node.items, item, oldItem(node.schema, item, old), at.index(index));
      return;
    }
    if (!isObject(value)) return;
    const oldField = (name: string) => (isObject(old) && Object.hasOwn(old, name) ? old[name] : UNCORRELATED);
    for (const [name, property] of node.properties) {
      if (Object.hasOwn(value, name)) this.visit(property, value[name], oldField(name), at.child(name));
    }
    if (!node.additional) return;
    for (const name of Object.keys(value)) {
      if (!node.schema.properties.has(name)) this.visit(node.additional, value[name], oldField(name), at.key(name));
    }
  }

  #run(node: RuleNode, value: unknown, old: unknown, at: FieldPath): void {
    const wrap = node.type?.wrap;
    if (!wrap) return;
    const hasOld = old !== UNCORRELATED && old !== undefined;
    const unchanged = () => hasOld && equalJson(old, value);
    const shown = node.schema.type;
    let self: Value;
    let oldSelf: Value | undefined;
    try {
      self = wrap(value);
      oldSelf = hasOld ? wrap(old) : undefined;
    } catch (error) {
      this.#errors.invalid(at, shown, `${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    for (const compiled of node.rules) {
      const { rule, program, usesOldSelf } = compiled;
      if (usesOldSelf && oldSelf === undefined && !rule.optionalOldSelf) continue;
      const variables = { self, oldSelf: rule.optionalOldSelf ? (oldSelf === undefined ? Optional.none : new Optional(oldSelf)) : (oldSelf ?? null) };
      const run = program.run(variables, PER_CALL_LIMIT);
      this.#budget -= run.cost;
      // What an update leaves as it was is tolerated, unless the rule is about the change.
      const tolerated = !usesOldSelf && unchanged();
      if (run.error !== undefined) {
        const about = rule.message?.trim() || rule.rule.trim();
        if (run.exceeded) {
          this.#errors.invalid(at, shown, `'${run.error}': no further validation rules will be run due to call cost exceeds limit for rule: ${about}`);
          this.#stopped = true;
          return;
        }
        const detail = run.error.startsWith("no such overload")
          ? `'${run.error}': call arguments did not match a supported operator, function or macro signature for rule: ${about}`
          : `${run.error} evaluating rule: ${about}`;
        if (!tolerated) this.#errors.invalid(at, shown, detail);
      } else if (run.value !== true && !tolerated)
        this.#report(compiled, value, compiled.fieldPath ? `${at}${at.text ? compiled.fieldPath : compiled.fieldPath.replace(/^\./, "")}` : at, variables);
      if (this.#budget < 0) {
        this.#errors.invalid(at, shown, "validation failed due to running out of cost budget, no further validation rules will be run");
        this.#stopped = true;
        return;
      }
    }
  }

  #report({ rule, message }: CompiledRule, value: unknown, at: FieldPath | string, variables: Readonly<Record<string, Value>>): void {
    const detail = (message && this.#messageOf(message, variables)) ?? (rule.message?.trim() || `failed rule: ${rule.rule.trim()}`);
    // Scalars are shown, objects and lists are not.
    const shown = typeof value === "object" ? OMIT_VALUE : value;
    switch (rule.reason) {
      case "FieldValueForbidden":
        this.#errors.add("Forbidden", at, undefined, detail);
        break;
      case "FieldValueRequired":
        this.#errors.add("Required", at, undefined, detail);
        break;
      case "FieldValueDuplicate":
        this.#errors.add("Duplicate", at, shown, "");
        break;
      default:
        this.#errors.add("Invalid", at, shown, detail);
    }
  }

  /** undefined when the expression fails or yields nothing that can be shown. */
  #messageOf(program: Program, variables: Readonly<Record<string, Value>>): string | undefined {
    const run = program.run(variables, PER_CALL_LIMIT);
    this.#budget -= run.cost;
    if (run.error !== undefined || typeof run.value !== "string") return undefined;
    const text = run.value.trim();
    return text === "" || text.length > MAX_MESSAGE || text.includes("\n") ? undefined : text;
  }
}

function oldItem(schema: StructuralSchema, item: unknown, old: unknown): unknown {
  if (schema.listType !== "map" || !Array.isArray(old) || !isObject(item)) return UNCORRELATED;
  const keyOf = (object: JsonObject, name: string) => fieldOf(object, name) ?? schema.items?.properties.get(name)?.default;
  return (
    old.find((candidate) => isObject(candidate) && schema.listMapKeys.every((name) => equalJson(keyOf(candidate, name), keyOf(item, name)))) ?? UNCORRELATED
  );
}
