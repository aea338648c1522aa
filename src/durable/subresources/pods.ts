/** The pods' own subresources: binding, eviction, ephemeralcontainers, resize. */
import { prepareEphemeralContainersUpdate, prepareResize, validateEphemeralContainersUpdate, validateResize } from "../../kube/core/pod.ts";
import { FieldPath } from "../../kube/machinery/field.ts";
import { cloneJson } from "../../kube/machinery/json.ts";
import { fromLabelSelectorObject } from "../../kube/machinery/label-selector.ts";
import { badRequest, conflict, notFound, StatusError, tooManyRequests } from "../../kube/machinery/status.ts";
import type { JsonObject, KubeObject } from "../../kube/object.ts";
import type { Binding, Pod, PodCondition } from "../../kube/schema/generated/types/core.v1.ts";
import type { Eviction, PodDisruptionBudget } from "../../kube/schema/generated/types/policy.v1.ts";
import type { StoredObject } from "../store/types.ts";
import { keyOf, type Outcome, target, type WriteCall } from "../verbs/call.ts";
import { toStored } from "../verbs/convert.ts";
import { timestamp } from "../verbs/create.ts";
import { deleteStored } from "../verbs/delete.ts";
import { deleteOptions } from "../verbs/options.ts";
import type { UpdateRules } from "../verbs/update.ts";

const SUCCESS: Outcome = { status: 201, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 } };
const BUDGETS = { resource: "poddisruptionbudgets.policy" };

function storedPod(call: WriteCall, name: string): StoredObject {
  const stored = call.transaction.get(keyOf(call.kind, call.namespace, name));
  if (!stored) throw notFound(target(call.kind), name);
  return stored;
}

function setCondition(pod: Pod, condition: { type: string; status: string; reason?: string; message?: string }, now: Date): void {
  const conditions = pod.status.conditions ?? [];
  const existing = conditions.find((each) => each.type === condition.type);
  const lastTransitionTime = existing?.status === condition.status ? existing.lastTransitionTime : timestamp(now);
  const next = { ...existing, observedGeneration: pod.metadata.generation, ...condition, lastTransitionTime } as PodCondition;
  pod.status.conditions = [...conditions.filter((each) => each !== existing), next];
}

/** The pod as it is stored: canonical, as if it had come through the decoder. */
function canonical(call: WriteCall, pod: Pod): KubeObject {
  return toStored(call.kind, call.kind.decode(pod as unknown as JsonObject, { strict: [] }));
}

/** Upstream forgets to make this a refusal of the client's. @throws StatusError 500. */
function checkBindingTarget({ target: { kind = "", name } }: Binding): void {
  const errors: string[] = [];
  if (kind !== "" && kind !== "Node") errors.push(`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`);
  if (!name) errors.push("target.name: Required value");
  if (errors.length > 0) throw new StatusError(500, "", errors.length === 1 ? (errors[0] ?? "") : `[${errors.join(", ")}]`);
}

/** Assigns a pod to a node, as a scheduler asks. @throws StatusError 404, 409 when it is assigned, deleted or gated. */
export function bindPod(call: WriteCall, binding: Binding): Outcome {
  const name = call.name || (binding.metadata.name ?? "");
  if (binding.metadata.name !== name) throw badRequest("name in URL does not match name in Binding object");
  checkBindingTarget(binding);
  const stored = storedPod(call, name);
  const pod = cloneJson(stored.object) as Pod;
  const { uid, resourceVersion } = binding.metadata;
  const subject = { group: "", resource: "pods/binding" };
  if (uid && uid !== pod.metadata.uid)
    throw conflict(target(call.kind), name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid ?? ""}`);
  if (resourceVersion && resourceVersion !== pod.metadata.resourceVersion) {
    throw conflict(
      target(call.kind),
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${pod.metadata.resourceVersion ?? ""}`,
    );
  }
  if (pod.metadata.deletionTimestamp) throw conflict(subject, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec.nodeName) throw conflict(subject, name, `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  if (pod.spec.schedulingGates?.length) throw conflict(subject, name, `pod ${name} has non-empty .spec.schedulingGates`);
  pod.spec.nodeName = binding.target.name;
  if (binding.metadata.annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...binding.metadata.annotations };
  if (binding.metadata.labels) pod.metadata.labels = { ...binding.metadata.labels, ...pod.metadata.labels };
  setCondition(pod, { type: "PodScheduled", status: "True" }, call.now);
  call.transaction.put(keyOf(call.kind, call.namespace, name), canonical(call, pod));
  return SUCCESS;
}

function isReady(pod: Pod): boolean {
  return pod.status.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") ?? false;
}

function matchingBudgets(call: WriteCall, pod: Pod): PodDisruptionBudget[] {
  const matching: PodDisruptionBudget[] = [];
  for (const { object } of call.transaction.list(BUDGETS.resource, call.namespace)) {
    const budget = object as PodDisruptionBudget;
    if (fromLabelSelectorObject(budget.spec.selector).matches(pod.metadata.labels ?? {})) matching.push(budget);
  }
  return matching;
}

/** Takes one disruption from the budget. @throws StatusError 429 when there is none. */
function spendBudget(call: WriteCall, found: PodDisruptionBudget, pod: Pod): void {
  const budget = cloneJson(found);
  const name = budget.metadata.name ?? "";
  const refuse = (message: string, retryAfter?: number) =>
    tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", retryAfter, [{ reason: "DisruptionBudget", message }]);
  if ((budget.status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0))
    throw refuse(`The disruption budget ${name} is still being processed by the server.`, 10);
  if (budget.status.disruptionsAllowed <= 0) {
    throw refuse(`The disruption budget ${name} needs ${budget.status.desiredHealthy} healthy pods and has ${budget.status.currentHealthy} currently`);
  }
  budget.status.disruptionsAllowed -= 1;
  budget.status.disruptedPods = { ...budget.status.disruptedPods, [pod.metadata.name ?? ""]: timestamp(call.now) };
  const { resourceVersion: _based, ...metadata } = budget.metadata;
  call.transaction.put({ resource: BUDGETS.resource, namespace: call.namespace, name }, { ...budget, metadata });
}

/** Deletes a pod if its disruption budgets allow it (policy/v1 Eviction). @throws StatusError 404, 429, 500. */
export function evictPod(call: WriteCall, eviction: Eviction): Outcome {
  if (eviction.metadata.name !== call.name) throw badRequest(`name in URL does not match name in Eviction object`);
  const stored = storedPod(call, call.name);
  const pod = cloneJson(stored.object) as Pod;
  const options = deleteOptions({}, eviction.deleteOptions ?? {});
  const free = pod.metadata.deletionTimestamp || pod.status.phase === "Pending" || pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
  if (!free) {
    const budgets = matchingBudgets(call, pod);
    if (budgets.length > 1) {
      return {
        status: 500,
        body: new StatusError(500, "", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.").toStatus(),
      };
    }
    const budget = budgets[0];
    if (budget) {
      const healthyEnough = budget.status.currentHealthy >= budget.status.desiredHealthy && budget.status.desiredHealthy > 0;
      const bypass = !isReady(pod) && (budget.spec.unhealthyPodEvictionPolicy === "AlwaysAllow" || healthyEnough);
      if (!bypass) spendBudget(call, budget, pod);
    }
  }
  setCondition(pod, { type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI", message: "Eviction API: evicting" }, call.now);
  const marked = canonical(call, pod);
  const committed = options.dryRun ? stored : call.transaction.put(keyOf(call.kind, call.namespace, call.name), marked);
  deleteStored({ ...call, dryRun: options.dryRun }, { ...committed, object: marked }, { ...options, preconditions: { uid: options.preconditions.uid } });
  return SUCCESS;
}

function bump(object: KubeObject, old: KubeObject): void {
  if (JSON.stringify((object as Pod).spec) !== JSON.stringify((old as Pod).spec)) object.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

/** What a write through /ephemeralcontainers may change. */
export const EPHEMERAL_CONTAINERS: UpdateRules = {
  prepare(object, old) {
    prepareEphemeralContainersUpdate(object as Pod, old as Pod);
    bump(object, old);
  },
  validate: (object, old, errors) => validateEphemeralContainersUpdate(object as Pod, old as Pod, errors, FieldPath.root),
};

/** What a write through /resize may change. */
export const RESIZE: UpdateRules = {
  prepare(object, old) {
    prepareResize(object as Pod, old as Pod);
    bump(object, old);
  },
  validate: (object, old, errors) => validateResize(object as Pod, old as Pod, errors, FieldPath.root),
};
