/**
 * Live keys of the collections that were last listed by a selector. Reading thousands of keys costs more than judging
 * them, so a collection that has not changed since is not read again.
 */
import type { Store } from "./store/store.ts";
import type { Snapshot } from "./store/types.ts";

const MAX_COLLECTIONS = 8;
/** Longer collections are not kept: about 100 bytes a key. */
const MAX_KEYS = 20_000;

export class LiveKeys {
  readonly #store: Store;
  /** By resource, then by namespace ("" = all). */
  readonly #kept = new Map<string, Map<string, Snapshot["items"]>>();

  constructor(store: Store) {
    this.#store = store;
    store.onCommit((changes) => {
      if (this.#kept.size > 0) for (const { key } of changes) this.#kept.delete(key.resource);
    });
  }

  /** The live keys in order, with the revision of each. */
  list(resource: string, namespace: string): Snapshot["items"] {
    const known = this.#kept.get(resource)?.get(namespace);
    if (known) return known;
    const { items } = this.#store.list({ resource, namespace });
    if (items.length > MAX_KEYS) return items;
    let ofResource = this.#kept.get(resource);
    if (!ofResource) {
      const [oldest] = this.#kept.keys();
      if (this.#kept.size >= MAX_COLLECTIONS && oldest !== undefined) this.#kept.delete(oldest);
      ofResource = new Map();
      this.#kept.set(resource, ofResource);
    }
    if (ofResource.size >= MAX_COLLECTIONS) ofResource.clear();
    ofResource.set(namespace, items);
    return items;
  }
}
