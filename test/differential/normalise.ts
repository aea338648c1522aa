/** Takes out of an answer what differs between any two runs: times, uids, revisions, addresses, random names; and what controllers write. */
import type { Answer, Request } from "./exchange.ts";

const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g;
const AGE = /^(?:<unknown>|(?:\d+[smhdy])+)$/;
const DAY = 24 * 60 * 60 * 1000;
/** Managers whose writes come at any time, on the side that has them. */
const CONTROLLERS =
  /^(?:kube-apiserver|kube-controller-manager|kube-scheduler|kwok|kubelet|api-priority-and-fairness-config-consumer-v1|validatingadmissionpolicy-status|service-cidr-controller|perigee)$/;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The answer as it is compared and recorded. @param request values that the request itself named are kept. */
export function normalise(answer: Answer, request: Request): Answer {
  const sent = `${request.path} ${request.body ?? ""}`;
  const object = typeof answer.body === "object" && answer.body !== null ? walk(answer.body as Json, [], sent) : text(String(answer.body ?? ""), sent);
  const headers = answer.headers.warning === undefined ? answer.headers : { ...answer.headers, warning: text(answer.headers.warning, sent) };
  return { status: answer.status, headers, body: request.method === "POST" ? object : withoutControllers(object) };
}

function walk(value: Json, path: readonly string[], sent: string): Json {
  const key = path.at(-1) ?? "";
  if (Array.isArray(value)) {
    if (key === "cells") return value.map((cell) => (typeof cell === "string" && AGE.test(cell) ? "<age>" : walk(cell, [...path, "0"], sent)));
    const kept = key === "managedFields" ? managersInOrder(value) : value;
    return kept.map((entry, at) => walk(entry, [...path, String(at)], sent));
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, walk(entry, [...path, name], sent)]));
  }
  if (typeof value === "number" && /[nN]odePort$/.test(key) && value >= 30000 && value <= 32767 && !sent.includes(String(value))) return "<port>";
  if (key === "remainingItemCount") return "<count>";
  if (typeof value !== "string") return value;
  if (key === "resourceVersion" && value !== "") return "<revision>";
  if (key === "continue" && value !== "") return "<continue>";
  if (key === "token") return "<token>";
  if (key === "serverAddress") return "<host and port>";
  return text(value, sent);
}

/** Entries are sorted by the second of their write, then by manager: two runs differ in what falls into one second. */
function managersInOrder(entries: readonly Json[]): Json[] {
  const rank = (entry: Json) => ["manager", "operation", "subresource", "apiVersion"].map((name) => String(property(entry, name) ?? "")).join(" ");
  return entries.filter((entry) => !CONTROLLERS.test(String(property(entry, "manager")))).sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function text(value: string, sent: string): string {
  return value
    .replace(UID, (uid) => (sent.includes(uid) ? uid : "<uid>"))
    .replace(TIME, (time) => (!sent.includes(time) && Math.abs(Date.parse(time) - Date.now()) < 400 * DAY ? "<time>" : time))
    .replace(/\b10\.\d+\.\d+\.\d+\b/g, (address) => (sent.includes(address) ? address : "<address>"))
    .replace(/:3\d{4}\//g, ":<port>/")
    .replace(/\b(generated-|kube-api-access-)[a-z0-9]{5}\b/g, "$1<random>")
    .replace(/(resourceVersion\\*":\\*"|resourceVersion: "|resource version: \d+, current: )\d+/g, "$1<revision>")
    .replace(/(too old resource version: \d+ )\(\d+\)/g, "$1(<revision>)");
}

/**
 * Statuses are written by controllers at any time after the create; what the API server itself puts there shows in the
 * create's answer. The same goes for the few annotations and finalizers that controllers own.
 */
function withoutControllers(body: Json): Json {
  if (Array.isArray(body)) return body.map(withoutControllers);
  if (typeof body !== "object" || body === null || body.kind === "Status") return body;
  const { status: _status, ...rest } = body;
  const annotations = property(property(rest, "metadata"), "annotations");
  if (typeof annotations === "object" && annotations !== null && !Array.isArray(annotations)) {
    for (const name of ["deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation", "node.alpha.kubernetes.io/ttl"])
      delete annotations[name];
    if (Object.keys(annotations).length === 0) delete (rest.metadata as Record<string, Json>).annotations;
  }
  const metadata = property(rest, "metadata");
  if (typeof metadata === "object" && metadata !== null && !Array.isArray(metadata) && Array.isArray(metadata.finalizers)) {
    metadata.finalizers = metadata.finalizers.filter((finalizer) => finalizer !== "networking.k8s.io/service-cidr-finalizer");
    if (metadata.finalizers.length === 0) delete metadata.finalizers;
  }
  const spec = property(rest, "spec");
  if (body.kind === "Node" || body.kind === undefined) withoutConditionTaints(spec);
  for (const name of ["items", "object", "rows"]) {
    if (name in rest) rest[name] = withoutControllers(rest[name] ?? null);
  }
  return rest;
}

/** Taints that mirror a node's conditions come and go with its controllers. */
function withoutConditionTaints(spec: Json | undefined): void {
  if (typeof spec !== "object" || spec === null || Array.isArray(spec) || !Array.isArray(spec.taints)) return;
  spec.taints = spec.taints.filter((taint) => !String(property(taint, "key")).startsWith("node.kubernetes.io/"));
  if (spec.taints.length === 0) delete spec.taints;
}

function property(value: Json | undefined, name: string): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value[name] : undefined;
}
