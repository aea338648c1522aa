/** What a new cluster starts with, written through the same verbs as everything else. */
import type { KubeObject } from "../kube/object.ts";
import type { ApiServer } from "./api-server.ts";
import type { ProvisionOptions } from "./protocol.ts";

export async function bootstrap(server: ApiServer, options: ProvisionOptions): Promise<void> {
  void options;
  const user = { username: "system:apiserver", groups: ["system:masters"] };
  for (const name of ["default", "kube-system", "kube-public", "kube-node-lease"]) {
    const object: KubeObject = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    await server.handle({ verb: "create", group: "", version: "v1", resource: "namespaces", subresource: "", namespace: "", name: "", query: {}, body: JSON.stringify(object), contentType: "application/json", userAgent: "kube-apiserver/v1.36.3", credential: { tokenHash: undefined } }, user);
  }
}
