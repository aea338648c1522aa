/** One request and its answer, over plain keep-alive HTTP, against any cluster that a kubeconfig names. */
import { readFileSync } from "node:fs";
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";

export interface Request {
  /** What the request shows; unique in its scenario. */
  id: string;
  method: string;
  /** Path and query below the cluster's address. */
  path: string;
  headers?: Record<string, string>;
  /** Sent as it is. */
  body?: string;
  /** Not compared: it only prepares or cleans up. */
  silent?: boolean;
  /** Sent again for some seconds until the answer has this status. */
  until?: number;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  /** Parsed when it is JSON or a stream of JSON lines, else the text. */
  body: unknown;
}

export type Send = (request: Request) => Promise<Answer>;

/** Headers that are part of the API; the rest (dates, lengths, audit ids) is not. */
const COMPARED_HEADERS = ["content-type", "cache-control", "warning", "retry-after", "location", "vary"];

interface Kubeconfig {
  "current-context"?: string;
  clusters: { name: string; cluster: { server: string; "certificate-authority"?: string; "certificate-authority-data"?: string } }[];
  users: { name: string; user: { token?: string } }[];
  contexts: { name: string; context: { cluster: string; user: string } }[];
}

/** A sender for the current context of a kubeconfig with a bearer token. */
export function clusterClient(kubeconfigFile: string): Send {
  const config: Kubeconfig = parse(readFileSync(kubeconfigFile, "utf8"));
  const context = config.contexts.find((entry) => entry.name === config["current-context"])?.context;
  const cluster = config.clusters.find((entry) => entry.name === context?.cluster)?.cluster;
  const token = config.users.find((entry) => entry.name === context?.user)?.user.token;
  if (!cluster || !token) throw new Error(`${kubeconfigFile} has no current context with a server and a token`);
  const caFile = cluster["certificate-authority"];
  const caData = cluster["certificate-authority-data"];
  const ca = caData ? Buffer.from(caData, "base64") : caFile ? readFileSync(resolve(dirname(kubeconfigFile), caFile)) : undefined;
  const secure = cluster.server.startsWith("https:");
  const agent = secure ? new HttpsAgent({ keepAlive: true, ca, maxSockets: 16 }) : new HttpAgent({ keepAlive: true, maxSockets: 16 });
  const open = secure ? httpsRequest : httpRequest;
  const base = cluster.server.replace(/\/$/, "");

  const once = (request: Request): Promise<Answer> =>
    new Promise((done, reject) => {
      const headers = {
        Authorization: `Bearer ${token}`,
        Accept: "application/json",
        ...(request.body === undefined ? {} : { "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(request.body)) }),
        ...request.headers,
      };
      const outgoing = open(base + request.path, { method: request.method, agent, headers, timeout: 30_000 });
      outgoing.on("error", reject);
      outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within 30 s: ${request.method} ${request.path}`)));
      outgoing.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const kept = COMPARED_HEADERS.flatMap((name) => (response.headers[name] === undefined ? [] : [[name, String(response.headers[name])] as const]));
          done({ status: response.statusCode ?? 0, headers: Object.fromEntries(kept), body: parseBody(Buffer.concat(chunks).toString("utf8")) });
        });
      });
      outgoing.end(request.body);
    });

  return async (request) => {
    const until = Date.now() + 10_000;
    for (;;) {
      const answer = await once(request);
      if (request.until === undefined || answer.status === request.until || Date.now() > until) return answer;
      await new Promise((resume) => setTimeout(resume, 100));
    }
  };
}

function parseBody(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    try {
      return text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    } catch {
      return text;
    }
  }
}
