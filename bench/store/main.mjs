/**
 * Prints what the store writes for each kind of operation, in rows as the platform bills them, and what group commit gains,
 * as ratios within one run: medians of several rounds, each in a fresh object of a real workerd.
 *
 *     node bench/store/main.mjs [--rounds 5]
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { prepareServer } from "../../test/crash/server.mjs";

const { values: flags } = parseArgs({ options: { rounds: { type: "string", default: "5" } } });
const { folder, base, spawnServer } = await prepareServer(join(import.meta.dirname, "worker.ts"));
const server = spawnServer();
try {
  const rows = await measure("/rows");
  console.log("| operation | rows written |\n|---|---|");
  for (const [what, count] of Object.entries(rows)) console.log(`| ${what} | ${count} |`);
  const rounds = [];
  for (let round = 0; round < Number(flags.rounds); round++) rounds.push(await measure(`/times?${round}`));
  const medians = Object.fromEntries(Object.keys(rounds[0]).map((what) => [what, median(rounds.map((round) => round[what]))]));
  const single = medians["writes a second in groups of 1"];
  console.log("\n| measurement | median | ratio to groups of 1 |\n|---|---|---|");
  for (const [what, value] of Object.entries(medians)) {
    console.log(`| ${what} | ${value < 100 ? value.toFixed(1) : Math.round(value)} | ${what.startsWith("writes") ? (value / single).toFixed(2) : ""} |`);
  }
} finally {
  server.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
}

async function measure(path) {
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await fetch(`${base}${path}`);
      if (!response.ok) throw new Error(await response.text());
      return await response.json();
    } catch (error) {
      if (attempt === 100 || error.cause?.code !== "ECONNREFUSED") throw error;
      await sleep(25);
    }
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
