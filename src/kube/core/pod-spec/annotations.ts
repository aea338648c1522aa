/** Annotations that the API gives meaning to on pods: deletion cost, mirror pods, AppArmor and seccomp of old. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import type { PodSpec } from "../../schema/generated/types/core.v1.ts";

const MIRROR = "kubernetes.io/config.mirror";
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const APPARMOR = "container.apparmor.security.beta.kubernetes.io/";
const COST = /^-?(0|[1-9][0-9]*)$/;

export function validatePodAnnotations(annotations: Readonly<Record<string, string>>, spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  if (annotations[MIRROR] && !spec.nodeName) errors.invalid(at.key(MIRROR), annotations[MIRROR], "must set spec.nodeName if mirror pod annotation is set");
  for (const key in annotations) {
    if (!key.startsWith(APPARMOR)) continue;
    const container = key.slice(APPARMOR.length);
    if (!hasContainer(spec, container)) errors.invalid(at.key(key), container, "container not found");
    const profile = annotations[key] as string;
    if (profile && profile !== "runtime/default" && profile !== "unconfined" && !profile.startsWith("localhost/")) {
      errors.invalid(at.key(key), profile, "invalid AppArmor profile name: " + JSON.stringify(profile));
    }
  }
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !isInt32(cost)) errors.invalid(at.key(DELETION_COST), cost, "must be a 32bit integer");
}

function hasContainer(spec: PodSpec, name: string): boolean {
  for (const list of [spec.containers, spec.initContainers, spec.ephemeralContainers]) if (list?.some((container) => container.name === name)) return true;
  return false;
}

function isInt32(text: string): boolean {
  return COST.test(text) && text !== "-0" && Math.abs(Number(text)) <= 2147483648 && Number(text) < 2147483648;
}
