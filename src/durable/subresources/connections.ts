/** Connections to what runs on a node (log, exec, attach, portforward, proxy): which container is meant, and on which node. */
import { FieldErrors, FieldPath } from "../../kube/machinery/field.ts";
import { badRequest, invalid, noSuchResource, StatusError } from "../../kube/machinery/status.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { Pod } from "../../kube/schema/generated/types/core.v1.ts";
import type { Outcome } from "../verbs/call.ts";

/** These choose a container; the rest are for the pod as a whole. */
const OF_CONTAINERS: ReadonlySet<string> = new Set(["log", "exec", "attach"]);

/** The object that a proxy path names: `name`, `name:port` or `scheme:name:port`. */
export function connectedName(subresource: string, name: string): string {
  if (subresource !== "proxy") return name;
  const parts = name.split(":");
  return parts[parts.length === 3 ? 1 : 0] ?? name;
}

/**
 * Answers a request to connect to a pod, service or node. The log of a pod that no node has taken is empty.
 * @throws StatusError 400 for a container that is none and for a pod without a node, 404 for tokens, 422 for log options, 503 where nothing is connected.
 */
export function connect(plural: string, name: string, subresource: string, object: KubeObject, query: Readonly<Record<string, string>>): Outcome {
  if (plural === "services") throw new StatusError(503, "ServiceUnavailable", `no endpoints available for service ${JSON.stringify(name)}`);
  // As of a server that issues no tokens.
  if (subresource === "token") throw noSuchResource();
  if (plural === "nodes") throw badRequest("address not allowed");
  const { spec } = object as Pod;
  if (subresource === "log") checkLogOptions(name, query);
  if (OF_CONTAINERS.has(subresource)) checkContainer(object as Pod, query.container ?? "");
  if (spec?.nodeName) throw new StatusError(503, "ServiceUnavailable", `no node agent is connected for ${subresource} on node ${spec.nodeName}`);
  if (subresource === "log") return { status: 204, body: "" };
  throw badRequest(subresource === "proxy" ? "address not allowed" : `pod ${name} does not have a host assigned`);
}

function checkContainer({ metadata, spec }: Pod, container: string): void {
  const names = [...namesOf(spec.initContainers), ...namesOf(spec.containers), ...namesOf(spec.ephemeralContainers)];
  if (container !== "") {
    if (names.includes(container)) return;
    throw badRequest(`container ${container} is not valid for pod ${metadata.name}`);
  }
  if (spec.containers.length === 1) return;
  throw badRequest(`a container name must be specified for pod ${metadata.name}, choose one of: [${names.join(" ")}]`);
}

function namesOf(containers: readonly { name?: string }[] | undefined): string[] {
  return (containers ?? []).map(({ name }) => name ?? "");
}

function checkLogOptions(name: string, query: Readonly<Record<string, string>>): void {
  const tail = integer(query.tailLines);
  const limit = integer(query.limitBytes);
  const since = integer(query.sinceSeconds);
  const errors = new FieldErrors();
  if (tail !== undefined && tail < 0) errors.invalid(FieldPath.of("tailLines"), tail, "must be greater than or equal to 0");
  if (limit !== undefined && limit < 1) errors.invalid(FieldPath.of("limitBytes"), limit, "must be greater than 0");
  if (since !== undefined && query.sinceTime) errors.add("Forbidden", "[]", undefined, "at most one of `sinceTime` or `sinceSeconds` may be specified");
  else if (since !== undefined && since < 1) errors.invalid(FieldPath.of("sinceSeconds"), since, "must be greater than 0");
  if (!errors.empty) throw invalid({ group: "", kind: "PodLogOptions" }, name, errors.list);
}

function integer(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}
