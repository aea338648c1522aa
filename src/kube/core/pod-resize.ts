/** Writes through /resize of a Pod (KEP-1287): cpu and memory of containers and sidecars, within one quality of service class. */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { Container, Pod } from "../schema/generated/types/core.v1.ts";
import { sameJson } from "./equality.ts";
import { differenceText } from "./pod-difference.ts";
import { keepMetadata } from "./pod-ephemeral-containers.ts";
import { MIRROR_ANNOTATION } from "./pod-spec/annotations.ts";
import { qosClassOf } from "./pod-spec/qos.ts";
import { validatePod } from "./pod-validation.ts";

const LISTS = ["containers", "initContainers"] as const;

/**
 * Makes `pod` the old pod but for what a resize may ask for: the resources and resize policies of its containers.
 * Containers that were added, removed or renamed stay as they came, for validation to refuse.
 */
export function prepareResize(pod: Pod, old: Pod): void {
  const asked = pod.spec;
  pod.spec = structuredClone(old.spec);
  for (const list of LISTS) {
    const now = asked[list] ?? [];
    if (now.length !== (old.spec[list]?.length ?? 0)) {
      pod.spec[list] = now;
      continue;
    }
    pod.spec[list]?.forEach((container, i) => {
      const { name, resources, resizePolicy } = now[i] as Container;
      container.name = name;
      container.resources = resources;
      if (resizePolicy) container.resizePolicy = resizePolicy;
      else delete container.resizePolicy;
    });
  }
  if (asked.resources) pod.spec.resources = asked.resources;
  else delete pod.spec.resources;
  pod.status = structuredClone(old.status);
  keepMetadata(pod, old);
}

/** Everything that can be wrong with such a write: with the pod, and with what changes in it. */
export function validateResize(pod: Pod, old: Pod, errors: FieldErrors, root: FieldPath): void {
  validatePod(pod, errors, root);
  const at = root.child("spec");
  if (old.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) {
    errors.forbidden(root, "static pods cannot be resized");
    return;
  }
  if (old.spec.os?.name === "windows") {
    errors.forbidden(root, "windows pods cannot be resized");
    return;
  }
  if (!sameContainers(pod, old, errors, at)) return;
  const qosClass = old.status?.qosClass ?? qosClassOf(old.spec);
  if (qosClassOf(pod.spec) !== qosClass) errors.invalid(at, qosClass, "Pod QOS Class may not change as a result of resizing");
  const munged = structuredClone(pod.spec);
  for (const list of LISTS) {
    munged[list]?.forEach((container, i) => {
      const resizable = list === "containers" || container.restartPolicy === "Always";
      if (resizable) putBack(container, old.spec[list]?.[i] as Container, errors, at.child(list).index(i).child("resources"));
    });
  }
  if (!sameJson(munged, old.spec)) errors.forbidden(at, `only cpu and memory resources are mutable\n${differenceText(munged, old.spec)}`);
}

function sameContainers(pod: Pod, old: Pod, errors: FieldErrors, at: FieldPath): boolean {
  const before = errors.list.length;
  for (const list of LISTS) {
    const [now, were] = [pod.spec[list] ?? [], old.spec[list] ?? []];
    if (now.length !== were.length) {
      errors.forbidden(at.child(list), "containers may not be added or removed on resize");
      continue;
    }
    now.forEach((container, i) => {
      if (container.name !== were[i]?.name) errors.forbidden(at.child(list).index(i).child("name"), "containers may not be renamed or reordered on resize");
    });
  }
  return errors.list.length === before;
}

/** Puts the old cpu and memory back into `container`, after refusing to take a value away. */
function putBack(container: Container, old: Container, errors: FieldErrors, at: FieldPath): void {
  for (const [list, text] of [
    ["requests", "resource requests"],
    ["limits", "resource limits"],
  ] as const) {
    const was: Record<string, string | number> = old.resources?.[list] ?? {};
    const now: Record<string, string | number> = { ...container.resources?.[list] };
    if (["cpu", "memory"].some((name) => was[name] !== undefined && now[name] === undefined)) errors.forbidden(at.child(list), `${text} cannot be removed`);
    for (const name of ["cpu", "memory"]) {
      delete now[name];
      if (was[name] !== undefined) now[name] = was[name];
    }
    container.resources = { ...container.resources, [list]: now };
  }
}
