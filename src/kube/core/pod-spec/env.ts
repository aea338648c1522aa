/** Environment of containers: variables, their sources, and the object fields that may be projected into them. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { isConfigMapKey, isEnvVarName, isQualifiedName, nameIsDNSLabel, nameIsDNSSubdomain } from "../../machinery/names.ts";
import type { EnvFromSource, EnvVar, EnvVarSource, FileKeySelector, ObjectFieldSelector, ResourceFieldSelector } from "../../schema/generated/types/core.v1.ts";
import { invalidEach, noBacksteps, unsupported } from "./checks.ts";
import { isDivisorOf } from "./resource-lists.ts";

const ENV_FIELDS: readonly string[] = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];

/** Every field path that the API knows for a pod, wherever it may be used. */
const POD_FIELDS: ReadonlySet<string> = new Set([
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.serviceAccountName",
  "spec.schedulerName",
  "spec.hostNetwork",
  "status.phase",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
]);

const CONTAINER_RESOURCES: readonly string[] = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

export function validateEnv(env: readonly EnvVar[] | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!env) return;
  for (let i = 0; i < env.length; i++) {
    const variable = env[i] as EnvVar;
    if (!variable.name) errors.required(at.index(i).child("name"));
    else {
      const messages = isEnvVarName(variable.name);
      if (messages.length > 0) invalidEach(errors, at.index(i).child("name"), variable.name, messages);
    }
    if (variable.valueFrom) validateSource(variable, variable.valueFrom, errors, at.index(i).child("valueFrom"));
  }
}

function validateSource(variable: EnvVar, source: EnvVarSource, errors: FieldErrors, at: FieldPath): void {
  let sources = 0;
  if (source.fieldRef) {
    sources++;
    validateFieldRef(source.fieldRef, ENV_FIELDS, errors, at.child("fieldRef"));
  }
  if (source.resourceFieldRef) {
    sources++;
    validateResourceFieldRef(source.resourceFieldRef, errors, at.child("resourceFieldRef"), false);
  }
  if (source.configMapKeyRef) {
    sources++;
    validateKeyRef(source.configMapKeyRef, errors, at.child("configMapKeyRef"));
  }
  if (source.secretKeyRef) {
    sources++;
    validateKeyRef(source.secretKeyRef, errors, at.child("secretKeyRef"));
  }
  if (source.fileKeyRef) {
    sources++;
    validateFileKeyRef(source.fileKeyRef, errors, at.child("fileKeyRef"));
  }
  if (sources === 0) {
    errors.invalid(at, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
  } else if (variable.value) {
    errors.invalid(at, "", "may not be specified when `value` is not empty");
  } else if (sources > 1) errors.invalid(at, "", "may not have more than one field specified at a time");
}

function validateKeyRef(selector: { name?: string; key: string }, errors: FieldErrors, at: FieldPath): void {
  invalidEach(errors, at.child("name"), selector.name ?? "", nameIsDNSSubdomain(selector.name ?? "", false));
  if (!selector.key) errors.required(at.child("key"));
  else invalidEach(errors, at.child("key"), selector.key, isConfigMapKey(selector.key));
}

function validateFileKeyRef(selector: FileKeySelector, errors: FieldErrors, at: FieldPath): void {
  if (!selector.key) errors.required(at.child("key"));
  else invalidEach(errors, at.child("key"), selector.key, isEnvVarName(selector.key));
  if (!selector.volumeName) errors.required(at.child("volumeName"));
  else invalidEach(errors, at.child("volumeName"), selector.volumeName, nameIsDNSLabel(selector.volumeName, false));
  if (!selector.path) errors.required(at.child("path"));
  else noBacksteps(errors, at.child("path"), selector.path);
}

/** A field of the pod, e.g. `metadata.labels['app']`; `allowed` are the whole fields this place accepts. */
export function validateFieldRef(ref: ObjectFieldSelector, allowed: readonly string[], errors: FieldErrors, at: FieldPath): void {
  if (!ref.apiVersion) {
    errors.required(at.child("apiVersion"));
    return;
  }
  if (!ref.fieldPath) {
    errors.required(at.child("fieldPath"));
    return;
  }
  const path = at.child("fieldPath");
  const subscript = subscriptOf(ref.fieldPath);
  if (subscript) {
    if (ref.apiVersion !== "v1") {
      errors.invalid(path, ref.fieldPath, `error converting fieldPath: unsupported pod version: ${ref.apiVersion}`);
      return;
    }
    if (subscript.path !== "metadata.annotations" && subscript.path !== "metadata.labels") {
      errors.invalid(path, ref.fieldPath, `error converting fieldPath: field label does not support subscript: ${ref.fieldPath}`);
      return;
    }
    const name = subscript.path === "metadata.annotations" ? subscript.key.toLowerCase() : subscript.key;
    invalidEach(errors, at, subscript.key, isQualifiedName(name));
    return;
  }
  if (ref.apiVersion !== "v1") {
    errors.invalid(path, ref.fieldPath, `error converting fieldPath: unsupported pod version: ${ref.apiVersion}`);
    return;
  }
  if (!POD_FIELDS.has(ref.fieldPath)) {
    errors.invalid(path, ref.fieldPath, `error converting fieldPath: field label not supported: ${ref.fieldPath}`);
    return;
  }
  if (!allowed.includes(ref.fieldPath)) unsupported(errors, path, ref.fieldPath, allowed);
}

/** Splits `metadata.labels['app']`; undefined for a path without a subscript. */
function subscriptOf(fieldPath: string): { path: string; key: string } | undefined {
  if (!fieldPath.endsWith("']")) return undefined;
  const open = fieldPath.indexOf("['");
  return open > 0 ? { path: fieldPath.slice(0, open), key: fieldPath.slice(open + 2, -2) } : undefined;
}

/** A container's resource, e.g. `limits.cpu`; in a volume the container must be named. */
export function validateResourceFieldRef(ref: ResourceFieldSelector, errors: FieldErrors, at: FieldPath, inVolume: boolean): void {
  if (inVolume && !ref.containerName) errors.required(at.child("containerName"));
  else if (!ref.resource) errors.required(at.child("resource"));
  else if (!CONTAINER_RESOURCES.includes(ref.resource) && !isHugePageField(ref.resource))
    unsupported(errors, at.child("resource"), ref.resource, CONTAINER_RESOURCES);
  const problem = isDivisorOf(ref.resource, String(ref.divisor ?? "0"));
  if (problem) errors.invalid(at.child("divisor"), ref.resource, problem);
}

function isHugePageField(resource: string): boolean {
  return resource.startsWith("limits.hugepages-") || resource.startsWith("requests.hugepages-");
}

export function validateEnvFrom(sources: readonly EnvFromSource[] | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!sources) return;
  for (let i = 0; i < sources.length; i++) {
    const source = sources[i] as EnvFromSource;
    const here = at.index(i);
    if (source.prefix) invalidEach(errors, here.child("prefix"), source.prefix, isEnvVarName(source.prefix));
    const refs = [source.configMapRef && "configMapRef", source.secretRef && "secretRef"].filter((name) => name !== undefined) as (
      | "configMapRef"
      | "secretRef"
    )[];
    for (const kind of refs) {
      const name = source[kind]?.name ?? "";
      if (!name) errors.required(here.child(kind, "name"));
      else invalidEach(errors, here.child(kind, "name"), name, nameIsDNSSubdomain(name, false));
    }
    if (refs.length === 0) errors.invalid(at, "", "must specify one of: `configMapRef` or `secretRef`");
    else if (refs.length > 1) errors.invalid(at, "", "may not have more than one field specified at a time");
  }
}
