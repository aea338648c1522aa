/** create: decode → default → admit → prepare → validate → commit. */
import { FieldErrors, FieldPath } from "../../kube/machinery/field.ts";
import { trackUpdate } from "../../kube/machinery/managed-fields.ts";
import { nameIsDNSSubdomain } from "../../kube/machinery/names.ts";
import { FINALIZER_FOREGROUND, FINALIZER_ORPHAN, generateName, validateObjectMeta } from "../../kube/machinery/object-meta.ts";
import { alreadyExists, badRequest, invalid, StatusError } from "../../kube/machinery/status.ts";
import type { KubeObject, ManagedFieldsEntry } from "../../kube/object.ts";
import { mutate, validate } from "../admission/admission.ts";
import { allocateForCreate } from "../allocation.ts";
import type { Outcome, WriteCall } from "./call.ts";
import { keyOf, ruleSubject, statusRules, target } from "./call.ts";
import { servedText, toStored } from "./convert.ts";

const GENERATE_TRIES = 8;

/** RFC 3339, whole seconds, UTC: how metadata carries times. */
export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** An object without a namespace gets the request's; a cluster-scoped one loses what it has. @throws StatusError 400 when they differ. */
export function placeInNamespace({ kind, namespace }: Pick<WriteCall, "kind" | "namespace">, object: KubeObject): void {
  const meta = object.metadata;
  if (kind.scope === "Cluster") {
    delete meta.namespace;
    return;
  }
  if (meta.namespace && meta.namespace !== namespace) throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  meta.namespace = namespace;
}

const DUPLICATE_OWNERS =
  "API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed:";

/** Keeps the first of equal references, and warns. A patch is told about it as if admission had done it. */
export function dropDuplicateOwners(call: Pick<WriteCall, "warnings">, object: KubeObject, isPatch: boolean): void {
  const references = object.metadata.ownerReferences;
  if (!references || references.length < 2) return;
  const seen = new Set<string>();
  const duplicates: string[] = [];
  const kept = references.filter(({ apiVersion, kind, name, uid, controller, blockOwnerDeletion }) => {
    const identity = JSON.stringify([apiVersion, kind, name, uid, controller, blockOwnerDeletion]);
    const first = !seen.has(identity);
    if (first) seen.add(identity);
    else duplicates.push(uid);
    return first;
  });
  if (duplicates.length === 0) return;
  object.metadata.ownerReferences = kept;
  const when = isPatch ? " after mutating admission happens" : "";
  call.warnings.push(`.metadata.ownerReferences contains duplicate entries${when}; ${DUPLICATE_OWNERS} ${duplicates.join(", ")}`);
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
  const { metadata } = object;
  // What is no number counts as none. It is the storage that refuses, so a dry run does not.
  if (!call.dryRun && /^\d+$/.test(metadata.resourceVersion ?? "") && Number(metadata.resourceVersion) !== 0)
    throw new StatusError(500, "", "resourceVersion should not be set on objects to be created");
  placeInNamespace(call, object);
  for (const field of ["selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"] as const) delete metadata[field];
  if (!call.dryRun) delete metadata.resourceVersion;
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
    name: meta.name || meta.generateName || "",
    object,
    old: undefined,
    user: call.user,
    dryRun: call.dryRun,
    now,
    transaction: call.transaction,
    warnings: call.warnings,
  };
  mutate(environment.admission, attributes);

  meta.uid = crypto.randomUUID();
  meta.creationTimestamp = timestamp(now);
  // Kinds that do not count generations keep what the creator says.
  if (kind.generation) meta.generation = 1;
  resolveName(call, object);
  if (kind.subresources?.status && !statusRules(kind).settableOnCreate) dropStatus(call, object);
  kind.prepareForCreate?.(object, { now, user: call.user });
  allocateForCreate(call, object);

  const errors = new FieldErrors();
  validateObjectMeta(
    meta,
    { namespaced: kind.scope === "Namespaced", validateName: kind.validateName ?? nameIsDNSSubdomain },
    errors,
    FieldPath.of("metadata"),
  );
  checkFinalizers(call, object, errors);
  kind.validate?.(object, errors, FieldPath.root);
  kind.validateCreate?.(object, errors, FieldPath.root);
  if (!errors.empty) throw invalid(ruleSubject(kind, object), meta.name ?? "", errors.list);
  call.warnings.push(...(kind.warnings?.(object) ?? []));
  validate(environment.admission, attributes);
}

const STANDARD_FINALIZERS = new Set(["kubernetes", FINALIZER_ORPHAN, FINALIZER_FOREGROUND]);

/** Finalizers without a domain: built-in kinds refuse them, custom resources and their definitions warn. */
export function checkFinalizers({ kind, warnings }: Pick<WriteCall, "kind" | "warnings">, object: KubeObject, errors: FieldErrors, old?: KubeObject): void {
  const at = FieldPath.of("metadata", "finalizers");
  const refuses = !kind.custom && kind.group !== "apiextensions.k8s.io" && kind.group !== "apiregistration.k8s.io";
  for (const [index, finalizer] of (object.metadata.finalizers ?? []).entries()) {
    if (finalizer.includes("/") || STANDARD_FINALIZERS.has(finalizer)) continue;
    if (refuses) errors.invalid(at.index(index), finalizer, "name is neither a standard finalizer name nor is it fully qualified");
    else if (!old?.metadata.finalizers?.includes(finalizer)) {
      warnings.push(
        `metadata.finalizers: ${JSON.stringify(finalizer)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
      );
    }
  }
}

/** A creator never sets status: what remains is what decoding an object without one gives. */
function dropStatus(call: WriteCall, object: KubeObject): void {
  const members = object as unknown as { status?: unknown };
  if (members.status === undefined) return;
  delete members.status;
  const empty = call.kind.decode({ apiVersion: object.apiVersion, kind: object.kind }, { strict: [] }) as unknown as { status?: unknown };
  if (empty.status !== undefined) members.status = empty.status;
}

function beingDeleted({ kind }: WriteCall, name: string): StatusError {
  const { code, reason, message, details } = alreadyExists(target(kind), name);
  return new StatusError(code, reason, `object is being deleted: ${message}`, details);
}

/** Stores a prepared object. @throws StatusError 409 AlreadyExists. */
export function commitCreate(call: WriteCall, object: KubeObject, managedFields: ManagedFieldsEntry[] | undefined): Outcome {
  const { kind, transaction } = call;
  const name = object.metadata.name ?? "";
  const key = keyOf(kind, call.namespace, name);
  const existing = transaction.get(key);
  if (existing) throw existing.object.metadata.deletionTimestamp ? beingDeleted(call, name) : alreadyExists(target(kind), name);
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
  dropDuplicateOwners(call, object, false);
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
  object.metadata.managedFields = managedFields;
  prepareCreate(call, object);
  return commitCreate(call, object, managedFields);
}
