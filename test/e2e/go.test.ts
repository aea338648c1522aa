/** What Go programs do: the tests of test/e2e/go, built once with the machine's own Go; skipped, and said so, where there is none. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

const SOURCES = join(import.meta.dirname, "go");
/** A first build fetches and compiles all of client-go. */
const BUILD_MINUTES = 20;

/** client-go's feature gates that change its traffic, by how a test run is called. */
const MODES: Record<string, Record<string, string>> = {
  "streaming their lists": { KUBE_FEATURE_WatchListClient: "true" },
  "listing, then watching": { KUBE_FEATURE_WatchListClient: "false" },
};

function goVersion(): string | undefined {
  try {
    return execFileSync("go", ["version"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

function testNames(): string[] {
  const sources = readdirSync(SOURCES).filter((name) => name.endsWith("_test.go"));
  return sources.flatMap((name) => [...readFileSync(join(SOURCES, name), "utf8").matchAll(/^func (Test\w+)\(/gm)].map((match) => match[1] ?? ""));
}

interface Ending {
  code: number;
  output: string;
}

function run(program: string, args: string[], minutes: number, env: Record<string, string> = {}): Promise<Ending> {
  return new Promise((resolve) => {
    const options = { cwd: SOURCES, env: { ...process.env, ...env }, timeout: minutes * 60_000, maxBuffer: 64 * 1024 * 1024 };
    execFile(program, args, options, (error, stdout, stderr) => resolve({ code: error ? 1 : 0, output: `${stdout}${stderr}` }));
  });
}

const go = goVersion();
if (go === undefined) {
  describe("Go clients", () => test.skip("SKIPPED: this machine has no Go", () => undefined));
} else {
  describe(`Go clients (${go})`, () => {
    const folder = mkdtempSync(join(tmpdir(), "perigee-go-"));
    const binary = join(folder, "clients.test");

    beforeAll(async () => {
      const built = await run("go", ["test", "-c", "-o", binary, "."], BUILD_MINUTES);
      expect(built.code, built.output).toBe(0);
    }, BUILD_MINUTES * 60_000);

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    for (const [mode, gates] of Object.entries(MODES)) {
      describe(mode, () => {
        test.each(testNames())("%s", { timeout: 180_000 }, async (name) => {
          const ended = await run(binary, [`-test.run=^${name}$`, "-test.v"], 3, { KUBECONFIG: inject("kubeconfig"), ...gates });
          expect(ended.code, ended.output).toBe(0);
        });
      });
    }
  });
}
