// Holds the house's floors: a file may import from its own room and from rooms below, never from above or beside.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../src", import.meta.url));

/** Room → the rooms it may import from, besides itself. */
const ROOMS = {
  "worker.ts": ["api", "durable"],
  api: ["durable", "federation", "scheduler", "controllers", "kube"],
  durable: ["federation", "scheduler", "controllers", "kube"],
  federation: ["kube"],
  scheduler: ["kube"],
  controllers: ["kube"],
  kube: [],
  node: ["kube"],
  cli: ["kube"],
};
/** Rooms that run inside workerd; kube runs anywhere and may name no platform at all. */
const WORKER_ROOMS = ["worker.ts", "api", "durable", "federation", "scheduler", "controllers", "kube"];
const IMPORT = /(?:^|\n)\s*(?:import|export)\s[^"';]*?from\s*"([^"]+)"|(?:^|\n)\s*import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/g;

const problems = [];
for (const file of files(source)) {
  const room = roomOf(file);
  if (!(room in ROOMS)) {
    problems.push(`${name(file)}: no room of the house is called ${room}`);
    continue;
  }
  for (const match of readFileSync(file, "utf8").matchAll(IMPORT)) {
    const target = match[1] ?? match[2] ?? match[3];
    if (target.startsWith(".")) {
      const other = roomOf(join(dirname(file), target));
      // Tables of facts lie outside the house, for anybody to read.
      if (other === ".." && target.includes("/data/") && target.endsWith(".json")) continue;
      if (other !== room && !ROOMS[room].includes(other)) problems.push(`${name(file)} imports ${target}: ${room} may not import from ${other}`);
    } else if (WORKER_ROOMS.includes(room) && target.startsWith("node:")) {
      problems.push(`${name(file)} imports ${target}: ${room} runs inside workerd`);
    } else if (room === "kube" && target.startsWith("cloudflare:")) {
      problems.push(`${name(file)} imports ${target}: kube is pure`);
    }
  }
}
for (const problem of problems) console.error(problem);
console.log(`floors: ${problems.length} imports go up or sideways`);
process.exitCode = problems.length > 0 ? 1 : 0;

function roomOf(file) {
  return relative(source, file).split(sep)[0];
}

function name(file) {
  return relative(dirname(source), file);
}

function files(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.parentPath.includes("generated"))
    .map((entry) => join(entry.parentPath, entry.name));
}
