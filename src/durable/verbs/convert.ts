/** Between the stored form of an object and the version that a request speaks. */
import type { Kind } from "../../kube/kind.ts";
import { cloneJson } from "../../kube/machinery/json.ts";
import type { JsonObject, KubeObject } from "../../kube/object.ts";
import type { Stored, StoredObject } from "../store/types.ts";

/** Does the stored text need work before it can be sent as `kind`? */
export function storedAsServed(kind: Kind): boolean {
  return !kind.custom && kind.storage === undefined;
}

/** The object as `kind`'s version serves it: converted, and (custom resources) pruned and defaulted by today's schema. A copy. */
export function served(kind: Kind, stored: KubeObject): KubeObject {
  const copy = cloneJson(stored);
  const converted = kind.storage ? (kind.storage.fromStorage(copy) as KubeObject) : copy;
  if (!kind.custom) return converted;
  const object = kind.decode(converted as unknown as JsonObject, { strict: [] });
  kind.applyDefaults?.(object);
  return object;
}

/** The JSON text of a stored object as `kind`'s version serves it. */
export function servedText(kind: Kind, stored: Stored & Partial<StoredObject>): string {
  if (storedAsServed(kind)) return stored.text;
  return JSON.stringify(served(kind, stored.object ?? (JSON.parse(stored.text) as KubeObject)));
}

/** The object to be stored, keys in the order of every stored text: apiVersion, kind, metadata, the rest. */
export function toStored(kind: Kind, object: KubeObject): KubeObject {
  const converted = kind.storage ? kind.storage.toStorage(cloneJson(object)) : object;
  const { apiVersion, kind: kindName, metadata, ...rest } = converted;
  return { apiVersion: apiVersion || kind.apiVersion, kind: kindName || kind.kind, metadata, ...rest };
}
