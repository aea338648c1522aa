/** The RuntimeClass admission plugin; the answers are those of kube-apiserver v1.36.3. */
import { beforeAll, describe, expect, it } from "vitest";
import { newCluster, type TestCluster } from "./harness.ts";

const PODS = "v1/namespaces/default/pods";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await newCluster();
  await cluster.create("node.k8s.io/v1/runtimeclasses", {
    apiVersion: "node.k8s.io/v1",
    kind: "RuntimeClass",
    metadata: { name: "boxed" },
    handler: "h",
    overhead: { podFixed: { cpu: "100m" } },
    scheduling: { nodeSelector: { a: "b" }, tolerations: [{ key: "t", operator: "Exists" }] },
  });
});

function pod(name: string, spec: object): object {
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers: [{ name: "c", image: "x" }], ...spec } };
}

describe("a pod that names a RuntimeClass", () => {
  it("gets its overhead, node selector and tolerations", async () => {
    const { status, body } = await cluster.create(PODS, pod("plain", { runtimeClassName: "boxed", nodeSelector: { z: "y" } }));
    const { overhead, nodeSelector, tolerations } = body.spec as { overhead: object; nodeSelector: object; tolerations: { key: string }[] };
    expect([status, overhead, nodeSelector]).toEqual([201, { cpu: "100m" }, { a: "b", z: "y" }]);
    expect(tolerations.map(({ key }) => key)).toEqual(["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable", "t"]);
  });

  it.each([
    ["that is absent", { runtimeClassName: "absent" }, 'pod rejected: RuntimeClass "absent" not found'],
    [
      "and another overhead",
      { runtimeClassName: "boxed", overhead: { cpu: "200m" } },
      "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    ],
    [
      "and another node",
      { runtimeClassName: "boxed", nodeSelector: { a: "c" } },
      "conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = c",
    ],
    ["not at all but has an overhead", { overhead: { cpu: "1" } }, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"],
  ])("%s is refused", async (_what, spec, why) => {
    const { status, body } = await cluster.create(PODS, pod("p", spec));
    expect([status, body.message]).toEqual([403, `pods "p" is forbidden: ${why}`]);
  });

  it("is told that containers are missing, before anything else", async () => {
    const { status, body } = await cluster.create(PODS, pod("p", { containers: [] }));
    expect([status, body.message]).toEqual([422, 'Pod "p" is invalid: spec.containers: Required value']);
  });
});
