/** Clients that misbehave on the wire: what they leave behind in a real server is nothing, neither sockets, nor watches, nor words in its log. */
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";
import { describe, expect, inject, test } from "vitest";
import { workerdProcess } from "./server.ts";

const config = new KubeConfig();
config.loadFromFile(inject("kubeconfig"));
const server = new URL(config.getCurrentCluster()?.server ?? "");
const token = config.getCurrentUser()?.token ?? "";
const data = inject("dataFolder");
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

interface Call {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** The path is the server's, not the cluster's. */
  absolute?: boolean;
}

interface Answer {
  status: number;
  text: string;
}

function open(path: string, { method = "GET", headers = {}, absolute = false }: Call) {
  return request({
    host: server.hostname,
    port: server.port,
    path: absolute ? path : server.pathname.replace(/\/$/, "") + path,
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    rejectUnauthorized: false,
    agent: false,
  });
}

function call(path: string, options: Call = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = open(path, options);
    sent.on("error", reject);
    sent.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    sent.end(options.body);
  });
}

function create(body: unknown): Promise<Answer> {
  return call(CONFIG_MAPS, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

const configMap = (name: string, value: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { value } });

async function openWatches(): Promise<number> {
  const { text } = await call("/metrics");
  return Number(/^apiserver_longrunning_requests\{verb="WATCH"\} (\d+)/m.exec(text)?.[1]);
}

/** Tries until it holds, ten seconds at most. */
async function eventually(holds: () => Promise<boolean>): Promise<boolean> {
  for (const until = Date.now() + 10_000; Date.now() < until; await sleep(100)) if (await holds()) return true;
  return holds();
}

/** A watch whose client reads it, or does not. */
async function watch(reads = true): Promise<{ leave(): void; bytes(): number; ended(): boolean; read(): void }> {
  const sent = open(`${CONFIG_MAPS}?watch=1`, {});
  sent.on("error", () => undefined);
  sent.end();
  return new Promise((resolve) => {
    sent.on("response", (response) => {
      let bytes = 0;
      let ended = false;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on("error", () => undefined);
      response.on("close", () => {
        ended = true;
      });
      if (!reads) response.pause();
      resolve({ leave: () => sent.destroy(), bytes: () => bytes, ended: () => ended, read: () => response.resume() });
    });
  });
}

describe.skipIf(data === "")("a client that", () => {
  test("opens watches by the hundred and leaves, leaves nothing", async () => {
    const before = await openWatches();
    for (let round = 0; round < 5; round++) {
      const watches = await Promise.all(Array.from({ length: 100 }, () => watch()));
      expect(await openWatches()).toBeGreaterThanOrEqual(before + 100);
      for (const each of watches) each.leave();
    }
    // One that left without a word shows at the next event, at the latest.
    await create(configMap("goodbye", "1"));
    expect(await eventually(async () => (await openWatches()) <= before)).toBe(true);
  });

  test("does not read its watch is cut off, and the others are not kept waiting", async () => {
    const [slow, quick] = [await watch(false), await watch()];
    await create(configMap("big", "x"));
    const value = "x".repeat(500_000);
    let written = 0;
    for (let at = 0; at < 120 && !slow.ended(); at++) {
      const body = JSON.stringify(configMap("big", value + at));
      expect((await call(`${CONFIG_MAPS}/big`, { method: "PUT", headers: { "content-type": "application/json" }, body })).status).toBe(200);
      written += body.length;
    }
    expect(await eventually(async () => quick.bytes() >= written)).toBe(true);
    slow.read();
    expect(await eventually(async () => slow.ended())).toBe(true);
    expect(slow.bytes()).toBeLessThan(written);
    quick.leave();
  });

  test("goes away in the middle of a body changes nothing", async () => {
    for (let at = 0; at < 50; at++) {
      await new Promise<void>((resolve) => {
        const sent = open(CONFIG_MAPS, { method: "POST", headers: { "content-type": "application/json", "content-length": "100000" } });
        sent.on("error", () => resolve());
        sent.on("close", () => resolve());
        sent.write('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"half"},', () => sent.destroy());
      });
    }
    expect((await call(`${CONFIG_MAPS}/half`)).status).toBe(404);
  });

  test("sends more than it said, or more than allowed, is refused", async () => {
    const big = JSON.stringify(configMap("huge", "x".repeat(4 * 1024 * 1024)));
    const headers = { "content-type": "application/json" };
    for (const more of [{ "content-length": String(big.length) }, { "transfer-encoding": "chunked" }] as Record<string, string>[]) {
      const answer = await call(CONFIG_MAPS, { method: "POST", headers: { ...headers, ...more }, body: big }).catch((error: Error) => error);
      if (!(answer instanceof Error)) expect(answer.status).toBe(413);
    }
    expect((await call(`${CONFIG_MAPS}/huge`)).status).toBe(404);
  });

  test("asks for a WebSocket where none is, gets none", async () => {
    const headers = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" };
    for (const path of [CONFIG_MAPS, `${CONFIG_MAPS}/nope`, "/version", "/api", "/nope", "/openapi/v3"]) {
      expect((await call(path, { headers })).status, path).not.toBe(101);
    }
  });

  test("names clusters that are not, is not known there", async () => {
    for (const path of ["/clusters/no/such/api/v1/pods", "/clusters/demo/such/version", "/clusters/no/such/api/v1/pods?watch=1"]) {
      expect((await call(path, { absolute: true })).status, path).toBe(401);
    }
    expect((await call("/tenants/demo/clusters", { absolute: true })).status).toBe(401);
  });

  test("has a secret, finds it in no log", async () => {
    const secret = "c2VjcmV0LXdvcmRzLW9mLW1pbmU=";
    const headers = { "content-type": "application/json" };
    await call("/api/v1/namespaces/default/secrets", { method: "POST", headers, body: `{"data":{"a":"${secret}"},"metadata":{"name":"mine"` });
    await call("/api/v1/namespaces/default/secrets", { method: "POST", headers, body: JSON.stringify({ metadata: { name: "mine" }, data: { a: secret } }) });
    await call(`/api/v1/namespaces/default/secrets/mine?token=${token}`, { headers: { "impersonate-extra-__proto__": secret } });
    const log = readFileSync(join(data, "perigee.log"), "utf8");
    for (const word of [secret, token, "operator"]) expect(log).not.toContain(word);
    expect(log).not.toMatch(/TypeError|RangeError|InternalError|request failed/);
    expect(process.kill(workerdProcess(data), 0)).toBe(true);
  });
});
