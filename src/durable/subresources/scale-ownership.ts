/**
 * Who owns the replicas of an object, seen through its Scale and back: an apply to /scale conflicts with, and takes
 * over from, whoever owns that one field of the object itself (KEP-555, "Status and scale subresources").
 */
import { cloneJson } from "../../kube/machinery/json.ts";
import { decodeManagers, encodeManagers } from "../../kube/machinery/managed-fields.ts";
import { isObject, type JsonObject, type ManagedFieldsEntry } from "../../kube/object.ts";

const SCALE_VERSION = "autoscaling/v1";
const OWNS_REPLICAS = { "f:spec": { "f:replicas": {} } };

/** `.spec.replicas` → ["f:spec", "f:replicas"]. */
function elements(path: string): string[] {
  return path
    .split(".")
    .filter(Boolean)
    .map((name) => `f:${name}`);
}

function owns({ fieldsV1 }: ManagedFieldsEntry, path: readonly string[]): boolean {
  let set: unknown = fieldsV1;
  for (const element of path) set = isObject(set) ? set[element] : undefined;
  return set !== undefined;
}

function sameWriter(a: ManagedFieldsEntry, b: ManagedFieldsEntry): boolean {
  return a.manager === b.manager && a.operation === b.operation && (a.subresource ?? "") === (b.subresource ?? "");
}

/** The Scale's entries: those of the object that own its replicas, which lie at `path`. */
export function scaleEntries(entries: readonly ManagedFieldsEntry[], path: string): ManagedFieldsEntry[] {
  return entries.filter((entry) => owns(entry, elements(path))).map((entry) => ({ ...entry, apiVersion: SCALE_VERSION, fieldsV1: cloneJson(OWNS_REPLICAS) }));
}

/** The object's entries after the Scale's have become `ofScale`. */
export function parentEntries(
  entries: readonly ManagedFieldsEntry[],
  ofScale: readonly ManagedFieldsEntry[],
  path: string,
  apiVersion: string,
): ManagedFieldsEntry[] {
  const at = elements(path);
  const kept = entries.flatMap((entry) => {
    if (!owns(entry, at) || ofScale.some((each) => sameWriter(each, entry))) return [entry];
    const fieldsV1 = cloneJson(entry.fieldsV1) as JsonObject;
    return removeAt(fieldsV1, at) ? [] : [{ ...entry, fieldsV1 }];
  });
  for (const entry of ofScale) {
    if (kept.some((each) => owns(each, at) && sameWriter(each, entry))) continue;
    const existing = kept.findIndex((each) => sameWriter(each, entry) && each.apiVersion === apiVersion);
    const base = kept[existing];
    const fieldsV1 = base ? (cloneJson(base.fieldsV1) as JsonObject) : {};
    addAt(fieldsV1, at);
    const added = { ...entry, apiVersion, fieldsV1 };
    if (base) kept[existing] = added;
    else kept.push(added);
  }
  const managers = decodeManagers(kept);
  return managers ? encodeManagers(managers) : kept;
}

/** Removes the path and what it leaves empty. @returns whether nothing is left at all. */
function removeAt(set: JsonObject, path: readonly string[]): boolean {
  const [first = "", ...rest] = path;
  const inner = set[first];
  if (rest.length === 0 || (isObject(inner) && removeAt(inner, rest))) delete set[first];
  return Object.keys(set).length === 0;
}

function addAt(set: JsonObject, path: readonly string[]): void {
  let level = set;
  for (const element of path) {
    const next = level[element];
    const inner = isObject(next) ? next : {};
    level[element] = inner;
    level = inner;
  }
}
