/** `perigee up`: the whole control plane on one machine, in the runtime that serves it when deployed, with its data on disk. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { servingCertificate } from "./certificates.ts";
import { type DataFolder, dataFolder, lock, openDataFolder, operatorKey, wipe, writePrivateFile } from "./data-folder.ts";
import { frontDeskClient } from "./front-desk-client.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { Problem } from "./problem.ts";
import type { Progress } from "./progress.ts";
import { type Supervisor, supervise } from "./supervisor.ts";
import { ROOT_SOCKET, SOCKET, workerdConfig } from "./workerd-config.ts";

export interface UpOptions {
  host: string;
  /** 0 = any free port. */
  port: number;
  data: string;
  fresh: boolean;
  /** A second port that serves the demo cluster at its root; 0 = any free port. */
  clusterPort: number | undefined;
  plainHttp: boolean;
}

export interface Running {
  url: string;
  kubeconfig: string;
  /** Ends workerd within a second and a half; a second call ends it at once. */
  stop(): Promise<void>;
}

const TENANT = "demo";
const CLUSTER = "main";
/** The newest date and the flags that the pinned workerd knows; the same as in wrangler.toml. */
export const COMPATIBILITY_DATE = "2026-05-03";
export const COMPATIBILITY_FLAGS = ["enable_request_signal"];
const DRAIN_MS = 1_500;
/** Names under which a client on this machine, or a pod in a cluster, reaches the API server. */
const SERVING_NAMES = [
  "localhost",
  "127.0.0.1",
  "::1",
  "10.96.0.1",
  "kubernetes",
  "kubernetes.default",
  "kubernetes.default.svc",
  "kubernetes.default.svc.cluster.local",
];

/**
 * Starts everything, makes the demo tenant's cluster when absent and writes its kubeconfig.
 * @throws Problem for what the user can solve: a port taken, a folder in use, a missing build.
 */
export async function up(options: UpOptions, progress: Progress): Promise<Running> {
  const folder = dataFolder(options.data);
  const bundle = builtFile("../worker/worker.js");
  mkdirSync(folder.path, { recursive: true, mode: 0o700 });
  const held = lock(folder);
  let supervisor: Supervisor | undefined;
  try {
    if (options.fresh) wipe(folder);
    openDataFolder(folder);
    await mustBeFree(options.host, options.port, "--port");
    if (options.clusterPort !== undefined) await mustBeFree(options.host, options.clusterPort, "--cluster-port");
    progress.done("data", folder.path);

    const certificate = options.plainHttp ? undefined : await servingCertificate(folder.pki, [...new Set([...SERVING_NAMES, options.host])], new Date());
    if (certificate) progress.done("certificates", certificate.madeAuthority ? "a certificate authority made for this folder" : "as before");

    const key = operatorKey(folder);
    const scheme = options.plainHttp ? "http" : "https";
    const origin = (port: number) => `${scheme}://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`;
    const ports = {
      main: options.port || (await freePort(options.host)),
      root: options.clusterPort === 0 ? await freePort(options.host) : options.clusterPort,
    };
    copyFileSync(bundle, join(folder.runtime, "worker.js"));
    writePrivateFile(
      join(folder.runtime, "config.capnp"),
      workerdConfig({
        address: `${options.host}:${ports.main}`,
        rootCluster: ports.root === undefined ? undefined : { address: `${options.host}:${ports.root}`, cluster: `${TENANT}/${CLUSTER}` },
        tls: certificate,
        objectsFolder: folder.objects,
        assetsFolder: assetsFolder(),
        moduleFile: "worker.js",
        compatibilityDate: COMPATIBILITY_DATE,
        compatibilityFlags: COMPATIBILITY_FLAGS,
        environment: { PERIGEE_OPERATOR_KEY: key, PERIGEE_CA_CERT: certificate?.caCertificate ?? "", PUBLIC_ENDPOINT: new URL(origin(ports.main)).host },
      }),
    );
    writeFileSync(folder.log, "");
    supervisor = await supervise({
      command: workerdBinary(),
      arguments: ["serve", "--control-fd=3", join(folder.runtime, "config.capnp"), "config"],
      sockets: ports.root === undefined ? [SOCKET] : [SOCKET, ROOT_SOCKET],
      logFile: folder.log,
      onStart: (pid) => held.recordWorkerd(pid),
      notice: progress.notice,
    });
    progress.done("server", origin(ports.main));

    const url = `${origin(ports.main)}/clusters/${TENANT}/${CLUSTER}`;
    const created = await ensureDemoCluster(folder, origin(ports.main), key, url, certificate?.caCertificate);
    if (ports.root !== undefined) writeRootKubeconfig(folder, origin(ports.root), certificate?.caCertificate);
    progress.done("cluster", `${TENANT}/${CLUSTER} ${created ? "made" : "found"}`);
    if (ports.root !== undefined) progress.notice(`also at ${origin(ports.root)} (kubeconfig ${folder.rootKubeconfig})`);
    progress.ready(url, `export KUBECONFIG=${folder.kubeconfig}; kubectl get namespaces`);

    const running = supervisor;
    return {
      url,
      kubeconfig: folder.kubeconfig,
      async stop() {
        await running.stop(DRAIN_MS);
        held.release();
      },
    };
  } catch (error) {
    await supervisor?.stop(0);
    held.release();
    throw error;
  }
}

/** Returns whether the cluster is new. A kubeconfig that was lost, or that belongs to another address, is written again. */
async function ensureDemoCluster(folder: DataFolder, origin: string, key: string, server: string, caCertificate: string | undefined): Promise<boolean> {
  const desk = frontDeskClient(origin, key, caCertificate);
  const { created, token } = await desk.ensureCluster(TENANT, CLUSTER);
  const known = token ?? knownToken(folder) ?? (await desk.newKey(TENANT, CLUSTER));
  writePrivateFile(folder.kubeconfig, kubeconfig({ name: `${TENANT}/${CLUSTER}`, server, token: known, caCertificate }));
  return created;
}

function writeRootKubeconfig(folder: DataFolder, server: string, caCertificate: string | undefined): void {
  const token = knownToken(folder);
  if (token) writePrivateFile(folder.rootKubeconfig, kubeconfig({ name: `${TENANT}/${CLUSTER}`, server, token, caCertificate }));
}

function knownToken(folder: DataFolder): string | undefined {
  if (!existsSync(folder.kubeconfig)) return undefined;
  const config: { users?: { user?: { token?: string } }[] } | null = parse(readFileSync(folder.kubeconfig, "utf8"));
  return config?.users?.[0]?.user?.token;
}

function builtFile(path: string): string {
  const file = fileURLToPath(new URL(path, import.meta.url));
  if (!existsSync(file)) throw new Problem(`${file} is missing: run \`npm run build\` first`);
  return file;
}

function assetsFolder(): string {
  const folder = fileURLToPath(new URL("../../assets/generated", import.meta.url));
  if (!existsSync(folder)) throw new Problem(`${folder} is missing: run \`npm run generate\` first`);
  return folder;
}

/** The native binary itself: the package's own launcher would be one more process. */
function workerdBinary(): string {
  const workerd: { default: string } = createRequire(import.meta.url)("workerd");
  return workerd.default;
}

/** @throws Problem when something listens there already. */
async function mustBeFree(host: string, port: number, option: string): Promise<void> {
  try {
    await listenOnce(host, port);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE") throw new Problem(`port ${port} is already in use; choose another with ${option}`);
    if (code === "EACCES") throw new Problem(`port ${port} may not be opened by this user; choose one above 1023 with ${option}`);
    if (code === "EADDRNOTAVAIL") throw new Problem(`${host} is not an address of this machine; choose another with --host`);
    throw error;
  }
}

function freePort(host: string): Promise<number> {
  return listenOnce(host, 0);
}

function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : port));
    });
  });
}
