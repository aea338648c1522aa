import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DataFolder, dataFolder, lock, openDataFolder, operatorKey, wipe } from "../../src/cli/data-folder.ts";
import { Problem } from "../../src/cli/problem.ts";

let folder: DataFolder;

beforeEach(() => {
  folder = dataFolder(mkdtempSync(join(tmpdir(), "perigee-data-")));
});
afterEach(() => rmSync(folder.path, { recursive: true, force: true }));

describe("the data folder", () => {
  test("is refused when it holds what is not ours", () => {
    writeFileSync(join(folder.path, "thesis.doc"), "");
    expect(() => openDataFolder(folder)).toThrow(/not a perigee data folder \(it holds thesis\.doc\)/);
    expect(readdirSync(folder.path)).toEqual(["thesis.doc"]);
  });

  test("keeps one operator key, for its owner's eyes only", () => {
    openDataFolder(folder);
    const key = operatorKey(folder);
    expect(key.length).toBeGreaterThanOrEqual(43);
    expect(operatorKey(folder)).toBe(key);
    expect(statSync(folder.operatorKeyFile).mode & 0o777).toBe(0o600);
  });

  test("is wiped of what is ours and of nothing else", () => {
    openDataFolder(folder);
    operatorKey(folder);
    writeFileSync(join(folder.path, ".gitignore"), "*");
    const held = lock(folder);
    wipe(folder);
    expect(readdirSync(folder.path).sort()).toEqual([".gitignore", "lock"]);
    held.release();
  });
});

describe("the lock", () => {
  test("keeps a second perigee out, naming the first", () => {
    const held = lock(folder);
    expect(() => lock(folder)).toThrow(Problem);
    expect(() => lock(folder)).toThrow(`in use by another perigee (process ${process.pid})`);
    held.release();
    lock(folder).release();
  });

  test("of a process that is gone is taken over", () => {
    const gone = spawnSync(process.execPath, ["-e", ""]).pid;
    writeFileSync(folder.lockFile, JSON.stringify({ pid: gone, startedAt: "1" }));
    lock(folder).release();
  });

  test("of a process whose number went to another is taken over", () => {
    writeFileSync(folder.lockFile, JSON.stringify({ pid: process.pid, startedAt: "long ago", workerd: { pid: process.pid, startedAt: "long ago" } }));
    lock(folder).release();
  });

  test("that cannot be read is taken over", () => {
    writeFileSync(folder.lockFile, "{");
    const held = lock(folder);
    expect(JSON.parse(readFileSync(folder.lockFile, "utf8"))).toMatchObject({ pid: process.pid });
    held.release();
  });
});
