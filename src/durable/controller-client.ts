/** The controllers' client: the same verbs, through the same door, as any other client. */
import type { Client, ResourceRef } from "../controllers/controller.ts";
import { type Status, StatusError } from "../kube/machinery/status.ts";
import type { KubeObject } from "../kube/object.ts";
import type { ApiServer } from "./api-server.ts";
import { controllerUser } from "./identity.ts";
import type { ResourceRequest } from "./protocol.ts";

const USER_AGENT = "kube-controller-manager/v1.36.3";

async function read(body: string | ReadableStream<Uint8Array>): Promise<string> {
  return typeof body === "string" ? body : new Response(body).text();
}

/** A client for the controller named `controller`; it rejects with StatusErrors. */
export function controllerClient(server: ApiServer, controller: string): Client {
  const user = controllerUser(controller);
  const send = async (ref: ResourceRef, verb: ResourceRequest["verb"], namespace: string, name: string, more: Partial<ResourceRequest> = {}) => {
    const request: ResourceRequest = {
      verb,
      ...ref,
      subresource: "",
      namespace,
      name,
      query: {},
      body: undefined,
      contentType: "application/json",
      userAgent: USER_AGENT,
      credential: { tokenHash: undefined },
      ...more,
    };
    const response = await server.handle(request, user);
    const text = await read(response.body);
    if (response.status < 400) return text;
    const status = JSON.parse(text) as Status;
    throw new StatusError(response.status, status.reason ?? "", status.message ?? "", status.details);
  };
  const parse = <T>(text: string) => JSON.parse(text) as T;
  const absent = (error: unknown) => {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  };
  return {
    async get<T extends KubeObject>(ref: ResourceRef, namespace: string, name: string) {
      const text = await send(ref, "get", namespace, name).catch(absent);
      return text === undefined ? undefined : parse<T>(text);
    },
    async list<T extends KubeObject>(ref: ResourceRef, namespace: string, options: { labelSelector?: string; fieldSelector?: string; limit?: number } = {}) {
      const query: Record<string, string> = {};
      if (options.labelSelector) query.labelSelector = options.labelSelector;
      if (options.fieldSelector) query.fieldSelector = options.fieldSelector;
      if (options.limit) query.limit = String(options.limit);
      return parse<{ items: T[] }>(await send(ref, "list", namespace, "", { query })).items;
    },
    async create<T extends KubeObject>(ref: ResourceRef, namespace: string, object: T) {
      return parse<T>(await send(ref, "create", namespace, "", { body: JSON.stringify(object) }));
    },
    async update<T extends KubeObject>(ref: ResourceRef, namespace: string, object: T, subresource = "") {
      return parse<T>(await send(ref, "update", namespace, object.metadata.name ?? "", { subresource, body: JSON.stringify(object) }));
    },
    async delete(ref, namespace, name, options = {}) {
      const { uid, ...rest } = options;
      const body = JSON.stringify({ kind: "DeleteOptions", apiVersion: "v1", ...rest, ...(uid ? { preconditions: { uid } } : {}) });
      await send(ref, "delete", namespace, name, { body }).catch(absent);
    },
    async deleteCollection(ref, namespace) {
      await send(ref, "deletecollection", namespace, "");
    },
    resources() {
      const seen = new Set<string>();
      return server.resources
        .all()
        .filter((kind) => {
          const key = kind.storageResource;
          if (seen.has(key)) return false;
          seen.add(key);
          return true;
        })
        .map((kind) => ({
          ref: { group: kind.group, version: kind.version, resource: kind.plural },
          namespaced: kind.scope === "Namespaced",
          verbs: kind.verbs,
        }));
    },
  };
}
