/** update, and the common end of every patch: restore what the writer may not change → admit → validate → commit. */
import type { RequestContext } from "../../kube/kind.ts";
import { FieldErrors, FieldPath } from "../../kube/machinery/field.ts";
import { cloneJson, equalJson } from "../../kube/machinery/json.ts";
import { trackUpdate } from "../../kube/machinery/managed-fields.ts";
import { nameIsDNSSubdomain } from "../../kube/machinery/names.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "../../kube/machinery/object-meta.ts";
import { badRequest, conflict, invalid, MODIFIED, notFound, StatusError } from "../../kube/machinery/status.ts";
import type { JsonObject, KubeObject, ManagedFieldsEntry } from "../../kube/object.ts";
import { mutate, validate } from "../admission/admission.ts";
import { allocateForUpdate, releaseForDelete } from "../allocation.ts";
import type { StoredObject } from "../store/types.ts";
import type { Outcome, WriteCall } from "./call.ts";
import { keyOf, ruleSubject, statusRules, target } from "./call.ts";
import { served, servedText, storedAsServed, toStored } from "./convert.ts";
import { checkFinalizers, createObject, dropDuplicateOwners, placeInNamespace } from "./create.ts";

/** What a subresource changes about an update; the main resource and /status have theirs below. */
export interface UpdateRules {
  /** Restores from `old` what this endpoint may not change; changes `object` in place. */
  prepare(object: KubeObject, old: KubeObject, context: RequestContext): void;
  validate(object: KubeObject, old: KubeObject, errors: FieldErrors): void;
}

function mainRules(call: WriteCall): UpdateRules {
  const { kind } = call;
  return {
    prepare(object, old, context) {
      if (kind.subresources?.status) restore(object, old, "status");
      kind.prepareForUpdate?.(object, old, context);
    },
    validate(object, old, errors) {
      if (kind.validatesOnUpdate !== false) kind.validate?.(object, errors, FieldPath.root);
      kind.validateUpdate?.(object, old, errors, FieldPath.root);
    },
  };
}

/** Everything but status belongs to the main resource; built-ins let a status writer change labels and annotations too. */
function statusUpdateRules(call: WriteCall): UpdateRules {
  const { kind } = call;
  const rules = statusRules(kind);
  return {
    prepare(object, old, context) {
      for (const field of new Set([...Object.keys(object), ...Object.keys(old)])) {
        if (field !== "status" && field !== "metadata" && field !== "apiVersion" && field !== "kind") restore(object, old, field);
      }
      if (kind.custom) {
        const { managedFields, resourceVersion } = object.metadata;
        object.metadata = { ...cloneJson(old.metadata), managedFields, resourceVersion };
      } else {
        const keeps = { labels: true, annotations: true, finalizers: true, ownerReferences: true, ...rules.keeps };
        for (const field of ["labels", "annotations", "finalizers", "ownerReferences"] as const) {
          if (!keeps[field]) restore(object.metadata as unknown as JsonObject, old.metadata as unknown as JsonObject, field);
        }
      }
      rules.prepareForUpdate?.(object, old, context);
    },
    validate(object, old, errors) {
      rules.validateUpdate?.(object, old, errors);
    },
  };
}

function restore(object: object, old: object, field: string): void {
  const members = object as JsonObject;
  const value = (old as JsonObject)[field];
  if (value === undefined) delete members[field];
  else members[field] = cloneJson(value);
}

/** The server's own metadata: a client that leaves them out, or sends others, changes nothing. */
function restoreSystemMetadata(object: KubeObject, old: KubeObject): void {
  const meta = object.metadata;
  restore(meta, old.metadata, "generation");
  restore(meta, old.metadata, "creationTimestamp");
  // A deletion can't be taken back; one that is only claimed fails validation.
  if (old.metadata.deletionTimestamp) restore(meta, old.metadata, "deletionTimestamp");
  if (meta.deletionGracePeriodSeconds === undefined) restore(meta, old.metadata, "deletionGracePeriodSeconds");
  delete meta.selfLink;
  if (!meta.uid) restore(meta, old.metadata, "uid");
}

function bumpGeneration(call: WriteCall, object: KubeObject, old: KubeObject): void {
  const { generation } = call.kind;
  if (!generation || (call.subresource === "status" && !call.kind.custom)) return;
  const changed = typeof generation === "function" ? generation(object, old) : changedOutside(object, old);
  if (changed) object.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

function changedOutside(object: KubeObject, old: KubeObject): boolean {
  const { metadata: _metadata, status: _status, ...rest } = object as KubeObject & { status?: unknown };
  const { metadata: _oldMetadata, status: _oldStatus, ...oldRest } = old as KubeObject & { status?: unknown };
  return !equalJson(rest, oldRest);
}

/** Checks what a PUT's or patch's own metadata asserts about the stored object. @throws StatusError 400, 409 or 422. */
function checkPreconditions(call: WriteCall, object: KubeObject, old: KubeObject, isPatch: boolean): void {
  const { kind } = call;
  const { resourceVersion, uid } = object.metadata;
  const name = old.metadata.name ?? "";
  if (!isPatch && uid && uid !== old.metadata.uid) {
    throw conflict(target(kind), name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ""}`);
  }
  if (resourceVersion && !/^\d+$/.test(resourceVersion))
    throw new StatusError(500, "", `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`);
  if (!resourceVersion || resourceVersion === "0") {
    if (kind.allowUnconditionalUpdate === false && !isPatch) {
      const errors = new FieldErrors();
      errors.add("Invalid", "metadata.resourceVersion", 0, "must be specified for an update");
      // Upstream names the resource here, not the Kind.
      throw invalid({ group: kind.group, kind: kind.plural }, name, errors.list);
    }
    object.metadata.resourceVersion = old.metadata.resourceVersion;
  } else if (resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(target(kind), name, MODIFIED);
  }
}

/** Is nothing left that keeps a deleted object? */
function readyToGo(call: WriteCall, object: KubeObject): boolean {
  const meta = object.metadata;
  if (!meta.deletionTimestamp || meta.finalizers?.length || meta.deletionGracePeriodSeconds) return false;
  if (!call.kind.specFinalizers) return true;
  const { spec } = object as KubeObject & { spec?: { finalizers?: string[] } };
  return !spec?.finalizers?.length;
}

export interface Update {
  /** What the writer wants, decoded and in this version; changed in place. */
  object: KubeObject;
  stored: StoredObject;
  isPatch: boolean;
  rules?: UpdateRules;
  /** Set by apply, which computes ownership itself from the final object. */
  managedFields?(object: KubeObject): ManagedFieldsEntry[] | undefined;
}

/** Commits an update of a stored object. A write that changes nothing writes nothing. */
export function updateObject(call: WriteCall, { object, stored, isPatch, rules, managedFields }: Update): Outcome {
  const { kind, environment, now, transaction } = call;
  const old = storedAsServed(kind) ? stored.object : served(kind, stored.object);
  const name = old.metadata.name ?? "";
  checkPreconditions(call, object, old, isPatch);
  const requestManagedFields = object.metadata.managedFields;
  placeInNamespace(call, object);
  dropDuplicateOwners(call, object, isPatch);
  kind.applyDefaults?.(object);
  // Before admission and the rules below: a writer owns what it asked for, not what the server made of it.
  const tracked = managedFields
    ? undefined
    : trackUpdate({
        live: old,
        liveManagedFields: old.metadata.managedFields ?? [],
        requestManagedFields,
        updated: object,
        structure: kind.structure(),
        manager: call.fieldManager,
        apiVersion: kind.apiVersion,
        subresource: call.subresource,
        now,
        resetFields: kind.resetFields?.[call.subresource] ?? [],
      });
  restoreSystemMetadata(object, old);
  object.metadata.managedFields = tracked ?? old.metadata.managedFields;
  const applied = rules ?? (call.subresource === "status" ? statusUpdateRules(call) : mainRules(call));
  const attributes = {
    operation: "UPDATE" as const,
    kind,
    subresource: call.subresource,
    namespace: call.namespace,
    name,
    object,
    old,
    user: call.user,
    dryRun: call.dryRun,
    now,
    transaction,
    warnings: call.warnings,
  };
  mutate(environment.admission, attributes);
  applied.prepare(object, old, { now, user: call.user });
  bumpGeneration(call, object, old);
  if (call.subresource === "") allocateForUpdate(call, object, old);

  const errors = new FieldErrors();
  const meta = FieldPath.of("metadata");
  validateObjectMeta(object.metadata, { namespaced: kind.scope === "Namespaced", validateName: kind.validateName ?? nameIsDNSSubdomain }, errors, meta);
  // Twice, as upstream does: generically and for the kind. Clients see it in the causes.
  validateObjectMetaUpdate(object.metadata, old.metadata, errors, meta);
  validateObjectMetaUpdate(object.metadata, old.metadata, errors, meta);
  checkFinalizers(call, object, errors, old);
  applied.validate(object, old, errors);
  if (!errors.empty) throw invalid(ruleSubject(kind, object), name, errors.list);
  if (call.subresource === "") call.warnings.push(...(kind.warnings?.(object, old) ?? []));
  validate(environment.admission, attributes);

  const entries = managedFields ? managedFields(object) : tracked;
  if (entries?.length) object.metadata.managedFields = entries;
  else delete object.metadata.managedFields;
  object.metadata.resourceVersion = old.metadata.resourceVersion;
  if (equalJson(object, old)) return { status: 200, body: servedText(kind, stored) };

  const next = toStored(kind, object);
  const key = keyOf(kind, call.namespace, name);
  if (readyToGo(call, object)) {
    releaseForDelete(call, object);
    const gone = transaction.delete(key, next);
    return { status: 200, body: servedText(kind, { ...gone, object: next }) };
  }
  const committed = transaction.put(key, next);
  return { status: 200, body: servedText(kind, { ...committed, object: next }) };
}

/** @throws StatusError 400 when the object's name is not the one that the URL has. */
export function checkName(call: Pick<WriteCall, "name">, { metadata }: KubeObject): void {
  if (!metadata.name) throw badRequest(`the name of the object (${call.name} based on URL) was undeterminable: name must be provided`);
  if (metadata.name !== call.name) throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${call.name})`);
}

/** PUT: updates, or creates where the kind allows it. @throws StatusError 404 otherwise. */
export function putObject(call: WriteCall, object: KubeObject): Outcome {
  const { kind, name, namespace } = call;
  const given = object.metadata;
  checkName(call, object);
  placeInNamespace(call, object);
  const stored = call.transaction.get(keyOf(kind, namespace, name));
  if (stored) return updateObject(call, { object, stored, isPatch: false });
  if (!kind.allowCreateOnUpdate || call.subresource !== "") throw notFound(target(kind), name);
  if (given.uid) throw conflict(target(kind), name, `Precondition failed: UID in precondition: ${given.uid}, UID in object meta: `);
  delete given.resourceVersion;
  return createObject(call, object);
}
