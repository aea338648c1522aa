/**
 * persistentvolumeclaim-protection, persistentvolume-protection, volumeattributesclass-protection: each takes its finalizer off
 * an object that is being deleted as soon as nothing uses it any more, and puts it back on one that a writer took it from.
 */
import { PROTECTION_FINALIZERS } from "../kube/core/protection-finalizers.ts";
import type { KubeObject } from "../kube/object.ts";
import type { PersistentVolume, PersistentVolumeClaim, Pod } from "../kube/schema/generated/types/core.v1.ts";
import { type Client, type Controller, defineController, type ObjectChange, type ResourceRef, type Watch } from "./controller.ts";
import { PODS } from "./refs.ts";

const CLAIMS: ResourceRef = { group: "", version: "v1", resource: "persistentvolumeclaims" };
const VOLUMES: ResourceRef = { group: "", version: "v1", resource: "persistentvolumes" };
const CLASSES: ResourceRef = { group: "storage.k8s.io", version: "v1", resource: "volumeattributesclasses" };
const CLASS_RESOURCE = "volumeattributesclasses.storage.k8s.io";

/** Key of every object of a resource: "namespace/name". */
function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
}

interface Protection {
  name: string;
  ref: ResourceRef;
  /** The store's name for the resource. */
  resource: string;
  inUse(object: KubeObject, client: Client): Promise<boolean>;
  /** Other resources whose changes may end a use. */
  watches: readonly Watch[];
}

function protection({ name, ref, resource, inUse, watches }: Protection): Controller {
  const finalizer = PROTECTION_FINALIZERS[resource] ?? "";
  const held = (object: KubeObject) => (object.metadata.finalizers ?? []).includes(finalizer);
  const isDeleted = (object: KubeObject) => object.metadata.deletionTimestamp !== undefined;
  /** A deleted object waits to be let go; any other wants the finalizer that admission gave it. */
  const concerns = (object: KubeObject) => isDeleted(object) === held(object);
  return defineController({
    name,
    watches: [{ resource, keys: ({ type, object }) => (type !== "DELETED" && concerns(object) ? [keyOf(object)] : []) }, ...watches],
    resync: async ({ client }) => (await client.list(ref, "")).filter(concerns).map(keyOf),
    async reconcile(key, { client }) {
      const [namespace = "", objectName = ""] = key.split("/");
      const object = await client.get(ref, namespace, objectName);
      if (!object || !concerns(object) || (isDeleted(object) && (await inUse(object, client)))) return undefined;
      const others = (object.metadata.finalizers ?? []).filter((each) => each !== finalizer);
      const finalizers = isDeleted(object) ? others : [...others, finalizer];
      await client.update(ref, namespace, { ...object, metadata: { ...object.metadata, finalizers } });
      return undefined;
    },
  });
}

function isDone(pod: Pod): boolean {
  return pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
}

/** Names of the claims that a pod mounts, those of its ephemeral volumes included. */
function claimsOf(pod: Pod): string[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim) return [volume.persistentVolumeClaim.claimName];
    return volume.ephemeral ? [`${pod.metadata.name}-${volume.name}`] : [];
  });
}

function claimsOfPod({ object }: ObjectChange): string[] {
  const pod = object as Pod;
  return claimsOf(pod).map((claim) => `${pod.metadata.namespace}/${claim}`);
}

export const claimProtection = protection({
  name: "persistentvolumeclaim-protection",
  ref: CLAIMS,
  resource: "persistentvolumeclaims",
  // A pod that never reached a node, or is done with, uses nothing.
  async inUse({ metadata }, client) {
    const pods = await client.list<Pod>(PODS, metadata.namespace ?? "");
    return pods.some((pod) => pod.spec.nodeName && !isDone(pod) && claimsOf(pod).includes(metadata.name ?? ""));
  },
  watches: [
    {
      resource: "pods",
      whileAny: "persistentvolumeclaims",
      keys: (change) => (change.type === "DELETED" || isDone(change.object as Pod) ? claimsOfPod(change) : []),
    },
  ],
});

export const volumeProtection = protection({
  name: "persistentvolume-protection",
  ref: VOLUMES,
  resource: "persistentvolumes",
  inUse: async (volume) => (volume as PersistentVolume).status.phase === "Bound",
  watches: [],
});

function classesOf(object: KubeObject): string[] {
  const { spec, status } = object as PersistentVolumeClaim;
  return [spec.volumeAttributesClassName, status?.currentVolumeAttributesClassName].filter((name) => name !== undefined);
}

/** Classes that the change let go of. */
function releasedClasses({ type, object, previous }: ObjectChange): string[] {
  const before = type === "DELETED" ? classesOf(object) : previous ? classesOf(previous.object) : [];
  const after = type === "DELETED" ? [] : classesOf(object);
  return before.filter((name) => !after.includes(name)).map((name) => `/${name}`);
}

export const attributesClassProtection = protection({
  name: "volumeattributesclass-protection",
  ref: CLASSES,
  resource: CLASS_RESOURCE,
  async inUse({ metadata }, client) {
    const users = [...(await client.list(CLAIMS, "")), ...(await client.list(VOLUMES, ""))];
    return users.some((user) => classesOf(user).includes(metadata.name ?? ""));
  },
  watches: [
    { resource: "persistentvolumeclaims", whileAny: CLASS_RESOURCE, keys: releasedClasses },
    { resource: "persistentvolumes", whileAny: CLASS_RESOURCE, keys: releasedClasses },
  ],
});
