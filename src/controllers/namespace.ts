/**
 * namespace: empties a terminating namespace in order (pods first, KEP-5080, then everything else), says in its
 * conditions what is left, and takes the `kubernetes` finalizer off when nothing is.
 */
import type { KubeObject } from "../kube/object.ts";
import type { Namespace, NamespaceCondition } from "../kube/schema/generated/types/core.v1.ts";
import { type Client, type Context, defineController, type ResourceRef } from "./controller.ts";
import { NAMESPACES, PODS } from "./refs.ts";

const FINALIZER = "kubernetes";
/** Milliseconds until a namespace with remaining content is looked at again, when nothing tells us earlier. */
const RETRY = 5_000;

interface Remaining {
  ref: ResourceRef;
  objects: KubeObject[];
}

function label(ref: ResourceRef): string {
  return ref.group ? `${ref.resource}.${ref.group}` : `${ref.resource}.`;
}

function describeObjects(remaining: readonly Remaining[]): string {
  return `Some resources are remaining: ${remaining.map(({ ref, objects }) => `${label(ref)} has ${objects.length} resource instances`).join(", ")}`;
}

function describeFinalizers(remaining: readonly Remaining[]): string {
  const counts = new Map<string, number>();
  for (const { objects } of remaining)
    for (const object of objects) for (const finalizer of object.metadata.finalizers ?? []) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  return counts.size === 0
    ? ""
    : `Some content in the namespace has finalizers remaining: ${[...counts].map(([name, count]) => `${name} in ${count} resource instances`).join(", ")}`;
}

function conditions(remaining: readonly Remaining[], failure: string): Omit<NamespaceCondition, "lastTransitionTime">[] {
  const finalizers = describeFinalizers(remaining);
  const when = (type: string, problem: string, badReason: string, goodReason: string, goodMessage: string) =>
    problem ? { type, status: "True", reason: badReason, message: problem } : { type, status: "False", reason: goodReason, message: goodMessage };
  return [
    when("NamespaceDeletionDiscoveryFailure", "", "DiscoveryFailed", "ResourcesDiscovered", "All resources successfully discovered"),
    when("NamespaceDeletionGroupVersionParsingFailure", "", "GroupVersionParsingFailed", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    when(
      "NamespaceDeletionContentFailure",
      failure,
      "ContentDeletionFailed",
      "ContentDeleted",
      "All content successfully deleted, may be waiting on finalization",
    ),
    when(
      "NamespaceContentRemaining",
      remaining.length > 0 ? describeObjects(remaining) : "",
      "SomeResourcesRemain",
      "ContentRemoved",
      "All content successfully removed",
    ),
    when("NamespaceFinalizersRemaining", finalizers, "SomeFinalizersRemain", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
  ];
}

/** Deletes all objects of a resource in the namespace and returns what is still there. */
async function empty(client: Client, ref: ResourceRef, namespace: string): Promise<Remaining | undefined> {
  if ((await client.list(ref, namespace, { limit: 1 })).length === 0) return undefined;
  await client.deleteCollection(ref, namespace);
  const objects = await client.list(ref, namespace);
  return objects.length > 0 ? { ref, objects } : undefined;
}

async function writeConditions(namespace: Namespace, wanted: Omit<NamespaceCondition, "lastTransitionTime">[], { client, now }: Context): Promise<void> {
  const existing = namespace.status.conditions ?? [];
  const time = `${new Date(now()).toISOString().slice(0, 19)}Z`;
  const next = wanted.map((condition) => {
    const before = existing.find((each) => each.type === condition.type);
    return { ...condition, lastTransitionTime: before?.status === condition.status ? before.lastTransitionTime : time };
  });
  const others = existing.filter((each) => !wanted.some((condition) => condition.type === each.type));
  await client.update<Namespace>(
    NAMESPACES,
    "",
    { ...namespace, status: { ...namespace.status, phase: "Terminating", conditions: [...others, ...next] } },
    "status",
  );
}

export const namespaceController = defineController({
  name: "namespace",
  watches: [{ resource: "namespaces", keys: ({ type, object, key }) => (type !== "DELETED" && object.metadata.deletionTimestamp ? [key.name] : []) }],
  resync: async ({ client }) => (await client.list(NAMESPACES, "")).filter((each) => each.metadata.deletionTimestamp).map((each) => each.metadata.name ?? ""),
  async reconcile(name, context) {
    const { client } = context;
    const namespace = await client.get<Namespace>(NAMESPACES, "", name);
    if (!namespace?.metadata.deletionTimestamp) return undefined;
    if (!namespace.spec.finalizers?.includes(FINALIZER)) return undefined;

    const remaining: Remaining[] = [];
    let failure = "";
    const attempt = async (ref: ResourceRef) => {
      try {
        const left = await empty(client, ref, name);
        if (left) remaining.push(left);
      } catch (error) {
        failure = `Failed to delete all resource types, 1 remaining: ${error instanceof Error ? error.message : String(error)}`;
      }
    };
    await attempt(PODS);
    if (remaining.length === 0 && !failure) {
      for (const { ref, namespaced, verbs } of client.resources()) {
        const isPods = ref.group === "" && ref.resource === "pods";
        if (namespaced && !isPods && verbs.includes("deletecollection")) await attempt(ref);
      }
    }
    const current = await client.get<Namespace>(NAMESPACES, "", name);
    if (!current) return undefined;
    if (remaining.length > 0 || failure) {
      await writeConditions(current, conditions(remaining, failure), context);
      return { requeueAfter: RETRY };
    }
    await writeConditions(current, conditions([], ""), context);
    const latest = await client.get<Namespace>(NAMESPACES, "", name);
    if (!latest) return undefined;
    const spec = { ...latest.spec, finalizers: latest.spec.finalizers?.filter((finalizer) => finalizer !== FINALIZER) };
    await client.update<Namespace>(NAMESPACES, "", { ...latest, spec }, "finalize");
    return undefined;
  },
});
