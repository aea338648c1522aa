/**
 * disruption: keeps each PodDisruptionBudget's status: how many of its pods must be healthy, how many are, and how many
 * disruptions that allows. Evictions spend from it; a pod whose eviction never led to a deletion is forgotten after two minutes.
 */

import { equalJson } from "../kube/machinery/json.ts";
import { entryOf } from "../kube/machinery/json-value.ts";
import { fromLabelSelectorObject } from "../kube/machinery/label-selector.ts";
import type { KubeObject } from "../kube/object.ts";
import type { Pod } from "../kube/schema/generated/types/core.v1.ts";
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from "../kube/schema/generated/types/policy.v1.ts";
import { type Client, type Context, defineController, type ObjectChange, type ResourceRef } from "./controller.ts";
import { PODS } from "./refs.ts";

const BUDGETS: ResourceRef = { group: "policy", version: "v1", resource: "poddisruptionbudgets" };
/** Milliseconds after which an eviction that did not delete its pod no longer counts. */
const EVICTION_TIMEOUT = 120_000;

/** Resources whose replicas say how many pods a controller wants. */
const SCALED: Readonly<Record<string, ResourceRef>> = {
  ReplicaSet: { group: "apps", version: "v1", resource: "replicasets" },
  StatefulSet: { group: "apps", version: "v1", resource: "statefulsets" },
  ReplicationController: { group: "", version: "v1", resource: "replicationcontrollers" },
  Deployment: { group: "apps", version: "v1", resource: "deployments" },
};

type Scaled = KubeObject & { spec: { replicas?: number } };

function keyOf({ key }: ObjectChange): string {
  return `${key.namespace}/${key.name}`;
}

function isHealthy(pod: Pod): boolean {
  return !pod.metadata.deletionTimestamp && (pod.status.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") ?? false);
}

/** A percentage of `total`, rounded up, or the number itself. */
function amount(value: number | string, total: number): number {
  return typeof value === "string" ? Math.ceil((Number.parseInt(value, 10) * total) / 100) : value;
}

/** What the pods' controllers want in all; each controller counts once, a ReplicaSet through its Deployment. @throws Error for a pod without a scalable controller. */
async function wantedReplicas(client: Client, namespace: string, pods: readonly Pod[]): Promise<number> {
  const counted = new Map<string, number>();
  for (const pod of pods) {
    let owner = pod.metadata.ownerReferences?.find((reference) => reference.controller);
    if (!owner) throw new Error(`found no controllers for pod ${JSON.stringify(pod.metadata.name)}`);
    let replicas: number | undefined;
    while (owner) {
      const ref: ResourceRef | undefined = entryOf(SCALED, owner.kind);
      const found: Scaled | undefined = ref && (await client.get<Scaled>(ref, namespace, owner.name));
      if (!found) break;
      replicas = found.spec.replicas ?? 1;
      const above: typeof owner | undefined = found.metadata.ownerReferences?.find((reference) => reference.controller);
      if (!above) break;
      owner = above;
    }
    if (replicas === undefined) throw new Error(`found no scalable controller for pod ${JSON.stringify(pod.metadata.name)}`);
    counted.set(owner.uid, replicas);
  }
  return [...counted.values()].reduce((sum, each) => sum + each, 0);
}

/** expectedPods and desiredHealthy (policy/v1 PodDisruptionBudgetSpec). */
async function expectations(client: Client, { metadata, spec }: PodDisruptionBudget, pods: readonly Pod[]): Promise<{ expected: number; desired: number }> {
  const namespace = metadata.namespace ?? "";
  if (spec.maxUnavailable !== undefined) {
    const expected = await wantedReplicas(client, namespace, pods);
    return { expected, desired: Math.max(0, expected - amount(spec.maxUnavailable, expected)) };
  }
  if (typeof spec.minAvailable === "string") {
    const expected = await wantedReplicas(client, namespace, pods);
    return { expected, desired: amount(spec.minAvailable, expected) };
  }
  return { expected: pods.length, desired: spec.minAvailable ?? 0 };
}

/** Evictions whose pods are still there and not yet being deleted. */
function pendingEvictions(budget: PodDisruptionBudget, pods: readonly Pod[], now: number): Record<string, string> {
  const pending: Record<string, string> = {};
  for (const pod of pods) {
    const name = pod.metadata.name ?? "";
    const since = budget.status.disruptedPods?.[name];
    if (since && !pod.metadata.deletionTimestamp && Date.parse(since) + EVICTION_TIMEOUT > now) pending[name] = since;
  }
  return pending;
}

interface Verdict {
  allowed: boolean;
  reason: string;
  message: string;
}

function conditions(budget: PodDisruptionBudget, { allowed, reason, message }: Verdict, now: number): NonNullable<PodDisruptionBudgetStatus["conditions"]> {
  const status = allowed ? "True" : "False";
  const existing = budget.status.conditions ?? [];
  const before = existing.find((condition) => condition.type === "DisruptionAllowed");
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : `${new Date(now).toISOString().slice(0, 19)}Z`;
  const next = { type: "DisruptionAllowed", status, reason, message, lastTransitionTime, observedGeneration: budget.metadata.generation };
  return [...existing.filter((condition) => condition !== before), next];
}

async function reconcile(key: string, { client, now }: Context): Promise<{ requeueAfter: number } | undefined> {
  const [namespace = "", name = ""] = key.split("/");
  const budget = await client.get<PodDisruptionBudget>(BUDGETS, namespace, name);
  if (!budget) return undefined;
  const selector = fromLabelSelectorObject(budget.spec.selector);
  const pods = (await client.list<Pod>(PODS, namespace)).filter((pod) => selector.matches(pod.metadata.labels ?? {}));
  const disruptedPods = pendingEvictions(budget, pods, now());
  const base = { ...budget.status, observedGeneration: budget.metadata.generation };
  let status: PodDisruptionBudgetStatus;
  try {
    const { expected, desired } = await expectations(client, budget, pods);
    const healthy = pods.filter((pod) => isHealthy(pod) && !disruptedPods[pod.metadata.name ?? ""]).length;
    const allowed = expected > 0 ? Math.max(0, healthy - desired) : 0;
    const verdict = allowed > 0 ? { allowed: true, reason: "SufficientPods", message: "" } : { allowed: false, reason: "InsufficientPods", message: "" };
    status = {
      ...base,
      expectedPods: expected,
      desiredHealthy: desired,
      currentHealthy: healthy,
      disruptionsAllowed: allowed,
      conditions: conditions(budget, verdict, now()),
    };
  } catch (error) {
    // Fail safe: a budget that can't be computed allows nothing.
    const message = error instanceof Error ? error.message : String(error);
    status = { ...base, disruptionsAllowed: 0, conditions: conditions(budget, { allowed: false, reason: "SyncFailed", message }, now()) };
  }
  if (Object.keys(disruptedPods).length > 0) status.disruptedPods = disruptedPods;
  else delete status.disruptedPods;
  if (!equalJson(status, budget.status)) await client.update<PodDisruptionBudget>(BUDGETS, namespace, { ...budget, status }, "status");
  return Object.keys(disruptedPods).length > 0 ? { requeueAfter: EVICTION_TIMEOUT } : undefined;
}

export const disruptionController = defineController({
  name: "disruption",
  watches: [
    { resource: "poddisruptionbudgets.policy", keys: (change) => (change.type === "DELETED" ? [] : [keyOf(change)]) },
    // A pod does not say which budgets select it: the namespace's budgets are looked at through its own key.
    { resource: "pods", whileAny: "poddisruptionbudgets.policy", keys: ({ key }) => [`${key.namespace}/`] },
  ],
  resync: async ({ client }) => (await client.list(BUDGETS, "")).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  async reconcile(key, context) {
    if (!key.endsWith("/")) return reconcile(key, context);
    const namespace = key.slice(0, -1);
    for (const { metadata } of await context.client.list(BUDGETS, namespace)) await reconcile(`${namespace}/${metadata.name}`, context);
    return undefined;
  },
});
