/**
 * What the store speaks: keys, stored texts, changes and the transaction that a write runs in. Kinds mean nothing
 * here except two that are kept differently for their price: Events and node heartbeats.
 */
import type { KubeObject } from "../../kube/object.ts";

export interface ObjectKey {
  /** Storage resource: "pods", "deployments.apps". */
  resource: string;
  /** "" for cluster scope. */
  namespace: string;
  name: string;
}

export interface Stored {
  revision: number;
  /** The object's JSON, whose metadata.resourceVersion is String(revision). */
  text: string;
}

/** A stored object whose text is parsed at the first use of `object`. Both are shared: clone before changing. */
export interface StoredObject extends Stored {
  readonly object: KubeObject;
}

export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";

export interface Change extends StoredObject {
  type: ChangeType;
  key: ObjectKey;
  /** The state that this change replaced; undefined when ADDED. A DELETED change's own text is the last state with the deletion's revision. */
  previous: StoredObject | undefined;
}

/** What an operation of `Store.write` sees and does. Valid only until the operation returns. */
export interface Transaction {
  /** The live object, also one written earlier in this operation or by an earlier operation of the same group. */
  get(key: ObjectKey): StoredObject | undefined;
  /** The live objects of a resource as they are at the call, in key order; namespace "" = all. Texts are read as the iteration reaches them. */
  list(resource: string, namespace: string): Iterable<StoredObject & { key: ObjectKey }>;
  /**
   * Creates or replaces. Sets metadata.resourceVersion of `object`, which the store shares from here on: don't change it afterwards.
   * @throws ObjectTooLargeError
   */
  put(key: ObjectKey, object: KubeObject): Stored;
  /** Deletes a live object; `last` is its final state and gets the deletion's revision. */
  delete(key: ObjectKey, last: KubeObject): Stored;
}

export interface ListQuery {
  resource: string;
  /** undefined or "" = all namespaces. */
  namespace?: string;
  /** The snapshot to read; default is the latest. */
  revision?: number;
  /** Only keys after this one, which need not exist. */
  after?: { namespace: string; name: string };
  limit?: number;
}

export interface Snapshot {
  /** The revision that the whole snapshot belongs to. */
  revision: number;
  items: { namespace: string; name: string; revision: number }[];
  /** How many items the snapshot has after the last one returned. */
  remaining: number;
}

export interface CompactionStep {
  /** Nothing more can be compacted now. */
  done: boolean;
  compactedRevision: number;
  rowsDeleted: number;
  /** How long the oldest change still to be compacted has been beyond the window, in milliseconds; 0 = up to date. */
  lag: number;
}
