/** LimitRanger: a namespace's LimitRanges fill in what containers do not ask for, and bound what pods and claims may. */
import { addQuantity, compareQuantity, parseQuantity, quantity } from "../../kube/machinery/quantity.ts";
import { forbidden } from "../../kube/machinery/status.ts";
import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from "../../kube/schema/generated/types/core.v1.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";

type ResourceList = Readonly<Record<string, string>>;

interface Amounts {
  requests: ResourceList;
  limits: ResourceList;
}

const ANNOTATION = "kubernetes.io/limit-ranger";

function rangesOf({ transaction, namespace }: AdmissionAttributes): LimitRange[] {
  return [...transaction.list("limitranges", namespace)].map(({ object }) => object as LimitRange);
}

/** A pod's containers can't change, so only its creation counts; a claim may grow. */
function concerns({ operation, kind, subresource, old }: AdmissionAttributes): boolean {
  if (subresource !== "" || old?.metadata.deletionTimestamp) return false;
  if (kind.storageResource === "pods") return operation === "CREATE";
  return kind.storageResource === "persistentvolumeclaims" && (operation === "CREATE" || operation === "UPDATE");
}

/** Fills in what the container leaves open. @returns what was set, for the annotation. */
function fillContainer(container: Container, items: readonly LimitRangeItem[], what: string): string[] {
  const resources = { ...container.resources };
  const set = { request: new Set<string>(), limit: new Set<string>() };
  const fill = (field: "limits" | "requests", defaults: ResourceList | undefined, names: Set<string>) => {
    for (const [name, value] of Object.entries(defaults ?? {})) {
      if (resources[field]?.[name] !== undefined) continue;
      resources[field] = { ...resources[field], [name]: value };
      names.add(name);
    }
  };
  for (const item of items) {
    fill("limits", item.default as ResourceList | undefined, set.limit);
    fill("requests", item.defaultRequest as ResourceList | undefined, set.request);
  }
  container.resources = resources;
  return (["request", "limit"] as const)
    .filter((each) => set[each].size > 0)
    .map((each) => `${[...set[each]].sort().join(", ")} ${each} for ${what} ${container.name}`);
}

function fillPod(pod: Pod, range: LimitRange): void {
  const items = (range.spec.limits ?? []).filter((item) => item.type === "Container");
  if (items.length === 0) return;
  const set = [
    ...pod.spec.containers.flatMap((container) => fillContainer(container, items, "container")),
    ...(pod.spec.initContainers ?? []).flatMap((container) => fillContainer(container, items, "init container")),
  ];
  if (set.length > 0) pod.metadata.annotations = { ...pod.metadata.annotations, [ANNOTATION]: `LimitRanger plugin set: ${set.join("; ")}` };
}

function sorted(list: ResourceList | undefined): [string, string][] {
  return Object.entries(list ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Which bounds are broken, in upstream's words: one for each. */
function problemsOf(item: LimitRangeItem, { requests, limits }: Amounts): string[] {
  const problems: string[] = [];
  const { type } = item;
  for (const [name, min] of sorted(item.min as ResourceList | undefined)) {
    const bound = `minimum ${name} usage per ${type} is ${min}`;
    const [request, limit] = [requests[name], limits[name]];
    if (request === undefined) problems.push(`${bound}.  No request is specified`);
    else if (compareQuantity(request, min) < 0) problems.push(`${bound}, but request is ${request}`);
    else if (limit !== undefined && compareQuantity(limit, min) < 0) problems.push(`${bound}, but limit is ${limit}`);
  }
  for (const [name, max] of sorted(item.max as ResourceList | undefined)) {
    const bound = `maximum ${name} usage per ${type} is ${max}`;
    const [request, limit] = [requests[name], limits[name]];
    const onlyRequests = type === "PersistentVolumeClaim";
    if (onlyRequests ? request === undefined : limit === undefined) problems.push(`${bound}.  No ${onlyRequests ? "request" : "limit"} is specified`);
    else if (limit !== undefined && compareQuantity(limit, max) > 0) problems.push(`${bound}, but limit is ${limit}`);
    else if (request !== undefined && compareQuantity(request, max) > 0) problems.push(`${bound}, but request is ${request}`);
  }
  for (const [name, ratio] of sorted(item.maxLimitRequestRatio as ResourceList | undefined)) {
    const bound = `${name} max limit to request ratio per ${type} is ${ratio}`;
    const [request, limit] = [toNumber(requests[name]), toNumber(limits[name])];
    if (request === 0) problems.push(`${bound}, but no request is specified or request is 0`);
    else if (limit === 0) problems.push(`${bound}, but no limit is specified or limit is 0`);
    else if (limit / request > toNumber(ratio)) problems.push(`${bound}, but provided ratio is ${(limit / request).toFixed(6)}`);
  }
  return problems;
}

function toNumber(text: string | undefined): number {
  if (text === undefined) return 0;
  const { unscaled, scale } = parseQuantity(text);
  return Number(unscaled) * 10 ** scale;
}

function amountsOf(container: Container): Amounts {
  return { requests: (container.resources?.requests ?? {}) as ResourceList, limits: (container.resources?.limits ?? {}) as ResourceList };
}

/** A pod asks for the sum of what runs together, and for no less than each initial step does. */
function amountsOfPod({ spec }: Pod): Amounts {
  const total = (field: keyof Amounts): ResourceList => {
    const sums: Record<string, string> = {};
    const initial = spec.initContainers ?? [];
    for (const container of [...spec.containers, ...initial.filter((each) => each.restartPolicy === "Always")]) {
      for (const [name, value] of Object.entries(amountsOf(container)[field]))
        sums[name] = addQuantity(quantity(sums[name] ?? "0"), quantity(value)).toString();
    }
    for (const container of initial) {
      for (const [name, value] of Object.entries(amountsOf(container)[field])) {
        const sum = sums[name];
        if (sum === undefined || compareQuantity(value, sum) > 0) sums[name] = value;
      }
    }
    return sums;
  };
  return { requests: total("requests"), limits: total("limits") };
}

function podProblems(pod: Pod, { spec }: LimitRange): string[] {
  return (spec.limits ?? []).flatMap((item) => {
    if (item.type === "Container")
      return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].flatMap((container) => problemsOf(item, amountsOf(container)));
    return item.type === "Pod" ? problemsOf(item, amountsOfPod(pod)) : [];
  });
}

function claimProblems(claim: PersistentVolumeClaim, { spec }: LimitRange): string[] {
  const requests = (claim.spec.resources?.requests ?? {}) as ResourceList;
  return (spec.limits ?? []).filter((item) => item.type === "PersistentVolumeClaim").flatMap((item) => problemsOf(item, { requests, limits: {} }));
}

export const limitRanger: AdmissionPlugin = {
  name: "LimitRanger",
  mutate(attributes) {
    if (!concerns(attributes) || attributes.kind.storageResource !== "pods") return;
    for (const range of rangesOf(attributes)) fillPod(attributes.object as Pod, range);
  },
  validate(attributes) {
    if (!concerns(attributes)) return;
    const { kind, object, name } = attributes;
    for (const range of rangesOf(attributes)) {
      const problems = kind.storageResource === "pods" ? podProblems(object as Pod, range) : claimProblems(object as PersistentVolumeClaim, range);
      const [only] = problems;
      if (only === undefined) continue;
      throw forbidden({ group: kind.group, resource: kind.plural }, name, problems.length === 1 ? only : `[${problems.join(", ")}]`);
    }
  },
};
