/** serviceaccount: every active namespace has its "default" ServiceAccount. */
import type { KubeObject } from "../kube/object.ts";
import type { Namespace } from "../kube/schema/generated/types/core.v1.ts";
import { defineController } from "./controller.ts";
import { NAMESPACES, SERVICE_ACCOUNTS } from "./refs.ts";

const DEFAULT = "default";

export const serviceAccountController = defineController({
  name: "serviceaccount",
  watches: [
    { resource: "namespaces", keys: (change) => (change.type === "ADDED" ? [change.key.name] : []) },
    { resource: "serviceaccounts", keys: ({ type, key }) => (type === "DELETED" && key.name === DEFAULT ? [key.namespace] : []) },
  ],
  resync: async ({ client }) => (await client.list(NAMESPACES, "")).map((namespace) => namespace.metadata.name ?? ""),
  async reconcile(name, { client }) {
    const namespace = await client.get<Namespace>(NAMESPACES, "", name);
    if (!namespace || namespace.metadata.deletionTimestamp) return undefined;
    if (await client.get(SERVICE_ACCOUNTS, name, DEFAULT)) return undefined;
    const account: KubeObject = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: DEFAULT, namespace: name } };
    await client.create(SERVICE_ACCOUNTS, name, account);
    return undefined;
  },
});
