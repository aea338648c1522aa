/**
 * What a controller is: a function from a key to the next step. It is level-triggered and idempotent: it is
 * told that something about a key may have changed, looks at the state as it is now, and does one step towards
 * what should be. It says nothing about queues, retries or clocks; the manager gives it those.
 *
 * @example
 *   export const greeter = defineController({
 *     name: "greeter",
 *     watches: [{ resource: "namespaces", keys: (change) => [change.key.name] }],
 *     async reconcile(name, { client }) { … },
 *   });
 */
import type { KubeObject } from "../kube/object.ts";

/** A committed change as controllers see it. `resource` is the store's name: "pods", "deployments.apps". */
export interface ObjectChange {
  readonly revision: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly key: { readonly resource: string; readonly namespace: string; readonly name: string };
  readonly object: KubeObject;
  readonly previous: { readonly object: KubeObject } | undefined;
}

export interface Watch {
  resource: string;
  /** The changes matter only while there are objects of this resource; without, they need not wake the controllers. */
  whileAny?: string;
  /** The keys of this controller that the change may concern. */
  keys(change: ObjectChange): string[];
}

export interface ResourceRef {
  group: string;
  version: string;
  resource: string;
}

/** The verbs, as any client has them: admission and validation apply. All reject with a StatusError. */
export interface Client {
  get<T extends KubeObject>(ref: ResourceRef, namespace: string, name: string): Promise<T | undefined>;
  list<T extends KubeObject>(ref: ResourceRef, namespace: string, options?: { labelSelector?: string; fieldSelector?: string; limit?: number }): Promise<T[]>;
  create<T extends KubeObject>(ref: ResourceRef, namespace: string, object: T): Promise<T>;
  update<T extends KubeObject>(ref: ResourceRef, namespace: string, object: T, subresource?: string): Promise<T>;
  delete(ref: ResourceRef, namespace: string, name: string, options?: { uid?: string; propagationPolicy?: string; gracePeriodSeconds?: number }): Promise<void>;
  deleteCollection(ref: ResourceRef, namespace: string): Promise<void>;
  /** Every resource that is served now, the preferred version of each. */
  resources(): { ref: ResourceRef; namespaced: boolean; verbs: readonly string[] }[];
}

export interface Context {
  readonly client: Client;
  /** Milliseconds since the epoch; the only clock a controller may read. */
  readonly now: () => number;
  readonly cluster: { readonly caCertificate: string };
}

export interface Result {
  /** Look at this key again after so many milliseconds, whatever happens. */
  requeueAfter?: number;
}

export interface Controller {
  name: string;
  watches: readonly Watch[];
  /** All keys there are, for a start without history (the log was compacted beyond the cursor). */
  resync(context: Context): Promise<string[]>;
  /** One step for `key`. Rejecting makes the manager retry with exponential backoff. */
  reconcile(key: string, context: Context): Promise<Result | undefined>;
}

export function defineController(controller: Controller): Controller {
  return controller;
}
