import { describe, expect, it } from "vitest";
import type { Client, Context } from "../../src/controllers/controller.ts";
import { claimProtection } from "../../src/controllers/storage-protection.ts";
import type { KubeObject } from "../../src/kube/object.ts";

const FINALIZER = "kubernetes.io/pvc-protection";

/** The finalizers of a claim after a look at it; undefined when nothing was written. */
async function finalizersAfter(metadata: object, pods: object[] = []): Promise<string[] | undefined> {
  let written: string[] | undefined;
  const client: Partial<Client> = {
    get: async <T extends KubeObject>() => ({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { namespace: "n", name: "c", ...metadata } }) as T,
    list: async <T extends KubeObject>() => pods as T[],
    update: async <T extends KubeObject>(_ref: unknown, _namespace: string, object: T) => {
      written = object.metadata.finalizers;
      return object;
    },
  };
  await claimProtection.reconcile("n/c", { client } as unknown as Context);
  return written;
}

const user = {
  metadata: { namespace: "n", name: "p" },
  spec: { nodeName: "x", volumes: [{ name: "v", persistentVolumeClaim: { claimName: "c" } }] },
  status: {},
};
const deletionTimestamp = "2026-01-02T03:04:05Z";

describe("the protection of a claim", () => {
  it.each<[string, object, object[], string[] | undefined]>([
    ["is put back when a writer takes it off", { finalizers: ["a"] }, [], ["a", FINALIZER]],
    ["leaves a protected claim alone", { finalizers: [FINALIZER] }, [], undefined],
    ["ends when a deleted claim has no user", { finalizers: [FINALIZER, "a"], deletionTimestamp }, [], ["a"]],
    ["lasts while a pod uses the deleted claim", { finalizers: [FINALIZER], deletionTimestamp }, [user], undefined],
    ["does not come back to a deleted claim", { finalizers: ["a"], deletionTimestamp }, [], undefined],
  ])("%s", async (_what, metadata, pods, finalizers) => {
    expect(await finalizersAfter(metadata, pods)).toEqual(finalizers);
  });
});
