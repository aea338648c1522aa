/** Talks to the tenants' REST API of a running perigee. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { z } from "zod";
import { Problem } from "./problem.ts";

export interface FrontDeskClient {
  /** Makes the cluster when absent. `token` is there only when this call made it. */
  ensureCluster(tenant: string, cluster: string): Promise<{ created: boolean; token: string | undefined }>;
  /** A further admin key of the cluster. */
  newKey(tenant: string, cluster: string): Promise<string>;
}

const clusterAnswer = z.object({ token: z.string().optional() });
const keyAnswer = z.object({ token: z.string() });

/** @param origin e.g. "https://127.0.0.1:8787". @param key the operator's key. @param caCertificate PEM to trust. */
export function frontDeskClient(origin: string, key: string, caCertificate: string | undefined): FrontDeskClient {
  const call = (method: string, path: string) => send(method, new URL(path, origin), key, caCertificate);
  return {
    async ensureCluster(tenant, cluster) {
      const path = `/tenants/${tenant}/clusters/${cluster}`;
      const answer = await call("PUT", path);
      return { created: answer.status === 201, token: clusterAnswer.parse(answer.body).token };
    },
    async newKey(tenant, cluster) {
      const answer = await call("POST", `/tenants/${tenant}/clusters/${cluster}/keys`);
      return keyAnswer.parse(answer.body).token;
    },
  };
}

function send(method: string, url: URL, key: string, ca: string | undefined): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const open = url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = open(url, {
      method,
      ca,
      agent: false,
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json", Accept: "application/json" },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const status = response.statusCode ?? 0;
        if (status >= 300) return reject(new Problem(`${method} ${url.pathname} was answered with ${status}: ${text.slice(0, 500)}`));
        try {
          resolve({ status, body: JSON.parse(text) });
        } catch {
          reject(new Problem(`${method} ${url.pathname} was answered with something other than JSON: ${text.slice(0, 500)}`));
        }
      });
    });
    request.end(method === "PUT" || method === "POST" ? "{}" : undefined);
  });
}
