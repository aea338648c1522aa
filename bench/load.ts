/** A closed-loop load: so many clients, each with a keep-alive connection of its own, each sending its next request when it has its answer. */
import { Pool } from "undici";

export interface Target {
  /** Origin, e.g. https://127.0.0.1:8787. */
  origin: string;
  /** Path before every request's own. */
  base: string;
  token: string | undefined;
  /** PEM. */
  ca: string | undefined;
}

export interface Load {
  clients: number;
  /** Requests in all. */
  requests: number;
  request(at: number): { method: string; path: string; body?: string; contentType?: string };
}

export interface LoadResult {
  perSecond: number;
  /** Milliseconds. */
  median: number;
  p99: number;
  /** Answers of 400 and above. */
  refused: number;
}

export async function run(target: Target, load: Load): Promise<LoadResult> {
  const pool = new Pool(target.origin, { connections: load.clients, pipelining: 1, connect: { ca: target.ca }, headersTimeout: 60_000, bodyTimeout: 60_000 });
  const latencies: number[] = [];
  let refused = 0;
  let next = 0;
  const client = async () => {
    for (let at = next++; at < load.requests; at = next++) {
      const { method, path, body, contentType } = load.request(at);
      const sent = performance.now();
      const answer = await pool.request({
        method: method as "GET",
        path: target.base + path,
        headers: {
          accept: "application/json",
          ...(target.token ? { authorization: `Bearer ${target.token}` } : {}),
          ...(body === undefined ? {} : { "content-type": contentType ?? "application/json" }),
        },
        body,
      });
      await answer.body.dump({ limit: Number.MAX_SAFE_INTEGER });
      if (answer.statusCode >= 400) refused++;
      latencies.push(performance.now() - sent);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: load.clients }, client));
  const seconds = (performance.now() - started) / 1000;
  await pool.close();
  latencies.sort((a, b) => a - b);
  const quantile = (part: number) => latencies[Math.floor(part * (latencies.length - 1))] ?? Number.NaN;
  return { perSecond: load.requests / seconds, median: quantile(0.5), p99: quantile(0.99), refused };
}
