/** delete and deletecollection: finalizers, grace periods, propagation and preconditions (API conventions, "Deletion"). */
import { cloneJson } from "../../kube/machinery/json.ts";
import { conflict, deletedStatus, notFound } from "../../kube/machinery/status.ts";
import type { KubeObject } from "../../kube/object.ts";
import { mutate, validate } from "../admission/admission.ts";
import { releaseForDelete } from "../allocation.ts";
import type { StoredObject } from "../store/types.ts";
import type { Outcome, WriteCall } from "./call.ts";
import { keyOf, ruleSubject, target } from "./call.ts";
import { served, servedText, storedAsServed, toStored } from "./convert.ts";
import { timestamp } from "./create.ts";
import type { DeleteOptions } from "./options.ts";

const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";

function checkPreconditions(call: WriteCall, options: DeleteOptions, meta: KubeObject["metadata"]): void {
  const { uid, resourceVersion } = options.preconditions;
  // Upstream names the Kind here, not the resource.
  const { group, kind: resource } = ruleSubject(call.kind, { kind: call.kind.kind });
  const subject = { group, resource };
  const name = meta.name ?? "";
  if (uid !== undefined && uid !== meta.uid) {
    throw conflict(
      subject,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${meta.uid ?? ""}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== meta.resourceVersion) {
    throw conflict(
      subject,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${meta.resourceVersion ?? ""}). The object might have been modified`,
    );
  }
}

function checkAsUpdate(call: WriteCall, { preconditions: { uid, resourceVersion } }: DeleteOptions, meta: KubeObject["metadata"]): void {
  const refuse = (what: string, wanted: string, found = "") =>
    conflict(target(call.kind), meta.name ?? "", `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`);
  if (uid !== undefined && uid !== meta.uid) throw refuse("UID", uid, meta.uid);
  if (resourceVersion !== undefined && resourceVersion !== meta.resourceVersion) throw refuse("ResourceVersion", resourceVersion, meta.resourceVersion);
}

/** The garbage collector's finalizers as this deletion wants them: an explicit policy wins, then those already there, then the kind's default. */
function propagationFinalizers(call: WriteCall, options: DeleteOptions, existing: readonly string[]): string[] {
  let policy: "Orphan" | "Background" | "Foreground" | undefined = options.propagation;
  if (!policy && options.orphanDependents !== undefined) policy = options.orphanDependents ? "Orphan" : "Background";
  if (!policy) {
    if (existing.includes(ORPHAN) || existing.includes(FOREGROUND)) return [...existing];
    policy = call.kind.defaultPropagation ?? "Background";
  }
  const kept = existing.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  if (call.kind.storageResource === "events") return kept;
  if (policy === "Orphan") return [...kept, ORPHAN];
  if (policy === "Foreground") return [...kept, FOREGROUND];
  return kept;
}

function warnAboutDefault(call: WriteCall, options: DeleteOptions): void {
  if (call.kind.group === "batch" && call.kind.plural === "jobs" && !options.propagation && options.orphanDependents === undefined) {
    call.warnings.push(
      "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
    );
  }
}

/** Deletes a stored object: at once, or by marking it when finalizers or a grace period keep it. */
export function deleteStored(call: WriteCall, stored: StoredObject, options: DeleteOptions): Outcome {
  const { kind, transaction, environment, now } = call;
  const old = storedAsServed(kind) ? stored.object : served(kind, stored.object);
  const name = old.metadata.name ?? "";
  const namespace = old.metadata.namespace ?? "";
  // What deletes in two steps is first updated, and refuses preconditions as an update does.
  if (kind.beginDeletion) checkAsUpdate(call, options, old.metadata);
  else checkPreconditions(call, options, old.metadata);
  const attributes = {
    operation: "DELETE" as const,
    kind,
    subresource: "",
    namespace,
    name,
    object: undefined,
    old,
    user: call.user,
    dryRun: call.dryRun,
    now,
    transaction,
    warnings: call.warnings,
  };
  mutate(environment.admission, attributes);
  validate(environment.admission, attributes);

  const object = kind.beginDeletion ? kind.beginDeletion(cloneJson(old), now) : cloneJson(old);
  const meta = object.metadata;
  const finalizers = propagationFinalizers(call, options, meta.finalizers ?? []);
  if (finalizers.length > 0) meta.finalizers = finalizers;
  else delete meta.finalizers;
  const grace = kind.gracePeriodSeconds ? kind.gracePeriodSeconds(object, options.gracePeriodSeconds) : 0;
  // A graceful deletion marks even what goes at once.
  if (kind.gracePeriodSeconds) mark(object, old, grace, now);
  const kept = finalizers.length > 0 || grace > 0 || (kind.specFinalizers && hasSpecFinalizers(object));
  const key = keyOf(kind, namespace, name);
  if (!kept) {
    releaseForDelete(call, object);
    const last = toStored(kind, object);
    const gone = transaction.delete(key, last);
    if (kind.returnsDeletedObject) return { status: 200, body: servedText(kind, { ...gone, object: last }) };
    return { status: 200, body: deletedStatus(target(kind), name, meta.uid ?? "") };
  }
  if (kind.beginDeletion) meta.deletionTimestamp ??= timestamp(now);
  else if (!kind.gracePeriodSeconds) mark(object, old, grace, now);

  const next = toStored(kind, object);
  const status = options.orphanDependents === false ? 202 : 200;
  if (JSON.stringify(next) === stored.text) return { status, body: servedText(kind, stored) };
  const committed = transaction.put(key, next);
  return { status, body: servedText(kind, { ...committed, object: next }) };
}

/** Marks for deletion; a second deletion can only shorten the grace period. */
function mark(object: KubeObject, old: KubeObject, grace: number, now: Date): void {
  const meta = object.metadata;
  if (!old.metadata.deletionTimestamp) {
    meta.deletionTimestamp = timestamp(new Date(now.getTime() + grace * 1000));
    meta.deletionGracePeriodSeconds = grace;
    if (meta.generation) meta.generation += 1;
    return;
  }
  const before = old.metadata.deletionGracePeriodSeconds ?? 0;
  if (grace < before) {
    meta.deletionTimestamp = timestamp(new Date(Date.parse(old.metadata.deletionTimestamp) + (grace - before) * 1000));
    meta.deletionGracePeriodSeconds = grace;
  }
}

function hasSpecFinalizers(object: KubeObject): boolean {
  return Boolean((object as KubeObject & { spec?: { finalizers?: string[] } }).spec?.finalizers?.length);
}

/** DELETE of one object. @throws StatusError 404, 409 for preconditions, 403 from admission. */
export function deleteObject(call: WriteCall, options: DeleteOptions): Outcome {
  warnAboutDefault(call, options);
  const stored = call.transaction.get(keyOf(call.kind, call.namespace, call.name));
  if (!stored) throw notFound(target(call.kind), call.name);
  return deleteStored(call, stored, options);
}

/** Deletes each of `selected` with the same options. @throws StatusError as `deleteObject`, from the first that is refused. */
export function deleteCollection(call: WriteCall, selected: readonly StoredObject[], options: DeleteOptions): void {
  warnAboutDefault(call, options);
  for (const stored of selected) {
    const { name = "", namespace = "" } = stored.object.metadata;
    deleteStored({ ...call, name, namespace }, stored, options);
  }
}
