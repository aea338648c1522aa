// Runs a TypeScript program of this repository on Node: node scripts/run.mjs test/differential/main.ts [ARGUMENT...]

import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const [entry, ...rest] = process.argv.slice(2);
const outfile = join(root, "node_modules/.cache/perigee", `${basename(join(entry, ".."))}-${basename(entry, ".ts")}.mjs`);
await build({
  absWorkingDir: root,
  entryPoints: [entry],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  sourcemap: "inline",
});
process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], join(root, entry), ...rest];
await import(pathToFileURL(outfile).href);
