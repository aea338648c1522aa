#!/usr/bin/env node
// The `perigee` command: runs the bundle that `npm run build` makes.
import { existsSync } from "node:fs";

const program = new URL("../dist/cli/perigee.js", import.meta.url);
if (!existsSync(program)) {
  console.error("perigee is not built yet: run `npm install` (or `npm run build`) first");
  process.exit(1);
}
await import(program.href);
