/**
 * Sets of field paths, kept in the very form in which managedFields carries them (FieldsV1, KEP-555), so that reading
 * and storing an entry costs nothing:
 *
 *     {"f:spec": {"f:replicas": {}, "f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:image": {}}}}}
 *
 * holds .spec.replicas, .spec.containers[name="a"] and .spec.containers[name="a"].image, but neither .spec nor
 * .spec.containers. A node without elements is a member; one with elements is a member when it has ".".
 * All functions leave their arguments alone and share what they do not change.
 */
import { isObject, type JsonObject } from "../object.ts";
import { equalJson } from "./json.ts";
import { setField } from "./json-value.ts";
import type { Structure } from "./structure.ts";

/** A set of field paths. The empty set is `{}`. */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** A set under construction. */
type Node = { [element: string]: FieldSet };

const SELF = ".";
const LEAF: FieldSet = Object.freeze({});
export const NO_FIELDS: FieldSet = LEAF;

export function isEmptySet(set: FieldSet): boolean {
  for (const element in set) if (element !== SELF) return false;
  return true;
}

/** Paths as lists of elements (`["f:spec", "f:replicas"]`) → their set. */
export function fieldSetOf(paths: Iterable<readonly string[]>): FieldSet {
  const set: Node = {};
  for (const path of paths) insert(set, path, LEAF);
  return set;
}

export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) {
    node = node[element];
    if (!node) return false;
  }
  return path.length > 0 && isMember(node);
}

/** The subset below an element. */
export function under(set: FieldSet, element: string): FieldSet {
  return set[element] ?? NO_FIELDS;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a;
  if (isEmptySet(a)) return b;
  let result: Node | undefined;
  for (const element in b) {
    if (element === SELF) continue;
    const left = a[element];
    const right = b[element] as FieldSet;
    const joined = left ? node(isMember(left) || isMember(right), union(left, right)) : right;
    if (joined === left || (left && joined && sameNode(left, joined))) continue;
    result ??= { ...a };
    result[element] = joined as FieldSet;
  }
  return result ?? a;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: Node = {};
  for (const element in a) {
    const right = b[element];
    if (element === SELF || !right) continue;
    const left = a[element] as FieldSet;
    const common = node(isMember(left) && isMember(right), intersection(left, right));
    if (common) result[element] = common;
  }
  return result;
}

/** The paths of `a` that are not in `b`; what lies below a path of `b` stays unless it is in `b`, too. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  let result: Node | undefined;
  for (const element in b) {
    const left = a[element];
    if (element === SELF || !left) continue;
    const right = b[element] as FieldSet;
    const rest = node(isMember(left) && !isMember(right), difference(left, right));
    if (rest && sameNode(left, rest)) continue;
    result ??= { ...a };
    if (rest) result[element] = rest;
    else delete result[element];
  }
  return result ?? a;
}

/** As `difference`, and all that lies below a path of `b` goes with it (reset fields, `["f:status"]`). */
export function without(a: FieldSet, b: FieldSet): FieldSet {
  let result: Node | undefined;
  for (const element in b) {
    const left = a[element];
    if (element === SELF || !left) continue;
    const right = b[element] as FieldSet;
    const rest = isMember(right) ? undefined : node(isMember(left), without(left, right));
    if (rest && sameNode(left, rest)) continue;
    result ??= { ...a };
    if (rest) result[element] = rest;
    else delete result[element];
  }
  return result ?? a;
}

/** Paths below which the set has no others. */
export function leaves(set: FieldSet): FieldSet {
  const result: Node = {};
  for (const element in set) {
    if (element === SELF) continue;
    const child = set[element] as FieldSet;
    const kept = isEmptySet(child) ? LEAF : node(false, leaves(child));
    if (kept) result[element] = kept;
  }
  return result;
}

/** Calls `visit` with each path, at every level the members first, then what lies below them, both sorted. */
export function eachPath(set: FieldSet, visit: (path: readonly string[]) => void, prefix: readonly string[] = []): void {
  const elements = sortedElements(set);
  for (const element of elements) if (isMember(set[element] as FieldSet)) visit([...prefix, element]);
  for (const element of elements) if (!isEmptySet(set[element] as FieldSet)) eachPath(set[element] as FieldSet, visit, [...prefix, element]);
}

/** `.spec.containers[name="a"].image`, as messages show a path. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join("");
}

/** The set with its elements in upstream's order: fields, keys, values, indexes. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const sorted: JsonObject = {};
  if (Object.hasOwn(set, SELF)) sorted[SELF] = {};
  for (const element of sortedElements(set)) sorted[element] = toFieldsV1(set[element] as FieldSet);
  return sorted;
}

/**
 * Reads an entry's fieldsV1. Elements of unknown kinds are passed over; keys are brought into canonical form.
 * @throws Error when it is not FieldsV1 at all.
 */
export function fromFieldsV1(fields: unknown): FieldSet {
  if (fields === undefined || fields === null) return NO_FIELDS;
  if (!isObject(fields)) throw new Error("fieldsV1 must be an object");
  return isCanonical(fields) ? (fields as unknown as FieldSet) : canonical(fields);
}

/**
 * The set of fields that an object has (structured-merge-diff's ToFieldSet): leaves, list items, entries of maps, and
 * fields that are empty. A field with something below it is not a member, unless it is an entry of a map without a schema.
 */
export function fieldsOf(value: unknown, structure: Structure): FieldSet {
  return fieldsBelow(value, structure) ?? NO_FIELDS;
}

/** What differs between two objects. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Compares two objects of one structure field by field; atomic values as wholes. */
export function compareFields(live: unknown, updated: unknown, structure: Structure): Comparison {
  const comparison = { added: {} as Node, modified: {} as Node, removed: {} as Node };
  compare(live, updated, structure, [], comparison);
  return comparison;
}

/** As `difference(comparison.x, …)` for all three: what a writer through this endpoint never owns. */
export function withoutFields(comparison: Comparison, fields: FieldSet): Comparison {
  if (isEmptySet(fields)) return comparison;
  return { added: without(comparison.added, fields), modified: without(comparison.modified, fields), removed: without(comparison.removed, fields) };
}

/** A copy of the object without the fields of the set. What is emptied by that becomes null, as upstream leaves it. */
export function removeFields(value: unknown, set: FieldSet, structure: Structure): unknown {
  if (isEmptySet(set)) return value;
  if (structure.kind === "set" || structure.kind === "list-map") {
    if (!Array.isArray(value)) return null;
    const items: unknown[] = [];
    for (const item of value) {
      const below = set[itemElement(item, structure) ?? ""];
      if (!below) items.push(item);
      else if (!isMember(below)) items.push(structure.kind === "list-map" ? removeFields(item, below, structure.item) : item);
    }
    return items.length > 0 ? items : null;
  }
  if (structure.kind === "leaf" || Array.isArray(value)) return value;
  if (!isObject(value)) return structure.kind === "untyped" ? value : null;
  const kept: JsonObject = {};
  let any = false;
  for (const name of Object.keys(value)) {
    const below = set[`f:${name}`];
    if (below && isMember(below)) continue;
    any = true;
    setField(kept, name, below ? removeFields(value[name], below, fieldOf(structure, name)) : value[name]);
  }
  return any ? kept : null;
}

/** Adds the fields of objects with a schema that lie above members: they must be members, too, for set algebra on them to work. */
export function withNamedFields(set: FieldSet, structure: Structure): FieldSet {
  const result: Node = {};
  for (const element in set) {
    if (element === SELF) continue;
    const child = set[element] as FieldSet;
    const below = withNamedFields(child, structureBelow(structure, element));
    const named = element.startsWith("f:") && structure.kind === "map" && !isOpen(structure);
    result[element] = node(isMember(child) || named, below) as FieldSet;
  }
  return result;
}

/** An item's element in its list: `k:{…}` by its keys, `v:…` by its value; undefined when it has none. */
export function itemElement(item: unknown, structure: Structure): string | undefined {
  if (structure.kind === "set") return typeof item === "object" ? undefined : `v:${JSON.stringify(item)}`;
  if (structure.kind !== "list-map" || !isObject(item)) return undefined;
  let text = "";
  for (const { key, quoted } of sortedKeys(structure)) {
    const value = item[key] ?? structure.defaults[key];
    if (value !== undefined && value !== null) text += `${text && ","}${quoted}:${JSON.stringify(value)}`;
  }
  return text ? `k:{${text}}` : undefined;
}

/** The structure of a field; objects without a schema have no schema all the way down. */
export function fieldOf(structure: Structure, name: string): Structure {
  return (structure.kind === "map" && structure.field(name)) || UNDECLARED;
}

const UNDECLARED: Structure = { kind: "untyped" };

/** Whether a map takes any name (a map<string, …>) rather than the fields of a type. */
export function isOpen(structure: Structure): boolean {
  if (structure.kind !== "map") return structure.kind === "untyped";
  let open = openness.get(structure);
  if (open === undefined) {
    // No type declares a field of this name; whoever answers for it answers for all.
    open = structure.field("\u0000") !== undefined;
    openness.set(structure, open);
  }
  return open;
}

const openness = new WeakMap<Structure, boolean>();

interface ListKey {
  readonly key: string;
  readonly quoted: string;
}

const listKeys = new WeakMap<object, readonly ListKey[]>();

function sortedKeys(structure: Extract<Structure, { kind: "list-map" }>): readonly ListKey[] {
  let keys = listKeys.get(structure);
  if (!keys) {
    keys = [...structure.keys].sort().map((key) => ({ key, quoted: JSON.stringify(key) }));
    listKeys.set(structure, keys);
  }
  return keys;
}

function isMember(child: FieldSet): boolean {
  for (const element in child) return element === SELF || Object.hasOwn(child, SELF);
  return true;
}

/** A child of a set from whether it is a member and what lies below it; undefined when there is nothing of it. */
function node(member: boolean, below: FieldSet): FieldSet | undefined {
  if (isEmptySet(below)) return member ? LEAF : undefined;
  if (Object.hasOwn(below, SELF) === member) return below;
  if (member) return { [SELF]: LEAF, ...below };
  const { [SELF]: _self, ...rest } = below;
  return rest;
}

/** Cheap identity test after an operation that shares what it does not change. */
function sameNode(before: FieldSet, after: FieldSet): boolean {
  return before === after || (isEmptySet(before) && isEmptySet(after) && isMember(before) && isMember(after));
}

function insert(set: Node, path: readonly string[], subset: FieldSet): void {
  let current = set;
  for (let at = 0; at < path.length; at++) {
    const element = path[at] as string;
    const child = current[element];
    if (at === path.length - 1) {
      current[element] = child ? (node(isMember(child) || isMember(subset), union(child, subset)) as FieldSet) : subset;
      return;
    }
    // Nodes on the way are made here and nowhere else, so they may be written; a leaf becomes a member with something below.
    const next: Node = child === undefined ? {} : child === LEAF ? { [SELF]: LEAF } : (child as Node);
    current[element] = next;
    current = next;
  }
}

function isEmptyContainer(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== "object") return true;
  for (const name in value) if ((value as JsonObject)[name] !== undefined) return false;
  return true;
}

/** The kind under which a value is treated: without a schema its own shape decides. */
function shapeOf(structure: Structure, value: unknown): "leaf" | "map" | "list" {
  if (structure.kind === "untyped") return isObject(value) ? "map" : "leaf";
  if (structure.kind === "leaf") return "leaf";
  return structure.kind === "map" ? "map" : "list";
}

function compare(live: unknown, updated: unknown, structure: Structure, path: string[], into: Changes): void {
  if (live === updated) return;
  const before = shapeOf(structure, live);
  const after = shapeOf(structure, updated);
  if (live === undefined) {
    insertAt(into.added, path, allBelow(updated, structure));
  } else if (updated === undefined) {
    insertAt(into.removed, path, allBelow(live, structure));
  } else if (before !== after) {
    // Only without a schema: one is an object, the other is not.
    if (before === "map") compareMaps(live, undefined, structure, path, into);
    if (after === "map") compareMaps(undefined, updated, structure, path, into);
    insertAt(into.modified, path, LEAF);
  } else if (before === "leaf" || (isEmptyContainer(live) && isEmptyContainer(updated))) {
    if (!equalJson(live, updated)) insertAt(into.modified, path, LEAF);
  } else if (before === "list") {
    // Most lists are as they were, and telling that is cheaper than finding each item by its key.
    if (!equalJson(live, updated)) compareLists(live, updated, structure, path, into);
  } else {
    compareMaps(live, updated, structure, path, into);
  }
}

interface Changes {
  readonly added: Node;
  readonly modified: Node;
  readonly removed: Node;
}

function compareMaps(live: unknown, updated: unknown, structure: Structure, path: string[], into: Changes): void {
  const left = isObject(live) ? live : NOTHING;
  const right = isObject(updated) ? updated : NOTHING;
  for (const name in left) {
    const [old, now] = [left[name], right[name]];
    if (old === now || old === undefined) continue;
    path.push(`f:${name}`);
    compare(old, now, fieldOf(structure, name), path, into);
    path.pop();
  }
  for (const name in right) {
    if (left[name] !== undefined || right[name] === undefined) continue;
    path.push(`f:${name}`);
    compare(undefined, right[name], fieldOf(structure, name), path, into);
    path.pop();
  }
}

const NOTHING: JsonObject = {};

function compareLists(live: unknown, updated: unknown, structure: Structure, path: string[], into: Changes): void {
  const item = structure.kind === "list-map" ? structure.item : SCALAR;
  const before = itemsByElement(live, structure);
  const after = itemsByElement(updated, structure);
  for (const [element, olds] of before) {
    path.push(element);
    compareItems(olds, after.get(element) ?? [], item, path, into);
    path.pop();
  }
  for (const [element, news] of after) {
    if (before.has(element)) continue;
    path.push(element);
    compareItems([], news, item, path, into);
    path.pop();
  }
}

const SCALAR: Structure = { kind: "leaf" };

/** Items of one key: duplicates (which only stored objects can have) are owned as a whole. */
function compareItems(live: readonly unknown[], updated: readonly unknown[], item: Structure, path: string[], into: Changes): void {
  if (live.length <= 1 && updated.length <= 1) {
    compare(live[0], updated[0], item, path, into);
  } else if (live.length >= 2 && updated.length >= 2) {
    if (!equalJson(live, updated)) insertAt(into.modified, path, LEAF);
  } else if (live.length >= 2) {
    if (updated.length > 0) compare(undefined, updated[0], item, path, into);
    insertAt(into.removed, path, LEAF);
  } else {
    if (live.length > 0) compare(live[0], undefined, item, path, into);
    insertAt(into.added, path, LEAF);
  }
}

function itemsByElement(items: unknown, structure: Structure): Map<string, unknown[]> {
  const byElement = new Map<string, unknown[]>();
  if (!Array.isArray(items)) return byElement;
  for (const item of items) {
    const element = itemElement(item, structure);
    if (element === undefined) continue;
    const same = byElement.get(element);
    if (same) same.push(item);
    else byElement.set(element, [item]);
  }
  return byElement;
}

function insertAt(set: Node, path: readonly string[], subset: FieldSet): void {
  if (path.length > 0) insert(set, path, subset);
  else Object.assign(set, node(false, subset));
}

/** The node of a value that is there on one side only: itself and all below it are members. */
function allBelow(value: unknown, structure: Structure): FieldSet {
  const shape = shapeOf(structure, value);
  if (shape === "leaf" || isEmptyContainer(value)) return LEAF;
  const result: Node = { [SELF]: LEAF };
  if (shape === "map") {
    const object = value as JsonObject;
    for (const name in object) if (object[name] !== undefined) result[`f:${name}`] = allBelow(object[name], fieldOf(structure, name));
    return result;
  }
  if (!Array.isArray(value)) return LEAF;
  const item = structure.kind === "list-map" ? structure.item : SCALAR;
  for (const each of value) {
    const element = itemElement(each, structure);
    if (element !== undefined) result[element] = element in result ? LEAF : allBelow(each, item);
  }
  return result;
}

/** The contents of a value's node by the rules of `fieldsOf`; undefined for a leaf. */
function fieldsBelow(value: unknown, structure: Structure): FieldSet | undefined {
  const shape = shapeOf(structure, value);
  if (shape === "leaf") return undefined;
  const result: Node = {};
  if (shape === "map") {
    if (!isObject(value)) return result;
    const open = isOpen(structure);
    for (const name in value) {
      const each = value[name];
      if (each === undefined) continue;
      const below = fieldsBelow(each, fieldOf(structure, name));
      const empty = each === null || (isObject(each) && isEmptyContainer(each));
      const child = below === undefined ? LEAF : node(empty || open, below);
      if (child) result[`f:${name}`] = child;
    }
    return result;
  }
  if (!Array.isArray(value)) return result;
  const item = structure.kind === "list-map" ? structure.item : SCALAR;
  for (const each of value) {
    const element = itemElement(each, structure);
    if (element === undefined) continue;
    result[element] = element in result ? LEAF : (node(true, fieldsBelow(each, item) ?? NO_FIELDS) as FieldSet);
  }
  return result;
}

function structureBelow(structure: Structure, element: string): Structure {
  if (element.startsWith("f:")) return fieldOf(structure, element.slice(2));
  return structure.kind === "list-map" ? structure.item : SCALAR;
}

const RANKS: Readonly<Record<string, number>> = { f: 0, k: 1, v: 2, i: 3 };

function sortedElements(set: FieldSet): string[] {
  const elements: string[] = [];
  for (const element in set) if (element !== SELF) elements.push(element);
  return elements.length < 2 ? elements : elements.sort(byElement);
}

function byElement(a: string, b: string): number {
  const [left, right] = [RANKS[a[0] as string] ?? 4, RANKS[b[0] as string] ?? 4];
  if (left !== right) return left - right;
  if (left === 3) return Number(a.slice(2)) - Number(b.slice(2));
  return a < b ? -1 : a > b ? 1 : 0;
}

function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case "f":
      return `.${rest}`;
    case "k":
      return `[${Object.entries(JSON.parse(rest) as JsonObject)
        .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
        .join(",")}]`;
    case "v":
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
}

/** Nearly every entry was written by this code or by upstream's: then there is nothing to rewrite. */
function isCanonical(fields: JsonObject): boolean {
  for (const element in fields) {
    const below = fields[element];
    if (!isObject(below)) return false;
    if (element === SELF) continue;
    if (element[1] !== ":" || RANKS[element[0] as string] === undefined) return false;
    if (element[0] === "k" && canonicalKey(element) !== element) return false;
    if (!isCanonical(below)) return false;
  }
  return true;
}

const keyForms = new Map<string, string>();

function canonicalKey(element: string): string {
  let form = keyForms.get(element);
  if (form === undefined) {
    const key: unknown = JSON.parse(element.slice(2));
    if (!isObject(key)) throw new Error(`invalid key in fieldsV1: ${element}`);
    const sorted = Object.keys(key)
      .sort()
      .map((name) => `${JSON.stringify(name)}:${JSON.stringify(key[name])}`);
    form = `k:{${sorted.join(",")}}`;
    if (keyForms.size >= 4096) keyForms.clear();
    keyForms.set(element, form);
  }
  return form;
}

function canonical(fields: JsonObject): FieldSet {
  const result: Node = {};
  for (const element in fields) {
    const below = fields[element];
    if (below !== null && !isObject(below)) throw new Error("fieldsV1 must hold objects only");
    if (element === SELF) result[SELF] = LEAF;
    else if (element[1] === ":" && RANKS[element[0] as string] !== undefined) {
      result[element[0] === "k" ? canonicalKey(element) : element] = canonical(below ?? {});
    } else if (element[1] !== ":") throw new Error(`missing colon in fieldsV1 element ${JSON.stringify(element)}`);
  }
  return result;
}
