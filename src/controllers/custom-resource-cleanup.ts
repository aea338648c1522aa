/** apiextensions finalizer: a deleted CustomResourceDefinition takes its custom resources with it before it goes. */
import type { CustomResourceDefinition } from "../kube/schema/generated/types/apiextensions.v1.ts";
import { defineController } from "./controller.ts";
import { CUSTOM_RESOURCE_DEFINITIONS } from "./refs.ts";

export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";
/** Milliseconds between looks at instances that finalizers of their own keep. */
const RETRY = 1_000;

export const customResourceCleanup = defineController({
  name: "custom-resource-cleanup",
  watches: [
    {
      resource: "customresourcedefinitions.apiextensions.k8s.io",
      keys: ({ type, object, key }) =>
        type !== "DELETED" && object.metadata.deletionTimestamp && object.metadata.finalizers?.includes(CLEANUP_FINALIZER) ? [key.name] : [],
    },
  ],
  resync: async ({ client }) =>
    (await client.list(CUSTOM_RESOURCE_DEFINITIONS, "")).filter((each) => each.metadata.deletionTimestamp).map((each) => each.metadata.name ?? ""),
  async reconcile(name, { client }) {
    const definition = await client.get<CustomResourceDefinition>(CUSTOM_RESOURCE_DEFINITIONS, "", name);
    if (!definition?.metadata.deletionTimestamp || !definition.metadata.finalizers?.includes(CLEANUP_FINALIZER)) return undefined;
    const { group, names } = definition.spec;
    const served = client.resources().find(({ ref }) => ref.group === group && ref.resource === names.plural);
    if (served) {
      // A collection is deleted a namespace at a time; "" stands for cluster scope.
      const namespaces = new Set((await client.list(served.ref, "")).map((object) => object.metadata.namespace ?? ""));
      for (const namespace of namespaces) await client.deleteCollection(served.ref, namespace);
      if ((await client.list(served.ref, "", { limit: 1 })).length > 0) return { requeueAfter: RETRY };
    }
    const latest = await client.get<CustomResourceDefinition>(CUSTOM_RESOURCE_DEFINITIONS, "", name);
    if (!latest) return undefined;
    const finalizers = (latest.metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
    await client.update<CustomResourceDefinition>(CUSTOM_RESOURCE_DEFINITIONS, "", { ...latest, metadata: { ...latest.metadata, finalizers } });
    return undefined;
  },
});
