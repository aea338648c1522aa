/** What `kubectl get pods` prints: readiness, one word of status, restarts. */
import { humanDuration } from "../machinery/duration.ts";
import type { ContainerStatus, Pod } from "../schema/generated/types/core.v1.ts";
import { ageCell, nameCell } from "./table.ts";

/** The cells of Name, Ready, Status, Restarts, Age, IP, Node, Nominated Node, Readiness Gates. */
export function podCells(pod: Pod, now: Date): (string | number)[] {
  const { spec, status } = pod;
  const summary = summarize(pod);
  const restarts =
    summary.lastRestart === undefined ? String(summary.restarts) : `${summary.restarts} (${humanDuration(now.getTime() - summary.lastRestart)} ago)`;
  return [
    nameCell(pod),
    `${summary.ready}/${summary.total}`,
    summary.reason,
    restarts,
    ageCell(pod, now),
    status?.podIPs?.[0]?.ip || status?.podIP || "<none>",
    spec?.nodeName || "<none>",
    status?.nominatedNodeName || "<none>",
    readinessGatesCell(pod),
  ];
}

function readinessGatesCell({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const met = gates.filter((gate) => status?.conditions?.some((condition) => condition.type === gate.conditionType && condition.status === "True"));
  return `${met.length}/${gates.length}`;
}

interface Summary {
  ready: number;
  total: number;
  reason: string;
  restarts: number;
  /** When a container last ended before a restart, in milliseconds. */
  lastRestart: number | undefined;
}

/**
 * One word for the whole pod: the first init container that is not through, else the last container (in the order of
 * the status, read backwards) with something to say, else the phase.
 */
function summarize(pod: Pod): Summary {
  const { spec, status } = pod;
  const initContainers = spec?.initContainers ?? [];
  const sidecars = new Set(initContainers.filter((container) => container.restartPolicy === "Always").map((container) => container.name));
  const summary: Summary = {
    ready: 0,
    total: (spec?.containers?.length ?? 0) + sidecars.size,
    reason: status?.reason || status?.phase || "",
    restarts: 0,
    lastRestart: undefined,
  };
  if (status?.conditions?.some((condition) => condition.type === "PodScheduled" && condition.reason === "SchedulingGated")) summary.reason = "SchedulingGated";

  const initialized = summarizeInitContainers(summary, status?.initContainerStatuses ?? [], initContainers.length, sidecars);
  if (initialized || status?.conditions?.some((condition) => condition.type === "Initialized" && condition.status === "True"))
    summarizeContainers(summary, pod, sidecars);
  if (pod.metadata.deletionTimestamp) {
    if (status?.reason === "NodeLost") summary.reason = "Unknown";
    else if (status?.phase !== "Succeeded" && status?.phase !== "Failed") summary.reason = "Terminating";
  }
  return summary;
}

/** True when all init containers are through (or are sidecars that have started). */
function summarizeInitContainers(summary: Summary, statuses: readonly ContainerStatus[], count: number, sidecars: ReadonlySet<string>): boolean {
  let restarts = 0;
  let sidecarRestarts = 0;
  for (let i = 0; i < statuses.length; i++) {
    const container = statuses[i] as ContainerStatus;
    restarts += container.restartCount;
    noteRestart(summary, container);
    const sidecar = sidecars.has(container.name);
    if (sidecar) sidecarRestarts += container.restartCount;
    const { terminated, waiting } = container.state ?? {};
    if (terminated && terminated.exitCode === 0) continue;
    if (sidecar && container.started) {
      if (container.ready) summary.ready++;
      continue;
    }
    summary.restarts = restarts;
    if (terminated) summary.reason = `Init:${terminated.reason || (terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`)}`;
    else if (waiting?.reason && waiting.reason !== "PodInitializing") summary.reason = `Init:${waiting.reason}`;
    else summary.reason = `Init:${i}/${count}`;
    return false;
  }
  summary.restarts = sidecarRestarts;
  return true;
}

function summarizeContainers(summary: Summary, { status }: Pod, sidecars: ReadonlySet<string>): void {
  summary.restarts = 0;
  summary.lastRestart = undefined;
  for (const container of status?.initContainerStatuses ?? []) {
    if (!sidecars.has(container.name)) continue;
    summary.restarts += container.restartCount;
    noteRestart(summary, container);
  }
  let running = false;
  for (const container of [...(status?.containerStatuses ?? [])].reverse()) {
    summary.restarts += container.restartCount;
    noteRestart(summary, container);
    const { waiting, terminated, running: runs } = container.state ?? {};
    if (waiting?.reason) summary.reason = waiting.reason;
    else if (terminated) summary.reason = terminated.reason || (terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`);
    else if (container.ready && runs) {
      running = true;
      summary.ready++;
    }
  }
  // Some containers have completed, but others still run.
  if (summary.reason === "Completed" && running) {
    const ready = status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True");
    summary.reason = ready ? "Running" : "NotReady";
  }
}

function noteRestart(summary: Summary, { lastState, restartCount }: ContainerStatus): void {
  const finished = lastState?.terminated?.finishedAt;
  if (!finished || restartCount === 0) return;
  const at = Date.parse(finished);
  if (summary.lastRestart === undefined || at > summary.lastRestart) summary.lastRestart = at;
}
