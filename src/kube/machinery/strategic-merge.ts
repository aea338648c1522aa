/**
 * Strategic merge patch: a merge patch that knows from the schema which lists merge, by which key, and that takes
 * directives ($patch, $retainKeys, $deleteFromPrimitiveList, $setElementOrder). For built-in types only.
 */
import { isObject, type JsonObject } from "../object.ts";
import type { FieldSchema, TypeSchema } from "../schema/schema.ts";
import { typeSchema } from "../schema/table.ts";
import { doesNotApply } from "./json-patch.ts";
import { fieldOf, goType, goValue, jsonKind, setField } from "./json-value.ts";
import { badRequest, StatusError } from "./status.ts";

const PATCH = "$patch";
const RETAIN_KEYS = "$retainKeys";
const DELETE_FROM_LIST = "$deleteFromPrimitiveList";
const SET_ORDER = "$setElementOrder";

/** What a value's type is to the merge: a message's schema, or the kind of Go type that has no fields to look up. */
type Context = TypeSchema | "map" | "string";

/**
 * The document that the patch makes; neither argument is changed. Directives that upstream leaves in place (and its
 * decoder then drops or reports) are left in place.
 * @throws StatusError 400, 422 or 500 as upstream for a patch that is malformed.
 */
export function applyStrategicMerge(document: JsonObject, patch: unknown, schema: TypeSchema): JsonObject {
  if (patch === null) return document;
  if (!isObject(patch)) throw badRequest(`json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`);
  return mergeMap(document, patch, schema);
}

function mergeMap(original: JsonObject, patch: JsonObject, schema: Context): JsonObject {
  if (Object.hasOwn(patch, PATCH)) return mergeByDirective(patch);
  let merged: JsonObject = { ...original };
  if (Object.hasOwn(patch, RETAIN_KEYS)) merged = retainKeys(merged, patch);
  const ordered = new Set<string>();
  for (const name of Object.keys(patch)) {
    if (!name.startsWith(SET_ORDER)) continue;
    const field = mergeInOrder(merged, patch, name, schema);
    if (field !== undefined) ordered.add(field);
  }
  for (const name of Object.keys(patch)) {
    if (name === RETAIN_KEYS || name.startsWith(SET_ORDER) || ordered.has(name)) continue;
    mergeField(merged, name, patch[name], schema);
  }
  return merged;
}

/** `$patch` in a map: the rest of the patch stands alone, or nothing does. */
function mergeByDirective(patch: JsonObject): JsonObject {
  const directive = patch[PATCH];
  if (directive === "delete") return {};
  if (directive !== "replace") throw unknownDirective(directive, patch);
  const { [PATCH]: _directive, ...rest } = patch;
  return rest;
}

/** `$retainKeys`: live fields that are not listed go. All that the patch sets must be listed. */
function retainKeys(original: JsonObject, patch: JsonObject): JsonObject {
  const listed = patch[RETAIN_KEYS];
  if (!Array.isArray(listed)) throw badRequest("invalid patch format of retainKeys");
  const keep = new Set<unknown>(listed);
  for (const name of Object.keys(patch)) {
    if (name === RETAIN_KEYS || patch[name] === null || name.startsWith(DELETE_FROM_LIST) || name.startsWith(SET_ORDER)) continue;
    if (!keep.has(name)) throw badRequest("invalid patch format of retainKeys");
  }
  const retained: JsonObject = {};
  for (const name of Object.keys(original)) if (keep.has(name)) setField(retained, name, original[name]);
  return retained;
}

function mergeField(merged: JsonObject, patchName: string, value: unknown, schema: Context): void {
  const deletes = patchName.startsWith(DELETE_FROM_LIST);
  const name = deletes ? listNameOf(patchName, "invalid patch format of primitive list") : patchName;
  if (value === null || value === undefined) {
    delete merged[name];
    return;
  }
  const current = fieldOf(merged, name);
  if (current === undefined || current === null || goType(current) !== goType(value)) {
    if (!deletes) setOrDrop(merged, name, value);
  } else if (isObject(current) && isObject(value)) {
    const { context, field } = lookUp(schema, name);
    setField(merged, name, field?.patchStrategies.includes("replace") ? value : mergeMap(current, value, context));
  } else if (Array.isArray(current) && Array.isArray(value)) {
    const { context, field } = lookUp(schema, name);
    const merges = deletes || field?.patchStrategies.includes("merge");
    setField(merged, name, merges ? mergeList(current, value, context, field?.patchMergeKey ?? "", deletes) : value);
  } else {
    setOrDrop(merged, name, value);
  }
}

/** `$setElementOrder/<list>`: merges the list, then orders it as told. Returns the list's name when it has been dealt with. */
function mergeInOrder(merged: JsonObject, patch: JsonObject, directive: string, schema: Context): string | undefined {
  const order = patch[directive];
  if (!Array.isArray(order)) throw badArgument([], order);
  const name = listNameOf(directive, "invalid patch format of setElementOrder list");
  const live = fieldOf(merged, name);
  const changes = fieldOf(patch, name);
  if (live !== undefined && !Array.isArray(live)) throw badArgument([], live);
  if (changes !== undefined && !Array.isArray(changes)) throw badArgument([], changes);
  const { context, field } = lookUp(schema, name);
  const key = field?.patchMergeKey ?? "";
  checkOrder(changes ?? [], order, key);

  let list: unknown[];
  if (changes === undefined) {
    if (live === undefined) return undefined;
    list = live;
  } else if (live === undefined) {
    list = withoutDirectives(changes) as unknown[];
  } else {
    list = field?.patchStrategies.includes("merge") ? mergeList(live, changes, context, key, false) : changes;
  }
  if ((live ?? []).length === 0 && (changes ?? []).length === 0) throw failed("no elements in any of the given slices");
  setField(merged, name, interleave(list, order, live ?? [], key, hasMaps(live ?? [], changes ?? [])));
  return name;
}

/** The patch's elements must come in the order of the directive's list. */
function checkOrder(changes: readonly unknown[], order: readonly unknown[], key: string): void {
  if (order.length === 0 || changes.length === 0) return;
  const sent = key === "" ? changes : changes.filter((each) => mapOrThrow(each)[PATCH] !== "delete");
  let at = 0;
  let position = 0;
  while (at < sent.length && position < order.length) {
    const element = sent[at];
    if (isObject(element) && Object.hasOwn(element, PATCH)) {
      at++;
      continue;
    }
    if (sameElement(element, order[position], key)) at++;
    position++;
  }
  if (at < sent.length && position >= order.length) {
    throw failed(`The order in patch list:\n${goValue(changes)}\n doesn't match ${SET_ORDER} list:\n${goValue(order)}\n`);
  }
}

function sameElement(left: unknown, right: unknown, key: string): boolean {
  if (key === "") return left === right;
  return keyOf(left, key) === keyOf(right, key);
}

function mergeList(original: readonly unknown[], patch: readonly unknown[], context: Context, key: string, deletes: boolean): unknown[] {
  if (original.length === 0 && patch.length === 0) return [...original];
  if (!hasMaps(original, patch)) {
    if (deletes) return original.filter((each) => !patch.includes(each));
    return interleave([...new Set([...original, ...patch])], patch, original, "", false);
  }
  if (key === "") throw failed(`cannot merge lists without merge key for ${context === "map" || context === "string" ? context : "struct"}`);
  const { kept, changes } = applyElementDirectives(original as readonly JsonObject[], patch as readonly JsonObject[], key);
  const merged = [...kept];
  for (const change of changes) {
    const value = keyOf(change, key);
    const at = merged.findIndex((each) => fieldOf(each, key) === value);
    if (at < 0) merged.push(change);
    else merged[at] = mergeMap(merged[at] as JsonObject, change, context);
  }
  return interleave(merged, changes, kept, key, true);
}

/** Elements with `$patch`: delete takes the live elements of that key away, replace makes the rest of the patch the list. */
function applyElementDirectives(
  original: readonly JsonObject[],
  patch: readonly JsonObject[],
  key: string,
): { kept: readonly JsonObject[]; changes: readonly JsonObject[] } {
  const changes: JsonObject[] = [];
  let kept = original;
  let replaces = false;
  for (const element of patch) {
    if (!Object.hasOwn(element, PATCH)) {
      changes.push(element);
      continue;
    }
    const directive = element[PATCH];
    if (directive === "delete") {
      const value = keyOf(element, key);
      kept = kept.filter((each) => fieldOf(each, key) !== value);
    } else if (directive === "replace") {
      replaces = true;
    } else if (directive === "merge") {
      throw failed("merging lists cannot yet be specified in the patch");
    } else {
      throw unknownDirective(directive, element);
    }
  }
  return replaces ? { kept: changes, changes: [] } : { kept, changes };
}

/**
 * Elements named in `order` come in that order; the others keep the live order among themselves, and stand before
 * the first ordered element that followed them in the live list.
 */
function interleave(list: readonly unknown[], order: readonly unknown[], live: readonly unknown[], key: string, maps: boolean): unknown[] {
  const keyed = maps ? (element: unknown): unknown => keyOf(element, key) : (element: unknown): unknown => element;
  const rank = ranks(order, keyed);
  const liveRank = ranks(live, keyed);
  const rankIn = (places: Map<unknown, number>, element: unknown): number => places.get(keyed(element)) ?? -1;
  const ordered = inOrderOf(
    list.filter((each) => rank.has(keyed(each))),
    (each) => rankIn(rank, each),
  );
  const others = inOrderOf(
    list.filter((each) => !rank.has(keyed(each))),
    (each) => rankIn(liveRank, each),
  );
  const result: unknown[] = [];
  let next = 0;
  for (const other of others) {
    while (next < ordered.length) {
      const [left, right] = [rankIn(liveRank, other), rankIn(liveRank, ordered[next])];
      if (left >= 0 && right >= 0 && left < right) break;
      result.push(ordered[next++]);
    }
    result.push(other);
  }
  return result.concat(ordered.slice(next));
}

/**
 * Insertion sort, because the order is not a total one: an element without a rank goes before all that it meets, and
 * where it ends up shows.
 */
function inOrderOf(elements: readonly unknown[], rankOf: (element: unknown) => number): unknown[] {
  const sorted: { element: unknown; rank: number }[] = [];
  for (const element of elements) {
    const rank = rankOf(element);
    let at = sorted.length;
    while (at > 0) {
      const before = (sorted[at - 1] as { rank: number }).rank;
      if (rank >= 0 && before >= 0 && rank >= before) break;
      at--;
    }
    sorted.splice(at, 0, { element, rank });
  }
  return sorted.map(({ element }) => element);
}

function ranks(elements: readonly unknown[], keyed: (element: unknown) => unknown): Map<unknown, number> {
  const places = new Map<unknown, number>();
  for (const [at, element] of elements.entries()) if (!places.has(keyed(element))) places.set(keyed(element), at);
  return places;
}

/** Whether the lists hold maps; all elements must have one type. */
function hasMaps(...lists: (readonly unknown[])[]): boolean {
  let type: string | undefined;
  for (const element of lists.flat()) {
    if (Array.isArray(element)) throw doesNotApply();
    const current = goType(element);
    if (type !== undefined && type !== current) throw failed(`list element types are not identical: ${goValue(lists)}`);
    type = current;
  }
  return type === "map[string]interface {}";
}

/** Where there is nothing to merge with, the patch's value is set without its nulls and directives; a map that is one is dropped. */
function setOrDrop(merged: JsonObject, name: string, value: unknown): void {
  const kept = withoutDirectives(withoutNulls(value));
  if (kept === DROPPED) delete merged[name];
  else setField(merged, name, kept);
}

const DROPPED = Symbol("dropped");

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((each) => each !== DROPPED);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, PATCH)) return DROPPED;
  const kept: JsonObject = {};
  for (const name of Object.keys(value)) {
    const each = withoutDirectives(value[name]);
    if (each !== DROPPED) setField(kept, name, each);
  }
  return kept;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const name of Object.keys(value)) if (value[name] !== null) setField(kept, name, withoutNulls(value[name]));
  return kept;
}

function lookUp(schema: Context, name: string): { context: Context; field: FieldSchema | undefined } {
  if (schema === "map" || schema === "string") throw failed(`merging an object in json but data type is not struct, instead is: ${schema}`);
  const field = schema.fields.get(name);
  if (field) return { context: contextOf(field), field };
  if (schema.root && name === "metadata") return { context: typeSchema("meta.v1.ObjectMeta"), field: undefined };
  throw failed(`unable to find api field in struct ${schema.goName} for the json field ${JSON.stringify(name)}`);
}

function contextOf(field: FieldSchema): Context {
  if (field.map) return "map";
  return typeof field.type === "string" ? "string" : typeSchema(field.type.message);
}

function listNameOf(directive: string, complaint: string): string {
  const slash = directive.indexOf("/");
  const prefix = slash < 0 ? directive : directive.slice(0, slash);
  if (slash < 0 || (prefix !== DELETE_FROM_LIST && prefix !== SET_ORDER)) throw badRequest(complaint);
  return directive.slice(slash + 1);
}

function mapOrThrow(element: unknown): JsonObject {
  if (!isObject(element)) throw badArgument({}, element);
  return element;
}

function keyOf(element: unknown, key: string): unknown {
  const map = mapOrThrow(element);
  if (!Object.hasOwn(map, key)) throw failed(`map: ${goValue(map)} does not contain declared merge key: ${key}`);
  return map[key];
}

function badArgument(expected: unknown, actual: unknown): StatusError {
  return failed(`expected a ${goType(expected)}, but received a ${goType(actual)}`);
}

function unknownDirective(directive: unknown, map: JsonObject): StatusError {
  const text = typeof directive === "string" ? directive : `%!s(${directive === null ? "<nil>" : `${goType(directive)}=${goValue(directive)}`})`;
  return failed(`unknown patch type: ${text} in map: ${goValue(map)}`);
}

/** Upstream hands most of these errors on as they are: 500 without a reason. */
function failed(message: string): StatusError {
  return new StatusError(500, "", message);
}
