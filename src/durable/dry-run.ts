/** A transaction whose writes go nowhere: what dryRun=All runs in. Later reads of the same operation see them. */
import type { KubeObject } from "../kube/object.ts";
import type { ObjectKey, Stored, StoredObject, Transaction } from "./store/types.ts";

function id(key: ObjectKey): string {
  return `${key.resource}/${key.namespace}/${key.name}`;
}

export function dryRunTransaction(real: Transaction): Transaction {
  const overlay = new Map<string, StoredObject | undefined>();
  const get = (key: ObjectKey) => (overlay.has(id(key)) ? overlay.get(id(key)) : real.get(key));
  return {
    get,
    *list(resource, namespace) {
      for (const item of real.list(resource, namespace)) if (!overlay.has(id(item.key))) yield item;
    },
    put(key: ObjectKey, object: KubeObject): Stored {
      const before = get(key);
      // A created object has no resource version yet; an updated one keeps the one it was based on.
      if (before) object.metadata.resourceVersion = before.object.metadata.resourceVersion;
      const stored = { revision: before?.revision ?? 0, text: JSON.stringify(object), object };
      overlay.set(id(key), stored);
      return stored;
    },
    delete(key: ObjectKey, last: KubeObject): Stored {
      overlay.set(id(key), undefined);
      return { revision: get(key)?.revision ?? 0, text: JSON.stringify(last) };
    },
  };
}
