/**
 * The server that the end-to-end suite runs against: a `perigee up` of its own on free ports with a fresh data
 * folder, or, for checking the suite itself, any cluster named by PERIGEE_E2E_KUBECONFIG.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    kubeconfig: string;
    /** Kubeconfig of the same cluster at the root of its own port. */
    rootKubeconfig: string;
    /** "" when the cluster is not ours to restart. */
    dataFolder: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.PERIGEE_E2E_KUBECONFIG;
  if (given) {
    project.provide("kubeconfig", given);
    project.provide("rootKubeconfig", given);
    project.provide("dataFolder", "");
    return async () => undefined;
  }
  const data = mkdtempSync(join(tmpdir(), "perigee-e2e-"));
  const stop = await startPerigee(data);
  project.provide("kubeconfig", join(data, "kubeconfig"));
  project.provide("rootKubeconfig", join(data, "kubeconfig-root"));
  project.provide("dataFolder", data);
  return async () => {
    await stop();
    rmSync(data, { recursive: true, force: true });
  };
}

/** Starts `perigee up` on free ports; resolves when it is ready, to the function that ends it. */
export async function startPerigee(data: string, ...options: string[]): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ["bin/perigee.js", "up", "--port", "0", "--cluster-port", "0", "--data", data, ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        said.push(line);
        if (line.startsWith("ready ")) resolve();
      });
    }
    child.once("exit", () => reject(new Error(`perigee up ended:\n${said.join("\n")}`)));
  });
  return async () => {
    child.kill("SIGTERM");
    await ended;
  };
}

/** The process number of the workerd behind a data folder. */
export function workerdProcess(data: string): number {
  const lock: { workerd: { pid: number } } = JSON.parse(readFileSync(join(data, "lock"), "utf8"));
  return lock.workerd.pid;
}
