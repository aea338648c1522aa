/** Runs the floor in workerd, with data on disk and the certificate of a data folder. */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { build } from "esbuild";
import { servingCertificate } from "../../src/cli/certificates.ts";
import type { Target } from "../load.ts";

export interface Floor {
  target: Target;
  stop(): void;
}

export async function startFloor(folder: string): Promise<Floor> {
  mkdirSync(join(folder, "objects"), { recursive: true });
  await build({
    entryPoints: ["bench/floor/worker.ts"],
    outfile: join(folder, "worker.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["cloudflare:*"],
    logLevel: "error",
  });
  const certificate = await servingCertificate(folder, ["127.0.0.1"], new Date());
  const text = JSON.stringify;
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "floor", worker = .floor), (name = "objects", disk = (path = ${text(join(folder, "objects"))}, writable = true))],
  sockets = [(name = "floor", address = "127.0.0.1:0", service = "floor",
    https = (options = (), tlsOptions = (keypair = (privateKey = ${text(certificate.privateKey)}, certificateChain = ${text(certificate.certificateChain)}))))]
);
const floor :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-05-03",
  bindings = [(name = "FLOOR", durableObjectNamespace = "Floor")],
  durableObjectNamespaces = [(className = "Floor", uniqueKey = "floor", enableSql = true)],
  durableObjectStorage = (localDisk = "objects")
);
`,
  );
  const workerd: { default: string } = createRequire(import.meta.url)("workerd");
  const child = spawn(workerd.default, ["serve", "--control-fd=3", join(folder, "config.capnp"), "config"], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once("exit", () => reject(new Error("the floor did not start")));
    createInterface({ input: child.stdio[3] as Readable }).on("line", (line) => resolve((JSON.parse(line) as { port: number }).port));
  });
  return { target: { origin: `https://127.0.0.1:${port}`, base: "", token: undefined, ca: certificate.caCertificate }, stop: () => child.kill("SIGKILL") };
}
