/** The suite refuses to start on a cluster without a ready node; most of its API tests need nothing more than that there is one. */
import { clusterClient } from "../differential/exchange.ts";

/** Registers three ready nodes, by hand, on a cluster that has none. */
export async function ensureNodes(kubeconfig: string): Promise<void> {
  const send = clusterClient(kubeconfig);
  const { body } = await send({ id: "", method: "GET", path: "/api/v1/nodes?limit=1" });
  if (typeof body === "object" && body !== null && "items" in body && Array.isArray(body.items) && body.items.length > 0) return;
  const capacity = { cpu: "4", memory: "8Gi", pods: "110", "ephemeral-storage": "100Gi" };
  const now = new Date().toISOString().replace(/\.\d+/, "");
  for (const name of ["node-1", "node-2", "node-3"]) {
    await send({
      id: "",
      method: "POST",
      path: "/api/v1/nodes",
      body: JSON.stringify({ apiVersion: "v1", kind: "Node", metadata: { name, labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } } }),
    });
    const status = {
      capacity,
      allocatable: capacity,
      addresses: [{ type: "InternalIP", address: `192.0.2.${name.slice(-1)}` }],
      conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "registered by hand", lastHeartbeatTime: now, lastTransitionTime: now }],
      nodeInfo: { kubeletVersion: "v1.36.3", operatingSystem: "linux", architecture: "amd64" },
    };
    const patch = (path: string, value: unknown) =>
      send({
        id: "",
        method: "PATCH",
        path: `/api/v1/nodes/${name}${path}`,
        headers: { "Content-Type": "application/merge-patch+json" },
        body: JSON.stringify(value),
      });
    const answer = await patch("/status", { status });
    if (answer.status !== 200) throw new Error(`a node cannot be made ready: ${JSON.stringify(answer.body)}`);
    await patch("", { spec: { taints: null } });
  }
}
