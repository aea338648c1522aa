/**
 * Server-side apply (KEP-555): merges an applied configuration into the live object, refuses to take what others own
 * (unless forced), removes what the manager applied before and no longer does, and records the new ownership.
 */
import { isObject, type JsonObject, type KubeObject, type ManagedFieldsEntry } from "../object.ts";
import {
  compareFields,
  difference,
  eachPath,
  type FieldSet,
  fieldOf,
  fieldsOf,
  hasPath,
  intersection,
  isEmptySet,
  itemElement,
  NO_FIELDS,
  pathText,
  removeFields,
  union,
  withNamedFields,
  without,
} from "./field-set.ts";
import { equalJson } from "./json.ts";
import { goValue, setField } from "./json-value.ts";
import {
  Comparisons,
  conflictsOf,
  decodeManagers,
  emptyObject,
  encodeManagers,
  identityOf,
  type Manager,
  type Managers,
  resetSet,
  sameButTimes,
  strip,
  takeFromOthers,
  timestamp,
  type Write,
  withoutBookkeeping,
} from "./managed-fields.ts";
import { byteLength } from "./names.ts";
import { badRequest, type StatusCause, StatusError } from "./status.ts";
import type { Structure } from "./structure.ts";

export interface Apply extends Write {
  /** The stored object in the version that is applied; undefined when there is none. */
  readonly live: KubeObject | undefined;
  /** The configuration as it was sent: only what the manager has an opinion on. */
  readonly applied: JsonObject;
  readonly group: string;
  readonly kind: string;
  /** Takes fields over instead of reporting a conflict. */
  readonly force: boolean;
}

export interface Applied {
  /** Live and applied merged; not yet defaulted, nulls stand for fields that were emptied. */
  readonly object: KubeObject;
  readonly managedFields: ManagedFieldsEntry[];
  /** The entries to store with the object that came of it in the end: where nothing but times would change, the live ones. */
  managedFieldsOf(final: KubeObject): ManagedFieldsEntry[];
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;
/** The one manager for which the server minds the annotation of client-side apply, so that users can move over. */
const KUBECTL = "kubectl";
const BEFORE_FIRST_APPLY = "before-first-apply";

/**
 * Applies a configuration.
 * @throws StatusError 400 when it is another kind's or brings entries of its own; 409 with a cause for each field owned by others; 500 when the configuration does not fit the schema.
 */
export function serverSideApply(apply: Apply): Applied {
  const { applied, structure, live } = apply;
  checkType(apply);
  const problems = problemsOf(applied, structure);
  if (problems.length > 0) throw untypable(apply, problems);

  const base = (live ?? emptyObject(apply.apiVersion, apply.kind)) as JsonObject;
  const managers = decodeManagers(live?.metadata.managedFields ?? []) ?? new Map<string, Manager>();
  if (live && managers.size === 0) assignExisting(managers, apply, base);

  const self: Manager = {
    manager: apply.manager || "unknown",
    operation: "Apply",
    apiVersion: apply.apiVersion,
    subresource: apply.subresource,
    time: undefined,
    set: without(fieldsOf(applied, structure), resetSet(apply)),
  };
  const identity = identityOf(self);
  const last = managers.get(identity);
  managers.set(identity, { ...self, time: last?.time });

  const merged = prune(merge(base, applied, structure) as JsonObject, managers, last, apply);
  const comparisons = new Comparisons(apply, base, merged);
  if (!apply.force) refuseConflicts(managers, conflictsOf(managers, comparisons, identity), apply, base);
  takeFromOthers(managers, comparisons, identity);

  const changed = !equalJson(base, merged);
  const set = strip(self.set);
  if (isEmptySet(set)) managers.delete(identity);
  else managers.set(identity, { ...self, set, time: changed ? timestamp(apply.now) : last?.time });

  const managedFields = encodeManagers(managers);
  const object = (apply.manager === KUBECTL ? withLastApplied(merged, applied) : merged) as unknown as KubeObject;
  const liveEntries = live?.metadata.managedFields ?? [];
  return {
    object,
    managedFields,
    managedFieldsOf: (final) =>
      live && sameButTimes(managedFields, liveEntries) && equalJson(withoutBookkeeping(final), withoutBookkeeping(live)) ? liveEntries : managedFields,
  };
}

function checkType({ applied, apiVersion, kind }: Apply): void {
  if (applied.apiVersion !== apiVersion || applied.kind !== kind) {
    const given = typeof applied.apiVersion === "string" ? applied.apiVersion : "";
    const slash = given.indexOf("/");
    const subject =
      slash < 0 ? kindText("", given, String(applied.kind ?? "")) : kindText(given.slice(0, slash), given.slice(slash + 1), String(applied.kind ?? ""));
    throw badRequest(`invalid object type: ${subject}`);
  }
  const { metadata } = applied;
  if (isObject(metadata) && metadata.managedFields !== undefined && metadata.managedFields !== null) throw badRequest("metadata.managedFields must be nil");
}

/** A kind as Go prints its GroupVersionKind: `apps/v1, Kind=Deployment`, `/v1, Kind=Pod`. */
function kindText(group: string, version: string, kind: string): string {
  return `${group}/${version}, Kind=${kind}`;
}

/** An object that nobody tracked yet: all that it has came from before. */
function assignExisting(managers: Managers, apply: Apply, live: JsonObject): void {
  const before = withoutBookkeeping(emptyObject(apply.apiVersion, apply.kind));
  const { added, modified } = compareFields(before, withoutBookkeeping(live), apply.structure);
  const set = strip(without(union(modified, added), resetSet(apply)));
  if (isEmptySet(set)) return;
  const { apiVersion, subresource } = apply;
  const manager: Manager = { manager: BEFORE_FIRST_APPLY, operation: "Update", apiVersion, subresource, time: timestamp(apply.now), set };
  managers.set(identityOf(manager), manager);
}

/** The applied value laid over the live one: objects by field, associative lists by key, all else replaced. */
function merge(live: unknown, applied: unknown, structure: Structure): unknown {
  if (applied === undefined) return live;
  if (live === undefined || live === null || structure.kind === "leaf") return applied;
  if (structure.kind === "set" || structure.kind === "list-map") {
    if (!Array.isArray(live) || live.length === 0) return applied;
    // null says nothing of a list; it does not empty it.
    return Array.isArray(applied) ? mergeLists(live, applied, structure) : live;
  }
  if (!isObject(live) || Object.keys(live).length === 0) return applied;
  if (applied === null) return live;
  if (!isObject(applied)) return applied;
  const merged: JsonObject = { ...live };
  for (const name of Object.keys(applied)) {
    setField(merged, name, merge(Object.hasOwn(live, name) ? live[name] : undefined, applied[name], fieldOf(structure, name)));
  }
  return merged;
}

/**
 * Applied items keep the applied order. Items that only the live list has stay where they are, relative to the shared
 * items around them.
 */
function mergeLists(live: readonly unknown[], applied: readonly unknown[], structure: Structure): unknown[] {
  const item: Structure = structure.kind === "list-map" ? structure.item : { kind: "leaf" };
  const left = live.map((each) => itemElement(each, structure));
  const right = applied.map((each) => itemElement(each, structure));
  const inRight = new Set(right);
  const liveOf = new Map<string | undefined, unknown>();
  // Duplicates can only be live, and then none of them counts.
  for (const [at, element] of left.entries()) liveOf.set(element, liveOf.has(element) ? undefined : live[at]);
  const shared = right.filter((element) => liveOf.has(element));
  const done = new Set<string | undefined>();
  const merged: unknown[] = [];
  let [l, r, s] = [0, 0, 0];
  const take = (): void => {
    const element = right[r];
    merged.push(merge(liveOf.get(element), applied[r], item));
    done.add(element);
    if (shared[s] === element) s++;
    r++;
  };
  while (l < left.length || r < right.length) {
    const element = left[l];
    if (l < left.length && r < right.length) {
      if (element === right[r]) {
        take();
        l++;
        continue;
      }
      if (inRight.has(element) && s < shared.length && shared[s] !== element) {
        l++;
        continue;
      }
    }
    if (l < left.length) {
      if (!inRight.has(element)) {
        merged.push(live[l++]);
        continue;
      }
      if (done.has(element)) l++;
    }
    if (r < right.length) take();
  }
  return merged;
}

/** Removes what the manager applied last time, applies no more, and nobody else owns. */
function prune(merged: JsonObject, managers: Managers, last: Manager | undefined, apply: Apply): JsonObject {
  if (!last || isEmptySet(last.set)) return merged;
  if (!apply.convert) {
    let owned: FieldSet = NO_FIELDS;
    for (const { set } of managers.values()) owned = union(owned, set);
    return pruneIn(merged, apply.structure, last.set, [owned], []);
  }
  const convert = apply.convert;
  const then = last.apiVersion === apply.apiVersion ? { object: merged, structure: apply.structure } : convert(merged, last.apiVersion);
  // A version that is gone: what was applied in it can not be known any more.
  if (!then) return merged;
  const byVersion = new Map<string, FieldSet>();
  for (const { apiVersion, set } of managers.values()) byVersion.set(apiVersion, union(byVersion.get(apiVersion) ?? NO_FIELDS, set));
  const same = byVersion.get(last.apiVersion) ?? NO_FIELDS;
  byVersion.delete(last.apiVersion);
  const others = [...byVersion].map(([apiVersion, set]) => ({ set, to: (object: JsonObject) => convert(object, apiVersion), back: last.apiVersion }));
  const pruned = pruneIn(then.object, then.structure, last.set, [same], others, convert);
  return last.apiVersion === apply.apiVersion ? pruned : (convert(pruned, apply.apiVersion)?.object ?? merged);
}

interface OtherVersion {
  readonly set: FieldSet;
  to(object: JsonObject): { object: JsonObject; structure: Structure } | undefined;
  readonly back: string;
}

function pruneIn(
  merged: JsonObject,
  structure: Structure,
  lastSet: FieldSet,
  ownedSets: readonly FieldSet[],
  others: readonly OtherVersion[],
  convert?: Apply["convert"],
): JsonObject {
  const owned = ownedSets.reduce(union, NO_FIELDS);
  // The everyday case: all that was applied is applied still.
  if (isEmptySet(difference(lastSet, owned))) return merged;
  const named = (object: unknown, shape: Structure): FieldSet => withNamedFields(fieldsOf(object, shape), shape);
  const last = withNamedFields(lastSet, structure);
  const mergedSet = named(merged, structure);
  let pruned = removeFields(merged, last, structure);
  pruned = removeFields(merged, difference(mergedSet, union(named(pruned, structure), withNamedFields(owned, structure))), structure);
  for (const other of others) {
    const mergedThere = other.to(merged);
    const prunedThere = isObject(pruned) ? other.to(pruned) : undefined;
    if (!mergedThere || !prunedThere) continue;
    const shape = mergedThere.structure;
    const keep = union(named(prunedThere.object, shape), withNamedFields(other.set, shape));
    const restored = removeFields(mergedThere.object, difference(named(mergedThere.object, shape), keep), shape);
    if (isObject(restored)) pruned = convert?.(restored, other.back)?.object ?? pruned;
  }
  // Only what was applied last time goes; what else fell with its parents (defaults of an item) comes back with them.
  return removeFields(merged, intersection(difference(mergedSet, named(pruned, structure)), last), structure) as JsonObject;
}

/** @throws StatusError 409 unless there are no conflicts, or only such as kubectl's client-side apply explains. */
function refuseConflicts(managers: Managers, conflicts: Map<string, FieldSet>, apply: Apply, live: JsonObject): void {
  if (conflicts.size === 0) return;
  const allowed = apply.manager === KUBECTL ? lastAppliedFields(apply, live) : undefined;
  const found: { identity: string; manager: Manager; path: string }[] = [];
  for (const identity of [...conflicts.keys()].sort()) {
    eachPath(conflicts.get(identity) as FieldSet, (path) => {
      if (!allowed || !hasPath(allowed, path)) found.push({ identity, manager: managers.get(identity) as Manager, path: pathText(path) });
    });
  }
  if (found.length === 0) return;
  const causes: StatusCause[] = found.map(({ manager, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${managerText(manager)}`,
    field: path,
  }));
  const [only] = found;
  if (found.length === 1 && only) {
    throw new StatusError(409, "Conflict", `Apply failed with 1 conflict: conflict with ${managerText(only.manager)}: ${only.path}`, { causes });
  }
  const lines: string[] = [];
  let current = "";
  for (const { identity, manager, path } of found) {
    if (identity !== current) lines.push(`conflicts with ${managerText(manager)}:`);
    current = identity;
    lines.push(`- ${path}`);
  }
  throw new StatusError(409, "Conflict", `Apply failed with ${found.length} conflicts: ${lines.join("\n")}`, { causes });
}

function managerText({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = `${JSON.stringify(manager)}${subresource ? ` with subresource ${JSON.stringify(subresource)}` : ""}`;
  return operation === "Update" ? `${name} using ${apiVersion}` : name;
}

/** The fields of kubectl's last client-side apply that the live object still has as they were applied. */
function lastAppliedFields(apply: Apply, live: JsonObject): FieldSet | undefined {
  const text = annotationsOf(live)?.[LAST_APPLIED];
  if (typeof text !== "string" || text === "") return undefined;
  let applied: unknown;
  try {
    applied = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(applied) || applied.apiVersion !== apply.apiVersion || problemsOf(applied, apply.structure).length > 0) return undefined;
  const { added, modified, removed } = compareFields(applied, live, apply.structure);
  return difference(difference(difference(fieldsOf(applied, apply.structure), modified), added), removed);
}

/** kubectl's annotation kept up to date where the object has it, so that its client-side apply can still be used. */
function withLastApplied(object: JsonObject, applied: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  if (!annotations?.[LAST_APPLIED] || !isObject(object.metadata)) return object;
  const kept: JsonObject = { ...annotations, [LAST_APPLIED]: `${goJson(withoutLastApplied(applied))}\n` };
  let bytes = 0;
  for (const name of Object.keys(kept)) bytes += byteLength(name) + byteLength(String(kept[name]));
  if (bytes > ANNOTATIONS_LIMIT_BYTES) delete kept[LAST_APPLIED];
  return { ...object, metadata: { ...object.metadata, annotations: kept } };
}

function withoutLastApplied(applied: JsonObject): JsonObject {
  const annotations = annotationsOf(applied);
  if (!annotations || !isObject(applied.metadata)) return applied;
  const { [LAST_APPLIED]: _lastApplied, ...rest } = annotations;
  return { ...applied, metadata: { ...applied.metadata, annotations: rest } };
}

function annotationsOf(object: JsonObject): JsonObject | undefined {
  return isObject(object.metadata) && isObject(object.metadata.annotations) ? object.metadata.annotations : undefined;
}

/** JSON as Go writes a map: keys sorted, `<`, `>` and `&` escaped. */
function goJson(value: unknown): string {
  const sorted = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(sorted);
    if (!isObject(each)) return each;
    const copy: JsonObject = {};
    for (const name of Object.keys(each).sort()) setField(copy, name, sorted(each[name]));
    return copy;
  };
  return JSON.stringify(sorted(value)).replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** What keeps a configuration from being applied by its schema: undeclared fields, lists that are none, keys that repeat. */
function problemsOf(value: unknown, structure: Structure, at = "", problems: string[] = []): string[] {
  const report = (problem: string): number => problems.push(at ? `${at}: ${problem}` : problem);
  if (value === null || value === undefined || structure.kind === "leaf" || structure.kind === "untyped") return problems;
  if (structure.kind === "map") {
    if (!isObject(value)) {
      report(`expected map, got &{${goValue(value)}}`);
      return problems;
    }
    for (const name of Object.keys(value)) {
      const below = structure.field(name);
      if (!below) {
        problems.push(`${at}.${name}: field not declared in schema`);
        break;
      }
      problemsOf(value[name], below, `${at}.${name}`, problems);
    }
    return problems;
  }
  if (!Array.isArray(value)) {
    report(`expected list, got &{${goValue(value)}}`);
    return problems;
  }
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const element = itemElement(item, structure);
    if (element === undefined) {
      report(`element ${index}: ${itemProblem(item, structure)}`);
      break;
    }
    const text = pathText([element]);
    if (seen.has(element)) report(`duplicate entries for key ${text}`);
    seen.add(element);
    if (structure.kind === "list-map") problemsOf(item, structure.item, `${at}${text}`, problems);
  }
  return problems;
}

function itemProblem(item: unknown, structure: Structure): string {
  if (structure.kind === "set") {
    if (item === null) return "associative list without keys has an element that's an explicit null";
    return Array.isArray(item) ? "not supported: associative list with lists as elements" : "associative list without keys has an element that's a map type";
  }
  if (item === null) return "associative list with keys may not have a null element";
  if (!isObject(item)) return "associative list with keys may not have non-map elements";
  const keys = structure.kind === "list-map" ? structure.keys.map((key) => JSON.stringify(key)).join(" ") : "";
  return `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`;
}

/** 500 without a reason, as upstream answers it. */
function untypable({ applied, apiVersion, group, kind }: Apply, problems: readonly string[]): StatusError {
  const metadata = isObject(applied.metadata) ? applied.metadata : {};
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  const subject = `${String(metadata.namespace ?? "")}/${String(metadata.name ?? "")}; ${kindText(group, version, kind)}`;
  const text = problems.length === 1 ? problems[0] : `errors:\n${problems.map((problem) => `  ${problem}`).join("\n")}`;
  return new StatusError(500, "", `failed to create typed patch object (${subject}): ${text}`);
}
