/** A Transaction over a map, for rules that need one and no store. */
import type { ObjectKey, StoredObject, Transaction } from "../../../src/durable/store/types.ts";
import type { KubeObject } from "../../../src/kube/object.ts";
import { kindResource } from "./resources.ts";

export interface MemoryTransaction extends Transaction {
  /** Keys of a resource, as "namespace/name". */
  keys(resource: string): string[];
}

export function memoryTransaction(objects: readonly KubeObject[] = []): MemoryTransaction {
  const stored = new Map<string, StoredObject & { key: ObjectKey }>();
  let revision = 0;
  const path = (key: ObjectKey) => `${key.resource}|${key.namespace}/${key.name}`;
  const transaction: MemoryTransaction = {
    get: (key) => stored.get(path(key)),
    *list(resource, namespace) {
      for (const each of [...stored.values()]) if (each.key.resource === resource && (!namespace || each.key.namespace === namespace)) yield each;
    },
    put(key, object) {
      revision++;
      const copy = structuredClone(object);
      const text = JSON.stringify(copy);
      stored.set(path(key), { key, revision, text, object: copy });
      return { revision, text };
    },
    delete(key, last) {
      stored.delete(path(key));
      return { revision: ++revision, text: JSON.stringify(last) };
    },
    keys: (resource) => [...stored.values()].filter((each) => each.key.resource === resource).map((each) => `${each.key.namespace}/${each.key.name}`),
  };
  for (const object of objects)
    transaction.put({ resource: kindResource(object), namespace: object.metadata.namespace ?? "", name: object.metadata.name ?? "" }, object);
  return transaction;
}
