/** create: decode → default → admit → prepare → validate → commit. */
import { FieldErrors, FieldPath } from "../../kube/machinery/field.ts";
import { trackUpdate } from "../../kube/machinery/managed-fields.ts";
import { nameIsDNSSubdomain } from "../../kube/machinery/names.ts";
import { generateName, validateObjectMeta } from "../../kube/machinery/object-meta.ts";
import { alreadyExists, badRequest, invalid, StatusError } from "../../kube/machinery/status.ts";
import type { KubeObject, ManagedFieldsEntry } from "../../kube/object.ts";
import { mutate, validate } from "../admission/admission.ts";
import { allocateForCreate } from "../allocation.ts";
import type { Outcome, WriteCall } from "./call.ts";
import { keyOf, target } from "./call.ts";
import { servedText, toStored } from "./convert.ts";

const GENERATE_TRIES = 8;

/** RFC 3339, whole seconds, UTC: how metadata carries times. */
export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

function placeInNamespace(call: WriteCall, object: KubeObject): void {
  const { kind, namespace } = call;
  const meta = object.metadata;
  if (kind.scope === "Namespaced") {
    if (meta.namespace && meta.namespace !== namespace)
      throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
    meta.namespace = namespace;
  } else if (meta.namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
}

/** Resolves generateName against what exists. @throws StatusError 409 after eight collisions. */
function resolveName(call: WriteCall, object: KubeObject): void {
  const meta = object.metadata;
  if (meta.name || !meta.generateName) return;
  for (let attempt = 0; attempt < GENERATE_TRIES; attempt++) {
    meta.name = generateName(meta.generateName, call.environment.random);
    if (!call.transaction.get(keyOf(call.kind, call.namespace, meta.name))) return;
  }
  const name = meta.name ?? "";
  throw new StatusError(
    409,
    "AlreadyExists",
    `${alreadyExists(target(call.kind), name).message}, the server was not able to generate a unique name for the object`,
    {
      ...alreadyExists(target(call.kind), name).details,
      retryAfterSeconds: 1,
    },
  );
}

/** Checks where the object is to be, and fills the defaults of its version. */
export function beginCreate(call: WriteCall, object: KubeObject): void {
  const { resourceVersion } = object.metadata;
  if (resourceVersion && resourceVersion !== "0") throw new StatusError(500, "", "resourceVersion should not be set on objects to be created");
  placeInNamespace(call, object);
  call.kind.applyDefaults?.(object);
}

/** What comes between defaulting and the commit: system metadata, admission, the kind's rules. Changes `object` in place. */
export function prepareCreate(call: WriteCall, object: KubeObject): void {
  const { kind, environment, now } = call;
  const meta = object.metadata;
  const attributes = {
    operation: "CREATE" as const,
    kind,
    subresource: call.subresource,
    namespace: call.namespace,
    name: meta.name ?? "",
    object,
    old: undefined,
    user: call.user,
    dryRun: call.dryRun,
    now,
    transaction: call.transaction,
    warnings: call.warnings,
  };
  mutate(environment.admission, attributes);

  delete meta.resourceVersion;
  delete meta.selfLink;
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  meta.uid = crypto.randomUUID();
  meta.creationTimestamp = timestamp(now);
  delete meta.generation;
  if (kind.generation) meta.generation = 1;
  resolveName(call, object);
  if (kind.subresources?.status) dropStatus(call, object);
  kind.prepareForCreate?.(object, { now, user: call.user });
  allocateForCreate(call, object);

  const errors = new FieldErrors();
  validateObjectMeta(
    meta,
    { namespaced: kind.scope === "Namespaced", validateName: kind.validateName ?? nameIsDNSSubdomain },
    errors,
    FieldPath.of("metadata"),
  );
  kind.validate?.(object, errors, FieldPath.root);
  if (!errors.empty) throw invalid({ group: kind.group, kind: kind.kind }, meta.name ?? "", errors.list);
  call.warnings.push(...(kind.warnings?.(object) ?? []));
  validate(environment.admission, attributes);
}

/** A creator never sets status: what remains is what decoding an object without one gives. */
function dropStatus(call: WriteCall, object: KubeObject): void {
  const members = object as unknown as { status?: unknown };
  if (members.status === undefined) return;
  delete members.status;
  const empty = call.kind.decode({ apiVersion: object.apiVersion, kind: object.kind }, { strict: [] }) as unknown as { status?: unknown };
  if (empty.status !== undefined) members.status = empty.status;
}

/** Stores a prepared object. @throws StatusError 409 AlreadyExists. */
export function commitCreate(call: WriteCall, object: KubeObject, managedFields: ManagedFieldsEntry[] | undefined): Outcome {
  const { kind, transaction } = call;
  const name = object.metadata.name ?? "";
  const key = keyOf(kind, call.namespace, name);
  if (transaction.get(key)) throw alreadyExists(target(kind), name);
  if (managedFields?.length) object.metadata.managedFields = managedFields;
  else delete object.metadata.managedFields;
  const stored = toStored(kind, object);
  const committed = transaction.put(key, stored);
  return { status: 201, body: servedText(kind, { ...committed, object: stored }) };
}

/** Creates `object` (decoded, not yet defaulted). */
export function createObject(call: WriteCall, object: KubeObject): Outcome {
  const { kind } = call;
  beginCreate(call, object);
  // Before admission and allocation: what those add is nobody's.
  const managedFields = trackUpdate({
    live: undefined,
    liveManagedFields: [],
    requestManagedFields: object.metadata.managedFields,
    updated: object,
    structure: kind.structure(),
    manager: call.fieldManager,
    apiVersion: kind.apiVersion,
    subresource: call.subresource,
    now: call.now,
    resetFields: kind.resetFields?.[call.subresource] ?? [],
  });
  prepareCreate(call, object);
  return commitCreate(call, object, managedFields);
}
