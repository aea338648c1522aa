/** The folder that holds everything `perigee up` keeps: objects, certificates, keys and kubeconfigs; one running perigee at a time. */
import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { Problem } from "./problem.ts";

export interface DataFolder {
  readonly path: string;
  /** Durable Objects' SQLite files. */
  readonly objects: string;
  readonly pki: string;
  /** The bundle and configuration that the running workerd was started with. */
  readonly runtime: string;
  readonly log: string;
  readonly kubeconfig: string;
  /** The same cluster at the root of a port of its own (--cluster-port). */
  readonly rootKubeconfig: string;
  readonly operatorKeyFile: string;
  readonly lockFile: string;
}

/** Names at the top of a data folder; `--fresh` removes these and nothing else. */
const OWN_ENTRIES = ["objects", "pki", "runtime", "perigee.log", "kubeconfig", "kubeconfig-root", "operator-key", "lock"];

export function dataFolder(path: string): DataFolder {
  const at = (name: string) => join(resolve(path), name);
  return {
    path: resolve(path),
    objects: at("objects"),
    pki: at("pki"),
    runtime: at("runtime"),
    log: at("perigee.log"),
    kubeconfig: at("kubeconfig"),
    rootKubeconfig: at("kubeconfig-root"),
    operatorKeyFile: at("operator-key"),
    lockFile: at("lock"),
  };
}

/**
 * Makes the folder and what is inside.
 * @throws Problem when the path holds something that perigee did not put there.
 */
export function openDataFolder(folder: DataFolder): void {
  const strangers = existsSync(folder.path) ? readdirSync(folder.path).filter((name) => !OWN_ENTRIES.includes(name) && !name.startsWith(".")) : [];
  if (strangers.length > 0) {
    throw new Problem(`${folder.path} is not a perigee data folder (it holds ${strangers.slice(0, 3).join(", ")}); choose another with --data`);
  }
  for (const path of [folder.path, folder.objects, folder.pki, folder.runtime]) mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Removes every cluster, key and certificate of the folder; the lock stays with its holder. */
export function wipe(folder: DataFolder): void {
  for (const name of OWN_ENTRIES) {
    if (join(folder.path, name) !== folder.lockFile) rmSync(join(folder.path, name), { recursive: true, force: true });
  }
}

/** Writes a file that only its owner may read, whole or not at all. */
export function writePrivateFile(path: string, content: string): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, content, { mode: 0o600 });
  renameSync(temporary, path);
}

/** The key that the operator of this server signs in with; made once per folder. */
export function operatorKey(folder: DataFolder): string {
  if (!existsSync(folder.operatorKeyFile)) writePrivateFile(folder.operatorKeyFile, `${randomBytes(32).toString("base64url")}\n`);
  return readFileSync(folder.operatorKeyFile, "utf8").trim();
}

const processIdentity = z.object({ pid: z.number().int().positive(), startedAt: z.string() });
const lockContent = processIdentity.extend({ workerd: processIdentity.optional() });

/** A process, told apart from a later one that was given the same number. */
export type ProcessIdentity = z.infer<typeof processIdentity>;

export interface Lock {
  /** Records the workerd process, so that the next start can end it should this process be killed outright. */
  recordWorkerd(pid: number): void;
  release(): void;
}

/**
 * Takes the folder for this process. A lock whose holder is dead is taken over, and the workerd it left behind is ended.
 * @throws Problem when another perigee runs on the folder.
 */
export function lock(folder: DataFolder): Lock {
  const held = readLock(folder);
  if (held && isRunning(held)) {
    throw new Problem(`${folder.path} is in use by another perigee (process ${held.pid}); stop it, or choose another folder with --data`);
  }
  if (held?.workerd) endNow(held.workerd);
  rmSync(folder.lockFile, { force: true });
  const own = identify(process.pid);
  createExclusively(folder, JSON.stringify(own));
  return {
    recordWorkerd(pid) {
      writePrivateFile(folder.lockFile, JSON.stringify({ ...own, workerd: identify(pid) }));
    },
    release() {
      rmSync(folder.lockFile, { force: true });
    },
  };
}

/** Kills and waits until the kernel has taken the process's port and files back. */
function endNow(identity: ProcessIdentity): void {
  if (isRunning(identity)) process.kill(identity.pid, "SIGKILL");
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < 2_000 && isRunning(identity); waited += 10) Atomics.wait(clock, 0, 0, 10);
}

/** Appears whole or not at all, so that a lock that cannot be read is always a dead one. */
function createExclusively(folder: DataFolder, content: string): void {
  const temporary = `${folder.lockFile}.${process.pid}`;
  writeFileSync(temporary, content, { mode: 0o600 });
  try {
    linkSync(temporary, folder.lockFile);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new Problem(`${folder.path} is in use by another perigee that starts at this moment`);
  } finally {
    rmSync(temporary);
  }
}

function readLock(folder: DataFolder): z.infer<typeof lockContent> | undefined {
  if (!existsSync(folder.lockFile)) return undefined;
  try {
    return lockContent.parse(JSON.parse(readFileSync(folder.lockFile, "utf8")));
  } catch {
    return undefined;
  }
}

/** The kernel's start time tells a process from another with its number; where /proc is absent the number alone must do. */
function identify(pid: number): ProcessIdentity {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return { pid, startedAt: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "" };
  } catch {
    return { pid, startedAt: "" };
  }
}

function isRunning(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  return identify(identity.pid).startedAt === identity.startedAt;
}
