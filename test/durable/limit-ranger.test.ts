/** LimitRanger; the expected answers are those of kube-apiserver v1.36.3. */
import { beforeAll, expect, it } from "vitest";
import { newCluster, type TestCluster } from "./harness.ts";

const PODS = "v1/namespaces/limited/pods";
const CLAIMS = "v1/namespaces/limited/persistentvolumeclaims";
const DRY = { dryRun: "All" };

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await newCluster();
  await cluster.create("v1/namespaces", { metadata: { name: "limited" } });
  await cluster.create("v1/namespaces/limited/serviceaccounts", { metadata: { name: "default" } });
  const limits = [
    { type: "Container", default: { cpu: "500m", memory: "512Mi" }, defaultRequest: { cpu: "100m" }, max: { cpu: "1" }, min: { memory: "100Mi" } },
    { type: "Pod", max: { cpu: "2" }, min: { memory: "200Mi" } },
    { type: "PersistentVolumeClaim", max: { storage: "5Gi" }, min: { storage: "2Gi" } },
  ];
  await cluster.create("v1/namespaces/limited/limitranges", { metadata: { name: "l" }, spec: { limits } });
});

function pod(containers: object[], initContainers: object[] = []): object {
  return { metadata: { name: "p" }, spec: { containers, initContainers } };
}

it("fills in what containers leave open, and says so", async () => {
  const { body } = await cluster.create(PODS, pod([{ name: "a", image: "i" }], [{ name: "x", image: "i", resources: { limits: { cpu: "700m" } } }]), DRY);
  expect(body.spec.containers[0].resources).toEqual({ limits: { cpu: "500m", memory: "512Mi" }, requests: { cpu: "100m", memory: "512Mi" } });
  expect(body.spec.initContainers[0].resources).toEqual({ limits: { cpu: "700m", memory: "512Mi" }, requests: { cpu: "700m", memory: "512Mi" } });
  expect(body.metadata.annotations["kubernetes.io/limit-ranger"]).toBe(
    "LimitRanger plugin set: cpu, memory request for container a; cpu, memory limit for container a; memory request for init container x; memory limit for init container x",
  );
});

it.each([
  [
    pod([{ name: "a", image: "i", resources: { limits: { cpu: "2", memory: "50Mi" } } }]),
    "[minimum memory usage per Container is 100Mi, but request is 50Mi, maximum cpu usage per Container is 1, but limit is 2, minimum memory usage per Pod is 200Mi, but request is 50Mi]",
  ],
  [pod(["a", "b", "c"].map((name) => ({ name, image: "i", resources: { limits: { cpu: "1" } } }))), "maximum cpu usage per Pod is 2, but limit is 3"],
])("refuses %j", async (body, message) => {
  const answer = await cluster.create(PODS, body, DRY);
  expect([answer.status, answer.body.message]).toEqual([403, `pods "p" is forbidden: ${message}`]);
});

it.each([
  ["1Gi", "minimum storage usage per PersistentVolumeClaim is 2Gi, but request is 1Gi"],
  ["6Gi", "maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 6Gi"],
])("refuses a claim of %s", async (storage, message) => {
  const { body } = await cluster.create(
    CLAIMS,
    { metadata: { name: "c" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } } },
    DRY,
  );
  expect(body.message).toBe(`persistentvolumeclaims "c" is forbidden: ${message}`);
});
