/**
 * What upstream's controllers write into a CustomResourceDefinition's status, as pure functions, so that a cluster
 * can serve a new definition in the same turn as it is written.
 */
import { equalJson } from "../machinery/json.ts";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from "../schema/generated/types/apiextensions.v1.ts";

/** Removed by the cluster when all custom resources of a deleted definition are gone. */
export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

const APPROVAL_ANNOTATION = "api-approved.kubernetes.io";
const APPROVAL_DOCUMENT = "https://github.com/kubernetes/enhancements/pull/1111";

export type ApprovalState =
  | { readonly state: "unprotected" }
  | { readonly state: "missing" | "bypassed" | "invalid" | "approved"; readonly condition: { status: "True" | "False"; reason: string; message: string } };

/** KEP-1111: groups under k8s.io and kubernetes.io need the annotation api-approved.kubernetes.io. */
export function approvalState(group: string, annotations: Readonly<Record<string, string>> | undefined): ApprovalState {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return { state: "unprotected" };
  const annotation = annotations && Object.hasOwn(annotations, APPROVAL_ANNOTATION) ? (annotations[APPROVAL_ANNOTATION] ?? "") : "";
  const fails = (state: "missing" | "bypassed" | "invalid", reason: string, message: string) =>
    ({ state, condition: { status: "False", reason, message } }) as const;
  if (annotation === "") {
    return fails("missing", "MissingAnnotation", `protected groups must have approval annotation "${APPROVAL_ANNOTATION}", see ${APPROVAL_DOCUMENT}`);
  }
  if (annotation.startsWith("unapproved")) return fails("bypassed", "UnapprovedAnnotation", `not approved: ${JSON.stringify(annotation)}`);
  if (URL.canParse(annotation) && new URL(annotation).host) {
    return { state: "approved", condition: { status: "True", reason: "ApprovedAnnotation", message: `approved in ${annotation}` } };
  }
  return fails(
    "invalid",
    "InvalidAnnotation",
    `protected groups must have approval annotation "${APPROVAL_ANNOTATION}" with either a URL or a reason starting with "unapproved", see ${APPROVAL_DOCUMENT}`,
  );
}

export function findCondition(definition: CustomResourceDefinition, type: string): CustomResourceDefinitionCondition | undefined {
  return definition.status?.conditions?.find((condition) => condition.type === type);
}

export function isEstablished(definition: CustomResourceDefinition): boolean {
  return findCondition(definition, "Established")?.status === "True";
}

/** Is the definition being deleted, with its custom resources? Then nothing may be created any more. */
export function isTerminating(definition: CustomResourceDefinition): boolean {
  return definition.metadata.deletionTimestamp !== undefined || findCondition(definition, "Terminating")?.status === "True";
}

function withCondition(
  conditions: readonly CustomResourceDefinitionCondition[],
  wanted: Omit<CustomResourceDefinitionCondition, "lastTransitionTime">,
  now: Date,
): CustomResourceDefinitionCondition[] {
  const old = conditions.find((condition) => condition.type === wanted.type);
  const lastTransitionTime = old?.status === wanted.status ? old.lastTransitionTime : now.toISOString().replace(/\.\d+Z$/, "Z");
  const { type, status, ...rest } = wanted;
  const made = { type, status, lastTransitionTime, ...rest };
  return old ? conditions.map((condition) => (condition === old ? made : condition)) : [...conditions, made];
}

/**
 * The definition with its names accepted as far as `others` (all definitions; of the same group count) leave them
 * free, and its conditions NamesAccepted, Established and KubernetesAPIApprovalPolicyConformant brought up to date.
 * The same object is returned when nothing changes. An accepted name is kept until another is accepted in its place.
 */
export function acceptNames(definition: CustomResourceDefinition, others: readonly CustomResourceDefinition[], now: Date): CustomResourceDefinition {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const other of others) {
    if (other.spec.group !== definition.spec.group || other.metadata.name === definition.metadata.name) continue;
    claim(other.status?.acceptedNames, resources, kinds);
  }
  const old = definition.status?.acceptedNames ?? { plural: "", kind: "" };
  claim(old, resources, kinds);
  const wanted = definition.spec.names;
  const accepted: CustomResourceDefinitionNames = { ...old };
  let conflict: { reason: string; message: string } | undefined;
  const accept = (requested: string, current: string, used: ReadonlySet<string>, reason: string, take: () => void) => {
    if (requested !== current && used.has(requested)) conflict = { reason, message: `${JSON.stringify(requested)} is already in use` };
    else take();
  };
  accept(wanted.plural, old.plural, resources, "PluralConflict", () => {
    accepted.plural = wanted.plural;
  });
  accept(wanted.singular ?? "", old.singular ?? "", resources, "SingularConflict", () => {
    accepted.singular = wanted.singular;
  });
  const taken = (wanted.shortNames ?? [])
    .filter((name) => !(old.shortNames ?? []).includes(name) && resources.has(name))
    .map((name) => `${JSON.stringify(name)} is already in use`);
  if (taken.length > 0) conflict = { reason: "ShortNamesConflict", message: taken.length === 1 ? (taken[0] ?? "") : `[${taken.join(", ")}]` };
  else accepted.shortNames = wanted.shortNames;
  accept(wanted.kind, old.kind, kinds, "KindConflict", () => {
    accepted.kind = wanted.kind;
  });
  accept(wanted.listKind ?? "", old.listKind ?? "", kinds, "ListKindConflict", () => {
    accepted.listKind = wanted.listKind;
  });
  accepted.categories = wanted.categories;

  let conditions: CustomResourceDefinitionCondition[] = [...(definition.status?.conditions ?? [])];
  const approval = approvalState(definition.spec.group, definition.metadata.annotations);
  if (approval.state === "unprotected") conditions = conditions.filter(({ type }) => type !== "KubernetesAPIApprovalPolicyConformant");
  else conditions = withCondition(conditions, { type: "KubernetesAPIApprovalPolicyConformant", ...approval.condition }, now);
  conditions = withCondition(
    conditions,
    conflict
      ? { type: "NamesAccepted", status: "False", ...conflict }
      : { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" },
    now,
  );
  // Once established, a definition stays established.
  if (!isEstablished(definition)) {
    conditions = withCondition(
      conditions,
      conflict
        ? { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" }
        : { type: "Established", status: "True", reason: "InitialNamesAccepted", message: "the initial names have been accepted" },
      now,
    );
  }
  const status: CustomResourceDefinitionStatus = {
    ...definition.status,
    conditions,
    acceptedNames: withoutUndefined(accepted),
    storedVersions: storedVersions(definition),
  };
  return equalJson(status, definition.status) ? definition : { ...definition, status };
}

function claim(names: CustomResourceDefinitionNames | undefined, resources: Set<string>, kinds: Set<string>): void {
  if (!names) return;
  for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) if (name) resources.add(name);
  for (const name of [names.kind, names.listKind]) if (name) kinds.add(name);
}

function withoutUndefined(names: CustomResourceDefinitionNames): CustomResourceDefinitionNames {
  const { plural, singular, shortNames, kind, listKind, categories } = names;
  return {
    plural,
    ...(singular ? { singular } : {}),
    ...(shortNames ? { shortNames } : {}),
    kind,
    ...(listKind ? { listKind } : {}),
    ...(categories ? { categories } : {}),
  };
}

/** Every version that objects may be stored in: those of before and today's storage version. */
export function storedVersions(definition: CustomResourceDefinition): string[] {
  const stored = [...(definition.status?.storedVersions ?? [])];
  const storage = definition.spec.versions?.find((version) => version.storage)?.name;
  if (storage !== undefined && !stored.includes(storage)) stored.push(storage);
  return stored;
}

/** The first step of deletion: dated, kept by the cleanup finalizer, Terminating. Idempotent. */
export function beginTermination(definition: CustomResourceDefinition, now: Date): CustomResourceDefinition {
  if (definition.metadata.deletionTimestamp) return definition;
  const finalizers = definition.metadata.finalizers ?? [];
  return terminating(
    {
      ...definition,
      metadata: {
        ...definition.metadata,
        deletionTimestamp: now.toISOString().replace(/\.\d+Z$/, "Z"),
        finalizers: finalizers.includes(CLEANUP_FINALIZER) ? finalizers : [...finalizers, CLEANUP_FINALIZER],
      },
    },
    { status: "True", reason: "InstanceDeletionPending", message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon" },
    now,
  );
}

/** While custom resources are being deleted. */
export function terminationInProgress(definition: CustomResourceDefinition, now: Date): CustomResourceDefinition {
  return terminating(definition, { status: "True", reason: "InstanceDeletionInProgress", message: "CustomResource deletion is in progress" }, now);
}

/** When the last custom resource is gone: the finalizer goes too, and with it, if it was the last one, the definition. */
export function finishTermination(definition: CustomResourceDefinition, now: Date): CustomResourceDefinition {
  const finalizers = (definition.metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
  const { finalizers: _, ...metadata } = definition.metadata;
  return terminating(
    { ...definition, metadata: finalizers.length > 0 ? { ...metadata, finalizers } : metadata },
    { status: "False", reason: "InstanceDeletionCompleted", message: "removed all instances" },
    now,
  );
}

function terminating(
  definition: CustomResourceDefinition,
  condition: { status: string; reason: string; message: string },
  now: Date,
): CustomResourceDefinition {
  const conditions = withCondition(definition.status?.conditions ?? [], { type: "Terminating", ...condition }, now);
  return { ...definition, status: { ...definition.status, conditions } };
}
