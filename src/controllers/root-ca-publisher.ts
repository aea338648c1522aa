/** root-ca-certificate-publisher: every active namespace has the ConfigMap kube-root-ca.crt with the CA that serves this cluster. */
import type { ConfigMap, Namespace } from "../kube/schema/generated/types/core.v1.ts";
import { defineController } from "./controller.ts";
import { CONFIG_MAPS, NAMESPACES } from "./refs.ts";

const NAME = "kube-root-ca.crt";
const DESCRIPTION =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

export const rootCaPublisher = defineController({
  name: "root-ca-certificate-publisher",
  watches: [
    { resource: "namespaces", keys: (change) => (change.type === "ADDED" ? [change.key.name] : []) },
    { resource: "configmaps", keys: ({ type, key }) => (type !== "ADDED" && key.name === NAME ? [key.namespace] : []) },
  ],
  resync: async ({ client }) => (await client.list(NAMESPACES, "")).map((namespace) => namespace.metadata.name ?? ""),
  async reconcile(name, { client, cluster }) {
    const namespace = await client.get<Namespace>(NAMESPACES, "", name);
    if (!namespace || namespace.metadata.deletionTimestamp) return undefined;
    const data = { "ca.crt": cluster.caCertificate };
    const existing = await client.get<ConfigMap>(CONFIG_MAPS, name, NAME);
    const annotations = { "kubernetes.io/description": DESCRIPTION };
    if (!existing) {
      await client.create<ConfigMap>(CONFIG_MAPS, name, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: NAME, namespace: name, annotations }, data });
      return undefined;
    }
    const right = existing.data?.["ca.crt"] === cluster.caCertificate && Object.keys(existing.data).length === 1;
    if (right && existing.metadata.annotations?.["kubernetes.io/description"]) return undefined;
    existing.metadata.annotations = { ...existing.metadata.annotations, ...annotations };
    await client.update<ConfigMap>(CONFIG_MAPS, name, { ...existing, data });
    return undefined;
  },
});
