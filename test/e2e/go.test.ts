/** Go programs against the cluster: each test of test/e2e/go is one here. */
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, inject, test } from "vitest";

const TESTS = ["TestTypedClientOverProtobuf", "TestSharedInformersStayExact", "TestApplyDynamicAndDiscovery", "TestManagerReconciles"];

interface GoEvent {
  Action: string;
  Test?: string;
  Output?: string;
}

function goIsThere(): boolean {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const outcomes = new Map<string, string>();
const said = new Map<string, string>();

describe.skipIf(!goIsThere())("Go clients (skipped where Go is not installed)", () => {
  beforeAll(async () => {
    const child = spawn("go", ["test", "-json", "-count=1", "./..."], {
      cwd: "test/e2e/go",
      env: { ...process.env, KUBECONFIG: inject("kubeconfig"), CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      const event: GoEvent = line.startsWith("{") ? JSON.parse(line) : { Action: "output", Output: line };
      const name = event.Test ?? "";
      if (event.Action === "output" || event.Action === "build-output") said.set(name, (said.get(name) ?? "") + event.Output);
      else if (event.Test) outcomes.set(name, event.Action);
    });
    await new Promise((resolve) => child.once("close", resolve));
  }, 900_000);

  test.each(TESTS)("%s", (name) => {
    if (outcomes.get(name) !== "pass") expect.fail(`${outcomes.get(name) ?? "did not run"}\n${said.get(name) ?? said.get("") ?? ""}`);
  });
});
