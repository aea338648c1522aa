// Bundles the two programs: the Worker with its Durable Objects (dist/worker/worker.js) and the command line (dist/cli/perigee.js).
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const started = performance.now();

const shared = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  sourcemap: true,
  sourcesContent: false,
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
};

await rm(join(root, "dist"), { recursive: true, force: true });
const [worker, cli] = await Promise.all([
  build({
    ...shared,
    entryPoints: ["src/worker.ts"],
    outfile: "dist/worker/worker.js",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["module", "main"],
    external: ["cloudflare:*", "node:*"],
    // Whitespace and syntax only: names stay readable in the stack traces of a self-hosted cluster.
    minifyWhitespace: true,
    minifySyntax: true,
  }),
  build({
    ...shared,
    entryPoints: ["src/cli/main.ts"],
    outfile: "dist/cli/perigee.js",
    platform: "node",
    target: "node20",
    external: ["workerd"],
    // CommonJS dependencies inside an ES module still ask for Node's own modules with require().
    banner: { js: 'import { createRequire as perigeeRequire } from "node:module"; const require = perigeeRequire(import.meta.url);' },
  }),
]);

const size = (result, file) => `${file} ${(result.metafile.outputs[file].bytes / 1024).toFixed(0)} KiB`;
console.log(`built ${size(worker, "dist/worker/worker.js")}, ${size(cli, "dist/cli/perigee.js")} in ${(performance.now() - started).toFixed(0)} ms`);
