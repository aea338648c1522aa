/** What the verbs do around a kind, reduced to its own part: decode, default, prepare, allocate, validate. */
import { allocateForCreate, allocateForUpdate } from "../../../src/durable/allocators/service.ts";
import { bootstrapObjects } from "../../../src/kube/bootstrap/index.ts";
import { coreKinds } from "../../../src/kube/core/index.ts";
import type { Kind } from "../../../src/kube/kind.ts";
import { FieldErrors, FieldPath } from "../../../src/kube/machinery/field.ts";
import { nameIsDNSSubdomain } from "../../../src/kube/machinery/names.ts";
import { validateObjectMeta } from "../../../src/kube/machinery/object-meta.ts";
import { invalid, StatusError } from "../../../src/kube/machinery/status.ts";
import type { JsonObject, KubeObject } from "../../../src/kube/object.ts";
import { platformKinds } from "../../../src/kube/platform.ts";
import type { Service } from "../../../src/kube/schema/generated/types/core.v1.ts";
import { memoryTransaction } from "../../durable/allocators/memory-transaction.ts";

export interface Outcome {
  code: number;
  /** `reason|field|message` of each cause, sorted: upstream walks maps in any order. */
  causes?: string[];
  object?: JsonObject;
  warnings?: string[];
}

const NOW = new Date("2026-11-23T21:00:00Z");
const KINDS = new Map([...coreKinds, ...platformKinds].map((kind) => [`${kind.apiVersion}/${kind.kind}`, kind]));
const RANGE = bootstrapObjects({ host: "192.0.2.2", port: 6443, now: NOW }).filter((object) => object.kind === "ServiceCIDR");

export function kindOf(object: { apiVersion: string; kind: string }): Kind {
  const kind = KINDS.get(`${object.apiVersion}/${object.kind}`);
  if (!kind) throw new Error(`no kind ${object.apiVersion}/${object.kind}`);
  return kind;
}

const allocation = () => ({ transaction: memoryTransaction(RANGE), random: () => 0.5, dryRun: true, now: NOW });

/** A dry-run create of `manifest` in `namespace`. */
export function create(manifest: KubeObject, namespace: string): Outcome {
  const kind = kindOf(manifest);
  return outcome(kind, 201, () => {
    const object = decode(kind, manifest);
    if (namespace) object.metadata.namespace = namespace;
    kind.applyDefaults?.(object);
    object.metadata.uid = "u";
    object.metadata.creationTimestamp = "2026-11-23T21:00:00Z";
    delete object.metadata.generation;
    if (kind.generation) object.metadata.generation = 1;
    if (kind.subresources?.status && kind.kind !== "Node") {
      const empty = decode(kind, { apiVersion: kind.apiVersion, kind: kind.kind } as KubeObject) as unknown as JsonObject;
      const members = object as unknown as JsonObject;
      delete members.status;
      if (empty.status !== undefined) members.status = empty.status;
    }
    kind.prepareForCreate?.(object, { now: NOW, user: { username: "admin", uid: "admin", groups: ["system:masters", "system:authenticated"] } });
    if (kind.kind === "Service") allocateForCreate(object as unknown as Service, allocation());
    const errors = metaErrors(kind, object);
    kind.validate?.(object, errors, FieldPath.root);
    return { object, errors, warnings: [...(kind.deprecation ? [kind.deprecation] : []), ...(kind.warnings?.(object) ?? [])] };
  });
}

/** A dry-run update of `before` to `after`, through the main resource or /status. */
export function update(before: KubeObject, after: KubeObject, subresource: string): Outcome {
  const kind = kindOf(before);
  return outcome(kind, 200, () => {
    const old = decode(kind, before);
    const object = decode(kind, after);
    kind.applyDefaults?.(object);
    const { uid, creationTimestamp, generation } = old.metadata;
    object.metadata = { ...object.metadata, uid, creationTimestamp, ...(generation === undefined ? {} : { generation }) };
    const rules = kind.subresources?.status === true ? {} : (kind.subresources?.status ?? {});
    const members = object as unknown as JsonObject;
    const oldMembers = old as unknown as JsonObject;
    const restore = (field: string) => {
      if (oldMembers[field] === undefined) delete members[field];
      else members[field] = structuredClone(oldMembers[field]);
    };
    if (subresource === "status") {
      for (const field of new Set([...Object.keys(object), ...Object.keys(old)]))
        if (!["status", "metadata", "apiVersion", "kind"].includes(field)) restore(field);
      for (const field of ["labels", "annotations", "finalizers", "ownerReferences"] as const) {
        if (rules.keeps?.[field] !== false) continue;
        if (old.metadata[field] === undefined) delete object.metadata[field];
        else Object.assign(object.metadata, { [field]: old.metadata[field] });
      }
      rules.prepareForUpdate?.(object, old, { now: NOW, user: { username: "admin", groups: [] } });
    } else {
      if (kind.subresources?.status) restore("status");
      kind.prepareForUpdate?.(object, old, { now: NOW, user: { username: "admin", groups: [] } });
      if (kind.kind === "Service") allocateForUpdate(object as unknown as Service, old as unknown as Service, allocation());
    }
    const errors = metaErrors(kind, object);
    if (subresource === "status") {
      rules.validateUpdate?.(object, old, errors);
    } else {
      if (kind.validatesOnUpdate !== false) kind.validate?.(object, errors, FieldPath.root);
      kind.validateUpdate?.(object, old, errors, FieldPath.root);
    }
    return { object, errors, warnings: [] };
  });
}

function decode(kind: Kind, manifest: KubeObject): KubeObject {
  return kind.decode(structuredClone(manifest) as unknown as JsonObject, { strict: [] });
}

function metaErrors(kind: Kind, object: KubeObject): FieldErrors {
  const errors = new FieldErrors();
  validateObjectMeta(
    object.metadata,
    { namespaced: kind.scope === "Namespaced", validateName: kind.validateName ?? nameIsDNSSubdomain },
    errors,
    FieldPath.of("metadata"),
  );
  return errors;
}

function outcome(kind: Kind, success: number, write: () => { object: KubeObject; errors: FieldErrors; warnings: string[] }): Outcome {
  try {
    const { object, errors, warnings } = write();
    if (!errors.empty) throw invalid({ group: kind.group, kind: kind.kind }, object.metadata.name ?? "", errors.list);
    const served = decode(kind, JSON.parse(JSON.stringify(object)));
    kind.applyDefaults?.(served);
    return { code: success, object: comparable(served as unknown as JsonObject), warnings };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return {
      code: error.code,
      causes: (error.details?.causes ?? []).map(({ reason, field, message }) => `${reason ?? ""}|${field ?? ""}|${message ?? ""}`).sort(),
    };
  }
}

/** Without what differs from one server and moment to the next. */
export function comparable(object: JsonObject): JsonObject {
  const copy = JSON.parse(JSON.stringify(object)) as { metadata: JsonObject; status?: JsonObject };
  for (const field of ["uid", "creationTimestamp", "managedFields", "resourceVersion", "generation"]) delete copy.metadata[field];
  if (copy.status?.lastPhaseTransitionTime) copy.status.lastPhaseTransitionTime = "T";
  return copy as unknown as JsonObject;
}
