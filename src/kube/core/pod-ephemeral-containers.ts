/** Writes through /ephemeralcontainers of a Pod (KEP-277): containers may be added, none changed or removed. */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { Pod } from "../schema/generated/types/core.v1.ts";
import { sameJson } from "./equality.ts";
import { differenceText } from "./pod-difference.ts";
import { validatePod } from "./pod-validation.ts";

/** Makes `pod` the old pod but for its ephemeral containers (and the resource version and managed fields that it carries). */
export function prepareEphemeralContainersUpdate(pod: Pod, old: Pod): void {
  const { ephemeralContainers } = pod.spec;
  pod.spec = structuredClone(old.spec);
  if (ephemeralContainers) pod.spec.ephemeralContainers = ephemeralContainers;
  else delete pod.spec.ephemeralContainers;
  pod.status = structuredClone(old.status);
  keepMetadata(pod, old);
}

/** All metadata of the old pod, but what concurrency and field ownership need. */
export function keepMetadata(pod: Pod, old: Pod): void {
  const { resourceVersion, managedFields } = pod.metadata;
  pod.metadata = structuredClone(old.metadata);
  if (resourceVersion !== undefined) pod.metadata.resourceVersion = resourceVersion;
  if (managedFields !== undefined) pod.metadata.managedFields = managedFields;
}

/** Everything that can be wrong with such a write: with the pod, and with what it does to the containers that are there. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod, errors: FieldErrors, root: FieldPath): void {
  validatePod(pod, errors, root);
  const at = root.child("spec", "ephemeralContainers");
  const now = new Map((pod.spec.ephemeralContainers ?? []).map((container) => [container.name, container]));
  for (const container of old.spec.ephemeralContainers ?? []) {
    const kept = now.get(container.name);
    const name = JSON.stringify(container.name);
    if (!kept) errors.forbidden(at, `existing ephemeral containers ${name} may not be removed\n`);
    else if (!sameJson(kept, container)) errors.forbidden(at, `existing ephemeral containers ${name} may not be changed\n${differenceText(kept, container)}`);
  }
}
