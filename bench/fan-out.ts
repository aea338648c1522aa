/** How long a write takes to reach every watcher of its namespace. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Target } from "./load.ts";

export interface FanOut {
  /** Milliseconds from sending a write to its arrival at a watcher: over all writes and watchers. */
  median: number;
  p99: number;
  arrived: number;
  expected: number;
}

/** @param write sends the at-th write, whose object is named `fan-<at>`. */
export async function fanOut(target: Target, path: string, watchers: number, writes: number, write: (at: number) => Promise<unknown>): Promise<FanOut> {
  const sent: number[] = [];
  const latencies: number[] = [];
  const open = target.origin.startsWith("https:") ? httpsRequest : httpRequest;
  const streams = await Promise.all(
    Array.from(
      { length: watchers },
      () =>
        new Promise<() => void>((resolve, reject) => {
          const outgoing = open(`${target.origin}${target.base}${path}`, { agent: false, ca: target.ca, headers: { authorization: `Bearer ${target.token}` } });
          outgoing.on("error", reject);
          outgoing.on("response", (response) => {
            let rest = "";
            response.setEncoding("utf8");
            response.on("data", (text: string) => {
              const now = performance.now();
              const lines = (rest + text).split("\n");
              rest = lines.pop() ?? "";
              for (const line of lines) {
                const at = /"name":"fan-(\d+)"/.exec(line)?.[1];
                if (at !== undefined) latencies.push(now - (sent[Number(at)] ?? now));
              }
            });
            response.on("error", () => undefined);
            resolve(() => outgoing.destroy());
          });
          outgoing.end();
        }),
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (let at = 0; at < writes; at++) {
    sent[at] = performance.now();
    await write(at);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const expected = watchers * writes;
  for (let waited = 0; latencies.length < expected && waited < 10_000; waited += 100) await new Promise((resolve) => setTimeout(resolve, 100));
  for (const close of streams) close();
  latencies.sort((a, b) => a - b);
  const quantile = (part: number) => latencies[Math.floor(part * (latencies.length - 1))] ?? Number.NaN;
  return { median: quantile(0.5), p99: quantile(0.99), arrived: latencies.length, expected };
}
