import { describe, expect, test } from "vitest";
import { podCells } from "../../../src/kube/core/pod-cells.ts";
import type { ContainerStatus, Pod } from "../../../src/kube/schema/generated/types/core.v1.ts";

const NOW = new Date("2026-01-02T00:10:00Z");

function status(name: string, fields: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, state: {}, lastState: {}, ready: false, restartCount: 0, image: "x", imageID: "", ...fields } as ContainerStatus;
}
const running = (name: string, more: Partial<ContainerStatus> = {}) =>
  status(name, { state: { running: { startedAt: "2026-01-02T00:00:00Z" } }, ready: true, started: true, ...more });
const waiting = (name: string, reason: string) => status(name, { state: { waiting: { reason } } });
const ended = (name: string, exitCode: number, more: object = {}) =>
  status(name, {
    state: { terminated: { exitCode, startedAt: "2026-01-02T00:00:00Z", finishedAt: "2026-01-02T00:05:00Z", ...more } },
  } as Partial<ContainerStatus>);

function pod(spec: Partial<Pod["spec"]>, state: Partial<Pod["status"]>, metadata: Partial<Pod["metadata"]> = {}): Pod {
  const containers = [
    { name: "a", image: "x", resources: {} },
    { name: "b", image: "x", resources: {} },
  ];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", creationTimestamp: "2026-01-02T00:00:00Z", ...metadata },
    spec: { containers, ...spec },
    status: state,
  } as Pod;
}
const init = (restartPolicy?: string) => ({ initContainers: [{ name: "i", image: "x", resources: {}, ...(restartPolicy && { restartPolicy }) }] });

describe("the Ready, Status and Restarts cells of a pod", () => {
  test.each<[string, Pod, [string, string, string]]>([
    ["nothing known yet", pod({}, { phase: "Pending" }), ["0/2", "Pending", "0"]],
    ["all run", pod({}, { phase: "Running", containerStatuses: [running("a"), running("b")] }), ["2/2", "Running", "0"]],
    [
      "the first container's trouble wins",
      pod({}, { phase: "Pending", containerStatuses: [waiting("a", "ImagePullBackOff"), waiting("b", "ContainerCreating")] }),
      ["0/2", "ImagePullBackOff", "0"],
    ],
    ["an exit code", pod({}, { phase: "Failed", containerStatuses: [ended("a", 3), ended("b", 0, { reason: "Completed" })] }), ["0/2", "ExitCode:3", "0"]],
    ["a signal", pod({}, { phase: "Failed", containerStatuses: [ended("a", 137, { signal: 9 })] }), ["0/2", "Signal:9", "0"]],
    [
      "one is through, the other runs",
      pod({}, { phase: "Running", containerStatuses: [ended("a", 0, { reason: "Completed" }), running("b")] }),
      ["1/2", "NotReady", "0"],
    ],
    [
      "one is through, the pod is ready",
      pod(
        {},
        {
          phase: "Running",
          conditions: [{ type: "Ready", status: "True" }] as Pod["status"]["conditions"] & object,
          containerStatuses: [ended("a", 0, { reason: "Completed" }), running("b")],
        },
      ),
      ["1/2", "Running", "0"],
    ],
    [
      "initializing",
      pod(init(), { phase: "Pending", initContainerStatuses: [running("i")], containerStatuses: [waiting("a", "PodInitializing")] }),
      ["0/2", "Init:0/1", "0"],
    ],
    [
      "an init container that waits",
      pod(init(), { phase: "Pending", initContainerStatuses: [waiting("i", "CrashLoopBackOff")] }),
      ["0/2", "Init:CrashLoopBackOff", "0"],
    ],
    ["an init container that failed", pod(init(), { phase: "Pending", initContainerStatuses: [ended("i", 2)] }), ["0/2", "Init:ExitCode:2", "0"]],
    [
      "a sidecar counts",
      pod(init("Always"), { phase: "Running", initContainerStatuses: [running("i")], containerStatuses: [running("a"), running("b")] }),
      ["3/3", "Running", "0"],
    ],
    [
      "being deleted",
      pod({}, { phase: "Running", containerStatuses: [running("a"), running("b")] }, { deletionTimestamp: "2026-01-02T00:09:00Z" }),
      ["2/2", "Terminating", "0"],
    ],
    ["its node is lost", pod({}, { phase: "Running", reason: "NodeLost" }, { deletionTimestamp: "2026-01-02T00:09:00Z" }), ["0/2", "Unknown", "0"]],
    ["evicted", pod({}, { phase: "Failed", reason: "Evicted" }), ["0/2", "Evicted", "0"]],
    [
      "gated",
      pod({}, { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] as Pod["status"]["conditions"] & object }),
      ["0/2", "SchedulingGated", "0"],
    ],
    [
      "restarts tell when the last one was",
      pod(
        {},
        {
          phase: "Running",
          containerStatuses: [
            running("a", {
              restartCount: 3,
              lastState: { terminated: { exitCode: 1, startedAt: "2026-01-02T00:00:00Z", finishedAt: "2026-01-02T00:05:00Z" } },
            }),
            running("b", { restartCount: 1 }),
          ],
        },
      ),
      ["2/2", "Running", "4 (5m ago)"],
    ],
  ])("when %s", (_what, object, expected) => {
    expect(podCells(object, NOW).slice(1, 4)).toEqual(expected);
  });

  test("the wide cells name address, node, nomination and gates", () => {
    const gates = { readinessGates: [{ conditionType: "a/b" }, { conditionType: "c/d" }] };
    const conditions = [{ type: "a/b", status: "True" }] as Pod["status"]["conditions"] & object;
    expect(podCells(pod({ nodeName: "n", ...gates }, { podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }], conditions }), NOW).slice(4)).toEqual([
      "10m",
      "10.0.0.1",
      "n",
      "<none>",
      "1/2",
    ]);
    expect(podCells(pod({}, {}), NOW).slice(5)).toEqual(["<none>", "<none>", "<none>", "<none>"]);
  });
});
