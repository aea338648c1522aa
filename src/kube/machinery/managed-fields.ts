/**
 * metadata.managedFields: who owns which field. Entries are kept by manager, operation, version and subresource;
 * a write gives its manager what it changed and takes that from all others (KEP-555).
 */
import { isObject, type JsonObject, type KubeObject, type ManagedFieldsEntry } from "../object.ts";
import { decode, listsSentEmpty } from "../schema/decode.ts";
import { hasType, typeIdOf, typeSchema } from "../schema/table.ts";
import {
  type Comparison,
  compareFields,
  difference,
  type FieldSet,
  fieldSetOf,
  fromFieldsV1,
  intersection,
  isEmptySet,
  NO_FIELDS,
  toFieldsV1,
  union,
  without,
  withoutFields,
} from "./field-set.ts";
import { equalJson } from "./json.ts";
import type { Structure } from "./structure.ts";

/** An entry while it is worked on. */
export interface Manager {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly set: FieldSet;
}

/** Entries by identity (see `identityOf`). */
export type Managers = Map<string, Manager>;

/** Another version's form of an object, for kinds served in several; undefined when the version is not served any more. */
export type Convert = (object: JsonObject, apiVersion: string) => { object: JsonObject; structure: Structure } | undefined;

export interface Write {
  readonly structure: Structure;
  /** Who writes: the fieldManager parameter or the User-Agent's first word. */
  readonly manager: string;
  /** The version through which it is written. */
  readonly apiVersion: string;
  /** "" for the main resource. */
  readonly subresource: string;
  readonly now: Date;
  /** Paths that a writer through this endpoint never owns, names only: `[["status"]]`. */
  readonly resetFields?: readonly (readonly string[])[];
  readonly convert?: Convert;
}

export interface TrackedUpdate extends Write {
  /** The stored object; undefined on create. */
  readonly live: KubeObject | undefined;
  /** Its entries. Default: those that it carries. */
  readonly liveManagedFields?: readonly ManagedFieldsEntry[];
  readonly updated: KubeObject;
  /** What the request's object said: undefined or null keeps, [] or [{}] resets, entries replace. Ignored for subresources. */
  readonly requestManagedFields?: readonly ManagedFieldsEntry[] | null;
}

const MAX_UPDATE_MANAGERS = 10;
const ANCIENT = "ancient-changes";

/** What no one ever owns. */
const STRIPPED: FieldSet = fieldSetOf([
  ["f:apiVersion"],
  ["f:kind"],
  ["f:metadata"],
  ...["name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion"].map((name) => [
    "f:metadata",
    `f:${name}`,
  ]),
]);

/**
 * The entries after a create, an update or a patch other than apply. Times change only of the manager that changed
 * something; an object that was never tracked, or whose tracking was reset, stays untracked.
 */
export function trackUpdate(write: TrackedUpdate): ManagedFieldsEntry[] {
  const { live, updated, requestManagedFields } = write;
  const liveEntries = write.liveManagedFields ?? live?.metadata.managedFields ?? [];
  const entries = write.subresource === "" ? chosenEntries(liveEntries, requestManagedFields) : liveEntries;
  const managers = decodeManagers(entries) ?? new Map<string, Manager>();
  if (live && managers.size === 0) return [];

  const before = withoutBookkeeping(live ?? emptyObject(write.apiVersion, updated.kind));
  const after = withoutBookkeeping(updated);
  const changes = withEmptiedLists(compareFields(before, after, write.structure), before, updated);
  if (isSame(changes) && (entries === liveEntries || sameButTimes(entries, liveEntries))) return [...liveEntries];

  const comparisons = new Comparisons(write, before, after, changes);
  takeFromOthers(managers, comparisons);
  const own = without(difference(union(comparisons.own.modified, comparisons.own.added), STRIPPED), resetSet(write));
  if (!isEmptySet(own)) {
    const self: Manager = {
      manager: write.manager || "unknown",
      operation: "Update",
      apiVersion: write.apiVersion,
      subresource: write.subresource,
      time: timestamp(write.now),
      set: own,
    };
    const identity = identityOf(self);
    managers.set(identity, { ...self, set: union(managers.get(identity)?.set ?? NO_FIELDS, own) });
  }
  return encodeManagers(capUpdateManagers(managers));
}

/** A list that was sent empty where there is none counts as written. */
function withEmptiedLists(changes: Comparison, before: JsonObject, updated: KubeObject): Comparison {
  const paths = listsSentEmpty(updated).filter((path) => {
    let value: unknown = before;
    for (const name of path) value = isObject(value) ? value[name] : undefined;
    return value === undefined || value === null;
  });
  if (paths.length === 0) return changes;
  return { ...changes, modified: union(changes.modified, fieldSetOf(paths.map((path) => path.map((name) => `f:${name}`)))) };
}

/** An object of the kind as Go's zero value would be written: the fields that are always there. */
export function emptyObject(apiVersion: string, kind: string): JsonObject {
  const slash = apiVersion.indexOf("/");
  const id = typeIdOf(slash < 0 ? "" : apiVersion.slice(0, slash), apiVersion.slice(slash + 1), kind);
  let empty = emptyObjects.get(id);
  if (!empty) {
    empty = hasType(id) ? (decode(typeSchema(id), { apiVersion, kind }, { strict: [] }) as JsonObject) : { apiVersion, kind, metadata: {} };
    emptyObjects.set(id, empty);
  }
  return empty;
}

const emptyObjects = new Map<string, JsonObject>();

/** Two managers are one when all of this is equal; an applier is the same whatever version it applies. */
export function identityOf({ manager, operation, apiVersion, subresource }: Omit<Manager, "set" | "time">): string {
  return JSON.stringify([manager, operation, operation === "Apply" ? "" : apiVersion, subresource]);
}

/** Entries as managers; undefined when one of them is malformed. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[]): Managers | undefined {
  const managers: Managers = new Map();
  for (const entry of entries) {
    const { manager = "", operation, apiVersion, subresource = "", time } = entry;
    if ((operation !== "Apply" && operation !== "Update") || !apiVersion || entry.fieldsType !== "FieldsV1") return undefined;
    try {
      const decoded: Manager = { manager, operation, apiVersion, subresource, time, set: fromFieldsV1(entry.fieldsV1) };
      managers.set(identityOf(decoded), decoded);
    } catch {
      return undefined;
    }
  }
  return managers;
}

/** Entries in upstream's order: Apply before Update, then by time, manager, version, subresource. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] {
  const sorted = [...managers.values()].sort(
    (a, b) =>
      ascending(a.operation, b.operation) ||
      seconds(a.time) - seconds(b.time) ||
      ascending(a.manager, b.manager) ||
      ascending(a.apiVersion, b.apiVersion) ||
      ascending(a.subresource, b.subresource),
  );
  return sorted.map(({ manager, operation, apiVersion, time, set, subresource }) => {
    const entry: ManagedFieldsEntry = { manager, operation, apiVersion };
    if (time) entry.time = time;
    entry.fieldsType = "FieldsV1";
    entry.fieldsV1 = toFieldsV1(set);
    if (subresource) entry.subresource = subresource;
    return entry;
  });
}

/** The comparison of a write in the version of each manager that it concerns, made when first asked for. */
export class Comparisons {
  /** In the version of the write. */
  readonly own: Comparison;
  readonly #write: Write;
  readonly #before: JsonObject;
  readonly #after: JsonObject;
  readonly #byVersion = new Map<string, Comparison | undefined>();

  constructor(write: Write, before: JsonObject, after: JsonObject, changes = compareFields(before, after, write.structure)) {
    this.#write = write;
    this.#before = before;
    this.#after = after;
    this.own = withoutFields(changes, resetSet(write));
    this.#byVersion.set(write.apiVersion, this.own);
  }

  /** undefined when the version is not served any more. */
  in(apiVersion: string): Comparison | undefined {
    if (!this.#write.convert) return this.own;
    if (!this.#byVersion.has(apiVersion)) {
      const before = this.#write.convert(this.#before, apiVersion);
      const after = this.#write.convert(this.#after, apiVersion);
      this.#byVersion.set(apiVersion, before && after && withoutFields(compareFields(before.object, after.object, after.structure), resetSet(this.#write)));
    }
    return this.#byVersion.get(apiVersion);
  }
}

/** What each manager but `self` owns of the changed fields. */
export function conflictsOf(managers: Managers, comparisons: Comparisons, self?: string): Map<string, FieldSet> {
  const conflicts = new Map<string, FieldSet>();
  for (const [identity, { apiVersion, set }] of managers) {
    const comparison = identity === self ? undefined : comparisons.in(apiVersion);
    if (!comparison) continue;
    const taken = intersection(set, union(comparison.modified, comparison.added));
    if (!isEmptySet(taken)) conflicts.set(identity, taken);
  }
  return conflicts;
}

/** Takes changed and removed fields from all managers but `self`, and drops managers that are left with nothing. */
export function takeFromOthers(managers: Managers, comparisons: Comparisons, self?: string): void {
  for (const [identity, manager] of managers) {
    let { set } = manager;
    if (identity !== self) {
      const comparison = comparisons.in(manager.apiVersion);
      if (!comparison) {
        managers.delete(identity);
        continue;
      }
      set = difference(difference(difference(set, comparison.modified), comparison.added), comparison.removed);
    }
    if (isEmptySet(set)) managers.delete(identity);
    else if (set !== manager.set) managers.set(identity, { ...manager, set });
  }
}

/** The set without what no one owns. */
export function strip(set: FieldSet): FieldSet {
  return difference(set, STRIPPED);
}

/** The paths that a writer through this endpoint never owns. */
export function resetSet({ resetFields = [] }: Pick<Write, "resetFields">): FieldSet {
  return resetFields.length === 0 ? NO_FIELDS : fieldSetOf(resetFields.map((path) => path.map((name) => (name.startsWith("f:") ? name : `f:${name}`))));
}

/** RFC 3339 in whole seconds, as metav1.Time is written. */
export function timestamp(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}

/** The object without what changes on every write by itself and belongs to no one. */
export function withoutBookkeeping(object: KubeObject | JsonObject): JsonObject {
  const { metadata, ...rest } = object as JsonObject;
  if (!isObject(metadata)) return object as JsonObject;
  const { managedFields: _managedFields, resourceVersion: _resourceVersion, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

/** Whether two lists of entries differ in nothing but times: then a write that changes nothing else changes nothing at all. */
export function sameButTimes(a: readonly ManagedFieldsEntry[], b: readonly ManagedFieldsEntry[]): boolean {
  if (a.length !== b.length) return false;
  const byIdentity = new Map(b.map((entry) => [entryIdentity(entry), entry]));
  return a.every((entry) => {
    const other = byIdentity.get(entryIdentity(entry));
    return other !== undefined && other.apiVersion === entry.apiVersion && equalJson(entry.fieldsV1, other.fieldsV1);
  });
}

function entryIdentity({ manager = "", operation, apiVersion = "", subresource = "" }: ManagedFieldsEntry): string {
  return identityOf({ manager, operation: operation === "Apply" ? "Apply" : "Update", apiVersion, subresource });
}

/** The entries to start from: a request may keep, reset or replace them. */
function chosenEntries(live: readonly ManagedFieldsEntry[], request: readonly ManagedFieldsEntry[] | null | undefined): readonly ManagedFieldsEntry[] {
  if (!request) return live;
  const [first] = request;
  if (!first || (request.length === 1 && Object.values(first).every((value) => value === undefined || value === ""))) return [];
  const decoded = decodeManagers(request);
  return decoded && decoded.size > 0 ? request : live;
}

function isSame({ added, modified, removed }: Comparison): boolean {
  return isEmptySet(added) && isEmptySet(modified) && isEmptySet(removed);
}

/** More than ten updaters: the oldest of a version are joined into one. */
function capUpdateManagers(managers: Managers): Managers {
  const updaters = [...managers].filter(([, { operation }]) => operation === "Update");
  let count = updaters.length;
  if (count <= MAX_UPDATE_MANAGERS) return managers;
  updaters.sort(([a, left], [b, right]) => seconds(left.time) - seconds(right.time) || ascending(a, b));
  const firstOfVersion = new Map<string, string>();
  for (const [identity, manager] of updaters) {
    if (count <= MAX_UPDATE_MANAGERS) break;
    const first = firstOfVersion.get(manager.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(manager.apiVersion, identity);
      continue;
    }
    const bucket: Manager = { ...manager, manager: ANCIENT, subresource: "" };
    const key = identityOf(bucket);
    const joined = managers.get(key) ?? (managers.get(first) as Manager);
    if (!managers.has(key)) managers.delete(first);
    managers.delete(identity);
    managers.set(key, { ...bucket, set: union(joined.set, manager.set) });
    count--;
  }
  return managers;
}

function ascending(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function seconds(time: string | undefined): number {
  return time ? Math.floor(Date.parse(time) / 1000) : 0;
}
