/** A real workerd, without miniflare around it, that serves one Worker with one Durable Object class and keeps its data in a temporary folder. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import workerd from "workerd";

/**
 * Bundles `entryPoint`, which exports a Worker and the class `StoreObject`, bound as STORE.
 * The caller ends what `spawnServer` returns and removes `folder`.
 */
export async function prepareServer(entryPoint) {
  const folder = await mkdtemp(join(tmpdir(), "perigee-store-"));
  const port = await freePort();
  await mkdir(join(folder, "data"));
  await build({
    entryPoints: [entryPoint],
    outfile: join(folder, "worker.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["cloudflare:workers"],
    logLevel: "error",
  });
  const config = join(folder, "config.capnp");
  await writeFile(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "disk", disk = (path = "${join(folder, "data")}", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-05-03",
  durableObjectNamespaces = [(className = "StoreObject", uniqueKey = "store", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "STORE", durableObjectNamespace = "StoreObject")],
);
`,
  );
  return {
    folder,
    base: `http://127.0.0.1:${port}`,
    // The package is CommonJS with a default export of its own.
    spawnServer: () => spawn(workerd.default ?? workerd, ["serve", config], { stdio: ["ignore", "inherit", "inherit"] }),
  };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
