/** Annotations that the API gives meaning to on pods: deletion cost, mirror pods, AppArmor and seccomp of old, alpha tolerations. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import type { AppArmorProfile, Pod, PodSpec, SeccompProfile, Toleration } from "../../schema/generated/types/core.v1.ts";
import type { ObjectMeta } from "../../schema/generated/types/meta.v1.ts";
import { localPath } from "./checks.ts";
import { validateTolerations } from "./scheduling.ts";

export const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";
export const APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/";
export const SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod";
export const SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/";
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations";
const COST = /^-?(0|[1-9][0-9]*)$/;
const SECCOMP_PROFILES: ReadonlySet<string> = new Set(["runtime/default", "docker/default", "unconfined"]);

export function validatePodAnnotations(annotations: Readonly<Record<string, string>>, spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  if (annotations[MIRROR_ANNOTATION] && !spec.nodeName) {
    errors.invalid(at.key(MIRROR_ANNOTATION), annotations[MIRROR_ANNOTATION], "must set spec.nodeName if mirror pod annotation is set");
  }
  if (annotations[TOLERATIONS]) validateTolerationsAnnotation(annotations[TOLERATIONS], errors, at);
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !isInt32(cost)) errors.invalid(at.key(DELETION_COST), cost, "must be a 32bit integer");
  if (annotations[SECCOMP_POD] !== undefined) validateSeccompAnnotation(annotations[SECCOMP_POD], errors, at.child(SECCOMP_POD));
  for (const key in annotations) {
    if (key.startsWith(SECCOMP_CONTAINER)) validateSeccompAnnotation(annotations[key] as string, errors, at.child(key));
  }
  for (const key in annotations) {
    if (key.startsWith(APPARMOR_ANNOTATION)) validateAppArmorAnnotation(key, annotations[key] as string, spec, errors, at);
  }
}

function validateTolerationsAnnotation(text: string, errors: FieldErrors, at: FieldPath): void {
  try {
    validateTolerations(JSON.parse(text) as Toleration[], errors, at.child(TOLERATIONS));
  } catch {
    errors.invalid(at, TOLERATIONS, "invalid character looking for beginning of value");
  }
}

function validateSeccompAnnotation(profile: string, errors: FieldErrors, at: FieldPath): void {
  if (SECCOMP_PROFILES.has(profile)) return;
  if (profile.startsWith("localhost/")) localPath(errors, at, profile.slice("localhost/".length));
  else errors.invalid(at, profile, "must be a valid seccomp profile");
}

function validateAppArmorAnnotation(key: string, profile: string, spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  const container = key.slice(APPARMOR_ANNOTATION.length);
  if (!hasContainer(spec, container)) errors.invalid(at.key(key), container, "container not found");
  if (!profile || profile === "runtime/default" || profile === "unconfined" || profile.startsWith("localhost/")) return;
  errors.invalid(at.key(key), profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`);
}

function hasContainer(spec: PodSpec, name: string): boolean {
  for (const list of [spec.containers, spec.initContainers, spec.ephemeralContainers]) if (list?.some((container) => container.name === name)) return true;
  return false;
}

function isInt32(text: string): boolean {
  return COST.test(text) && text !== "-0" && Number(text) >= -2147483648 && Number(text) <= 2147483647;
}

const INIT_CONTAINERS = /^pod\.(alpha|beta)\.kubernetes\.io\/init-container(s|-statuses)$/;

/** Annotations that carried init containers before 1.6 mean nothing any more and are not kept. */
export function dropInitContainerAnnotations({ annotations }: ObjectMeta): void {
  for (const key in annotations) if (INIT_CONTAINERS.test(key)) delete annotations[key];
}

/** AppArmor annotations (KEP-24) become the fields that replaced them, where a container has none. */
export function applyAppArmorAnnotations({ metadata, spec }: Pod): void {
  for (const key in metadata.annotations) {
    if (!key.startsWith(APPARMOR_ANNOTATION)) continue;
    const name = key.slice(APPARMOR_ANNOTATION.length);
    const profile = appArmorProfileOf(metadata.annotations[key] as string);
    if (!profile) continue;
    for (const list of [spec.initContainers, spec.containers]) {
      for (const container of list ?? []) {
        if (container.name === name && !container.securityContext?.appArmorProfile)
          container.securityContext = { ...container.securityContext, appArmorProfile: profile };
      }
    }
  }
}

function appArmorProfileOf(text: string): AppArmorProfile | undefined {
  if (text === "runtime/default") return { type: "RuntimeDefault" };
  if (text === "unconfined") return { type: "Unconfined" };
  return text.startsWith("localhost/") && text.length > "localhost/".length
    ? { type: "Localhost", localhostProfile: text.slice("localhost/".length) }
    : undefined;
}

/** A seccomp annotation and the field beside it must say the same. */
export function validateSeccompAgreement(annotations: Readonly<Record<string, string>>, spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  const check = (profile: SeccompProfile | undefined, annotation: string | undefined, here: FieldPath): void => {
    if (!profile || annotation === undefined) return;
    const type = annotation === "unconfined" ? "Unconfined" : annotation.startsWith("localhost/") ? "Localhost" : "RuntimeDefault";
    if (type !== profile.type) errors.forbidden(here.child("type"), "seccomp type in annotation and field must match");
    else if (type === "Localhost" && annotation !== `localhost/${profile.localhostProfile ?? ""}`) {
      errors.forbidden(here.child("localhostProfile"), "seccomp profile in annotation and field must match");
    }
  };
  check(spec.securityContext?.seccompProfile, annotations[SECCOMP_POD], at.child("securityContext", "seccompProfile"));
  for (const field of ["initContainers", "containers"] as const) {
    spec[field]?.forEach((container, i) => {
      check(
        container.securityContext?.seccompProfile,
        annotations[`${SECCOMP_CONTAINER}${container.name}`],
        at.child(field).index(i).child("securityContext", "seccompProfile"),
      );
    });
  }
}
