import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { newCluster, type TestCluster } from "./harness.ts";

const MINUTE = 60_000;

afterEach(() => void vi.useRealTimers());

/** Resolves with what `read` gives once it is something, or fails the test after five seconds. */
async function eventually<T>(read: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error("it never came");
    await scheduler.wait(20);
  }
}

function alarmOf(cluster: TestCluster): Promise<number | null> {
  return runInDurableObject(cluster.stub, (_object, state) => state.storage.getAlarm());
}

async function createNamespace(cluster: TestCluster, name: string): Promise<void> {
  await cluster.create("v1/namespaces", { metadata: { name } });
  await eventually(async () => (await cluster.get(`v1/namespaces/${name}/serviceaccounts/default`)).status === 200);
}

describe("a new cluster", () => {
  it("has the namespaces, the API server's own Service and the bootstrap policy of Kubernetes", async () => {
    const cluster = await newCluster();
    const names = (await cluster.list("v1/namespaces")).body.items.map((each: { metadata: { name: string } }) => each.metadata.name);
    expect(names).toEqual(["default", "kube-node-lease", "kube-public", "kube-system"]);
    expect((await cluster.get("v1/namespaces/default/services/kubernetes")).body.spec.clusterIP).toBe("10.96.0.1");
    for (const path of [
      "v1/namespaces/default/endpoints/kubernetes",
      "discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes",
      "rbac.authorization.k8s.io/v1/clusterroles/cluster-admin",
      "scheduling.k8s.io/v1/priorityclasses/system-node-critical",
      "networking.k8s.io/v1/servicecidrs/kubernetes",
    ]) {
      expect([path, (await cluster.get(path)).status]).toEqual([path, 200]);
    }
  });

  it("is made once: provisioning again changes nothing", async () => {
    const cluster = await newCluster();
    const before = (await cluster.list("v1/namespaces")).body.items;
    const again = await cluster.stub.provision({
      tenant: "test",
      cluster: cluster.id,
      adminTokenHash: "c".repeat(64),
      caCertificate: "PEM",
      endpoint: { host: "127.0.0.1", port: 1 },
    });
    expect(again).toEqual({ created: false });
    expect((await cluster.list("v1/namespaces")).body.items).toEqual(before);
    expect((await cluster.send({ verb: "list", resource: "pods", credential: { tokenHash: "c".repeat(64) } })).status).toBe(401);
  });
});

describe("a cluster whose making was cut off", () => {
  it("is completed by the next provisioning, and its first key stays good", async () => {
    const cluster = await newCluster();
    await cluster.delete("scheduling.k8s.io/v1/priorityclasses/system-node-critical");
    await runInDurableObject(
      cluster.stub,
      (_object, state) => void state.storage.sql.exec("UPDATE settings SET value = json_set(value, '$.bootstrapped', json('false'))"),
    );
    const again = await cluster.stub.provision({
      tenant: "test",
      cluster: cluster.id,
      adminTokenHash: "c".repeat(64),
      caCertificate: "PEM",
      endpoint: { host: "127.0.0.1", port: 1 },
    });
    expect(again).toEqual({ created: false });
    expect((await cluster.get("scheduling.k8s.io/v1/priorityclasses/system-node-critical")).status).toBe(200);
  });
});

describe("a namespace", () => {
  it("gets its default ServiceAccount and the root CA, and gets them back", async () => {
    const cluster = await newCluster();
    await createNamespace(cluster, "team");
    const { body } = await eventually(async () => {
      const answer = await cluster.get("v1/namespaces/team/configmaps/kube-root-ca.crt");
      return answer.status === 200 && answer;
    });
    expect(body.data).toEqual({ "ca.crt": "PEM" });
    await cluster.delete("v1/namespaces/team/serviceaccounts/default");
    await eventually(async () => (await cluster.get("v1/namespaces/team/serviceaccounts/default")).status === 200);
  });

  it("is emptied, waits for what finalizers keep and says so, then goes", async () => {
    const cluster = await newCluster();
    await createNamespace(cluster, "doomed");
    const kept = "v1/namespaces/doomed/configmaps/kept";
    await cluster.create("v1/namespaces/doomed/configmaps", { metadata: { name: "kept", finalizers: ["example.com/a"] } });
    const { body: deleted } = await cluster.delete("v1/namespaces/doomed");
    expect(deleted).toMatchObject({ metadata: { deletionTimestamp: expect.any(String) }, status: { phase: "Terminating" } });
    const remaining = await eventually(async () => {
      const { body } = await cluster.get("v1/namespaces/doomed");
      return body.status.conditions?.find((each: { type: string; status: string }) => each.type === "NamespaceFinalizersRemaining" && each.status === "True");
    });
    expect(remaining.message).toContain("example.com/a in 1 resource instances");
    const refused = await cluster.create("v1/namespaces/doomed/configmaps", { metadata: { name: "late" } });
    expect([refused.status, refused.body.details.causes[0].reason]).toEqual([403, "NamespaceTerminating"]);

    await cluster.patch(kept, "application/merge-patch+json", { metadata: { finalizers: null } });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 6_000 });
    await runDurableObjectAlarm(cluster.stub);
    expect((await cluster.get("v1/namespaces/doomed")).status).toBe(404);
    expect((await cluster.list("v1/namespaces/doomed/configmaps")).body.items).toEqual([]);
  });
});

describe("a custom resource definition", () => {
  const definition = {
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties: { size: { type: "integer", default: 3 } } } } } },
        },
      ],
    },
  };

  it("is established with its creation, and takes its resources with it", async () => {
    const cluster = await newCluster();
    const path = "example.com/v1/namespaces/default/widgets";
    expect((await cluster.list(path)).status).toBe(404);
    await cluster.create("apiextensions.k8s.io/v1/customresourcedefinitions", definition);
    const created = await cluster.create(path, { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "a" }, spec: {} });
    expect([created.status, created.body.spec]).toEqual([201, { size: 3 }]);
    const stream = await cluster.watch(path);
    await stream.until(1);
    await cluster.delete("apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com");
    await eventually(async () => (await cluster.get("apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com")).status === 404);
    expect((await cluster.list(path)).status).toBe(404);
    expect((await stream.until(2)).map((event) => event.type)).toEqual(["ADDED", "DELETED"]);
    await eventually(async () => stream.closed);
  });
});

describe("storage protection", () => {
  it("keeps a claim while a pod on a node mounts it, and lets it go with the pod", async () => {
    const cluster = await newCluster();
    await createNamespace(cluster, "data");
    const claims = "v1/namespaces/data/persistentvolumeclaims";
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const { body: created } = await cluster.create(claims, { metadata: { name: "disk" }, spec });
    expect(created.metadata.finalizers).toEqual(["kubernetes.io/pvc-protection"]);
    const volumes = [{ name: "v", persistentVolumeClaim: { claimName: "disk" } }];
    await cluster.create("v1/namespaces/data/pods", { metadata: { name: "user" }, spec: { nodeName: "n", containers: [{ name: "c", image: "i" }], volumes } });
    await cluster.delete(`${claims}/disk`);
    await eventually(async () => ((await alarmOf(cluster)) ?? 0) > Date.now() + MINUTE);
    expect((await cluster.get(`${claims}/disk`)).body.metadata.deletionTimestamp).toBeDefined();
    await cluster.delete("v1/namespaces/data/pods/user", { gracePeriodSeconds: 0 });
    await eventually(async () => (await cluster.get(`${claims}/disk`)).status === 404);
  });

  it("lets unused volumes and attribute classes go at once", async () => {
    const cluster = await newCluster();
    const volume = { metadata: { name: "pv" }, spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/x" } } };
    for (const [path, object] of [
      ["v1/persistentvolumes", volume],
      ["storage.k8s.io/v1/volumeattributesclasses", { metadata: { name: "pv" }, driverName: "d.example.com", parameters: { a: "b" } }],
    ] as const) {
      expect((await cluster.create(path, object)).body.metadata.finalizers).toHaveLength(1);
      await cluster.delete(`${path}/pv`);
      await eventually(async () => (await cluster.get(`${path}/pv`)).status === 404);
    }
  });
});

describe("an idle cluster", () => {
  it("compacts once after its last write, and then neither arms an alarm nor writes a row", async () => {
    const cluster = await newCluster();
    await createNamespace(cluster, "busy");
    await eventually(async () => ((await alarmOf(cluster)) ?? 0) > Date.now() + MINUTE);
    const start = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now: start + 10 * MINUTE });
    await runDurableObjectAlarm(cluster.stub);
    expect(await alarmOf(cluster)).toBeNull();
    const old = await cluster.list("v1/namespaces", { resourceVersion: "2", resourceVersionMatch: "Exact" });
    expect([old.status, old.body.reason]).toEqual([410, "Expired"]);
  });
});
