/**
 * npm run bench [-- --reference KUBECONFIG --objects N --listed N --watchers N]
 *
 * Measures, in one run on one machine: a floor (a bare Worker and Durable Object), a perigee started for the purpose, and
 * any reference API server. Figures of a shared machine move; the ratios within a run are what to read.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { startPerigee, workerdProcess } from "../test/e2e/server.ts";
import { startFloor } from "./floor/server.ts";
import { run, type Target } from "./load.ts";
import { type Measured, measure } from "./measures.ts";

const { values: options } = parseArgs({
  options: {
    reference: { type: "string" },
    objects: { type: "string", default: "2000" },
    listed: { type: "string", default: "5000" },
    watchers: { type: "string", default: "500" },
  },
});
const sizes = { objects: Number(options.objects), listed: Number(options.listed), watchers: Number(options.watchers) };
const folder = mkdtempSync(join(tmpdir(), "perigee-bench-"));

try {
  const floor = await startFloor(join(folder, "floor"));
  const value = "v".repeat(1_500);
  const bare = new Map<string, number>();
  const floorLoad = async (name: string, clients: number, requests: number, request: (at: number) => { method: string; path: string; body?: string }) => {
    const result = await run(floor.target, { clients, requests, request });
    bare.set(name, result.perSecond);
    console.log(row("floor", { name, ...result, note: "" }));
  };
  const { objects } = sizes;
  await floorLoad("ping, 1 client", 1, objects / 4, () => ({ method: "GET", path: "/ping" }));
  await floorLoad("ping, 64 clients", 64, objects * 2, () => ({ method: "GET", path: "/ping" }));
  await floorLoad("create, 1 client", 1, objects / 8, (at) => ({ method: "POST", path: `/a-${at}`, body: value }));
  await floorLoad("create, 64 clients", 64, objects, (at) => ({ method: "POST", path: `/b-${at}`, body: value }));
  await floorLoad("get, 1 client", 1, objects / 4, (at) => ({ method: "GET", path: `/b-${at}` }));
  await floorLoad("get, 64 clients", 64, objects * 2, (at) => ({ method: "GET", path: `/b-${at % objects}` }));
  floor.stop();

  const data = join(folder, "data");
  const stop = await startPerigee(data);
  const ours: Measured[] = [];
  console.log(`perigee    memory at start ${residentMiB(workerdProcess(data))} MiB`);
  await measure(kubeconfigTarget(join(data, "kubeconfig")), sizes, (result) => {
    ours.push(result);
    console.log(row("perigee", result));
  });
  console.log(`perigee    memory at the end ${residentMiB(workerdProcess(data))} MiB`);
  await stop();

  const theirs = new Map<string, Measured>();
  if (options.reference) {
    await measure(kubeconfigTarget(options.reference), sizes, (result) => {
      theirs.set(result.name, result);
      console.log(row("reference", result));
    });
  }

  console.log("\nratios (above 1: perigee is faster)");
  for (const { name, perSecond } of ours) {
    const ratio = (of: number | undefined) => (of === undefined ? "" : (perSecond / of).toFixed(2));
    console.log(`${name.padEnd(32)} to the floor ${ratio(bare.get(name)).padStart(6)}   to the reference ${ratio(theirs.get(name)?.perSecond).padStart(6)}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function row(label: string, { name, perSecond, median, p99, note }: Measured): string {
  return `${label.padEnd(10)} ${name.padEnd(32)} ${perSecond.toFixed(0).padStart(7)}/s  median ${median.toFixed(2).padStart(9)} ms  p99 ${p99.toFixed(2).padStart(9)} ms  ${note}`;
}

function residentMiB(pid: number): string {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kib) / 1024).toFixed(0);
}

function kubeconfigTarget(file: string): Target {
  const config: {
    clusters: { cluster: { server: string; "certificate-authority"?: string; "certificate-authority-data"?: string } }[];
    users: { user: { token?: string } }[];
  } = parse(readFileSync(file, "utf8"));
  const cluster = config.clusters[0]?.cluster;
  if (!cluster) throw new Error(`${file} names no cluster`);
  const server = new URL(cluster.server);
  const caFile = cluster["certificate-authority"];
  const caData = cluster["certificate-authority-data"];
  const ca = caData ? Buffer.from(caData, "base64").toString("utf8") : caFile ? readFileSync(resolve(dirname(file), caFile), "utf8") : undefined;
  return { origin: server.origin, base: server.pathname.replace(/\/$/, ""), token: config.users[0]?.user.token, ca };
}
