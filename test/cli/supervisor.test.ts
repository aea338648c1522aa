import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Supervisor, supervise } from "../../src/cli/supervisor.ts";

let folder: string;
let supervisor: Supervisor | undefined;
const pids: number[] = [];
const notice = vi.fn();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "perigee-supervisor-"));
  supervisor = undefined;
  pids.length = 0;
  notice.mockClear();
});
afterEach(async () => {
  await supervisor?.stop(0);
  rmSync(folder, { recursive: true });
});

/** Supervises a Node program that stands in for workerd. */
async function start(program: string): Promise<Supervisor> {
  const file = join(folder, "program.mjs");
  writeFileSync(file, `import { writeSync } from "node:fs"; const listen = () => writeSync(3, '{"event":"listen","socket":"s","port":1}\\n'); ${program}`);
  supervisor = await supervise({
    command: process.execPath,
    arguments: [file],
    sockets: ["s"],
    logFile: join(folder, "log"),
    onStart: (pid) => pids.push(pid),
    notice,
  });
  return supervisor;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("the supervisor", () => {
  test("starts the process again after it was killed", async () => {
    await start("setInterval(() => {}, 1000); listen();");
    process.kill(pids[0] ?? 0, "SIGKILL");
    await expect.poll(() => pids.length, { timeout: 5_000 }).toBe(2);
    expect(notice).toHaveBeenCalledWith(expect.stringContaining("workerd ended (SIGKILL); starting it again in 100 ms"));
  });

  test("kills a process that does not end when asked to", async () => {
    const running = await start(`process.on("SIGTERM", () => console.log("asked")); setInterval(() => {}, 1000); listen();`);
    await running.stop(200);
    expect(isRunning(pids[0] ?? 0)).toBe(false);
    expect(readFileSync(join(folder, "log"), "utf8")).toContain("asked");
    expect(pids).toHaveLength(1);
  });

  test("says what the process said when it cannot start", async () => {
    await expect(start(`console.error("no such thing"); process.exit(3);`)).rejects.toThrow(/workerd ended at start \(status 3\):\nno such thing/);
  });
});
