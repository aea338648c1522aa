/** What a new cluster starts with, written through the same verbs as everything else. */
import { bootstrapObjects } from "../kube/bootstrap/index.ts";
import type { Kind } from "../kube/kind.ts";
import { type Status, StatusError } from "../kube/machinery/status.ts";
import type { KubeObject } from "../kube/object.ts";
import type { ApiServer } from "./api-server.ts";
import { MASTERS } from "./identity.ts";
import type { ProvisionOptions, ResourceRequest } from "./protocol.ts";

const USER = { username: "system:apiserver", groups: [MASTERS] };
const USER_AGENT = "kube-apiserver/v1.36.3";

function requestFor(kind: Kind, object: KubeObject): ResourceRequest {
  return {
    verb: "create",
    group: kind.group,
    version: kind.version,
    resource: kind.plural,
    subresource: "",
    namespace: object.metadata.namespace ?? "",
    name: "",
    query: {},
    body: JSON.stringify(object),
    contentType: "application/json",
    userAgent: USER_AGENT,
    credential: { tokenHash: undefined },
  };
}

/** Creates the start objects; a status that one carries is written after it. Already existing objects stay as they are. */
export async function bootstrap(server: ApiServer, options: ProvisionOptions, now: Date): Promise<void> {
  const kinds = new Map(server.resources.all().map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind]));
  for (const object of bootstrapObjects({ host: options.endpoint.host, port: options.endpoint.port, now })) {
    const kind = kinds.get(`${object.apiVersion} ${object.kind}`);
    if (!kind) throw new Error(`no kind for ${object.apiVersion} ${object.kind}`);
    const created = await server.handle(requestFor(kind, object), USER);
    if (created.status >= 400) {
      // An earlier attempt may have made it, and with it taken what it allocates.
      const existing = await server.handle({ ...requestFor(kind, object), verb: "get", name: object.metadata.name ?? "", body: undefined }, USER);
      if (existing.status === 200) continue;
      const status = JSON.parse(String(created.body)) as Status;
      throw new StatusError(created.status, status.reason ?? "", `${object.kind} ${object.metadata.name}: ${status.message ?? ""}`);
    }
    if (kind.subresources?.status && "status" in object) {
      const current = JSON.parse(String(created.body)) as KubeObject;
      const body = JSON.stringify({ ...current, status: object.status });
      await server.handle({ ...requestFor(kind, object), verb: "update", subresource: "status", name: object.metadata.name ?? "", body }, USER);
    }
  }
}
