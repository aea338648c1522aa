/**
 * npm run conformance [-- --list FILE --only REGEX --jobs N --kubeconfig FILE --retry N --slow --out FOLDER]
 *
 * Runs named tests of Kubernetes' own suite. Without --kubeconfig it starts a perigee of its own. A list holds one full
 * test name a line, # begins a comment. [Serial] tests run alone, after the others; [Slow] ones only when asked for.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { debianKubectl } from "../e2e/kubectl.ts";
import { startPerigee } from "../e2e/server.ts";
import { ensureNodes } from "./nodes.ts";
import { buildSuite, missingToolchain, runTests, type TestResult } from "./suite.ts";

const { values: options } = parseArgs({
  options: {
    list: { type: "string", multiple: true, default: ["test/conformance/passing.txt"] },
    only: { type: "string", default: "" },
    jobs: { type: "string", default: "4" },
    kubeconfig: { type: "string" },
    retry: { type: "string", default: "0" },
    slow: { type: "boolean", default: false },
    out: { type: "string", default: mkdtempSync(join(tmpdir(), "perigee-conformance-")) },
  },
});

const missing = missingToolchain();
if (missing) {
  console.log(`SKIPPED conformance: ${missing}\n0 passed, 0 failed, 0 skipped`);
  process.exit(0);
}
const wanted = new RegExp(options.only);
const names = [...new Set(options.list.flatMap((file) => readFileSync(file, "utf8").split("\n")).map((line) => line.trim()))].filter(
  (name) => name !== "" && !name.startsWith("#") && wanted.test(name) && (options.slow || !name.includes("[Slow]")),
);
if (names.length === 0) {
  console.error("no test of the lists matches");
  process.exit(2);
}

const binary = buildSuite((line) => console.log(line));
const data = mkdtempSync(join(tmpdir(), "perigee-conformance-data-"));
const stop = options.kubeconfig ? undefined : await startPerigee(data);
const kubectl = debianKubectl("sid");
const target = { kubeconfig: options.kubeconfig ?? join(data, "kubeconfig-root"), kubectl: "path" in kubectl ? kubectl.path : undefined };
const jobs = Math.max(1, Number(options.jobs));

try {
  await ensureNodes(target.kubeconfig);
  const results = new Map<string, TestResult>();
  await round(names, "run");
  for (let attempt = 1; attempt <= Number(options.retry); attempt++) {
    const again = names.filter((name) => failed(results.get(name)));
    if (again.length === 0) break;
    console.log(`trying ${again.length} again`);
    await round(again, `retry-${attempt}`);
  }
  report([...results.values()]);

  async function round(tests: readonly string[], label: string): Promise<void> {
    const queue = batches(tests.filter((name) => !name.includes("[Serial]")));
    let taken = 0;
    const take = async () => {
      for (let at = taken++; at < queue.length; at = taken++) record(await runTests(binary, target, queue[at] ?? [], options.out, `${label}-${at}`));
    };
    await Promise.all(Array.from({ length: jobs }, take));
    const serial = tests.filter((name) => name.includes("[Serial]"));
    if (serial.length > 0) record(await runTests(binary, target, serial, options.out, `${label}-serial`));
  }

  function record(batch: readonly TestResult[]): void {
    for (const result of batch) results.set(result.name, result);
  }
} finally {
  await stop?.();
  rmSync(data, { recursive: true, force: true });
}

/** Small enough that the jobs end together, large enough that the suite's own start does not dominate. */
function batches(tests: readonly string[]): string[][] {
  const size = Math.max(1, Math.min(8, Math.ceil(tests.length / jobs)));
  return Array.from({ length: Math.ceil(tests.length / size) }, (_, at) => tests.slice(at * size, (at + 1) * size));
}

function failed(result: TestResult | undefined): boolean {
  return result === undefined || result.state === "failed" || result.state === "did not run";
}

function report(all: readonly TestResult[]): void {
  writeFileSync(join(options.out, "results.json"), JSON.stringify(all, null, 1));
  const bad = all.filter(failed);
  for (const { name, state, message, log } of bad) console.log(`${state === "failed" ? "FAILED" : "DID NOT RUN"} ${name}\n    ${message}\n    ${log}`);
  const count = (state: TestResult["state"]) => all.filter((result) => result.state === state).length;
  console.log(`logs: ${options.out}`);
  console.log(`${count("passed")} passed, ${bad.length} failed, ${count("skipped")} skipped`);
  process.exitCode = bad.length > 0 ? 1 : 0;
}
