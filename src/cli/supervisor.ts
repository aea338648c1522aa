/** Keeps one workerd process running: starts it again when it dies, and ends it for good when told to. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { Problem } from "./problem.ts";

export interface SupervisorOptions {
  command: string;
  arguments: readonly string[];
  /** Names of the sockets that must listen before the process counts as started. */
  sockets: readonly string[];
  logFile: string;
  onStart(pid: number): void;
  notice(message: string): void;
}

export interface Supervisor {
  /** Drains for at most `graceMilliseconds`, then kills. A second call kills at once. */
  stop(graceMilliseconds: number): Promise<void>;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5_000;
/** A run of at least this long was healthy: the next crash is restarted at once. */
const HEALTHY_MS = 10_000;

/**
 * Starts the process and resolves once it listens.
 * @throws Problem with the end of the log when the first start fails.
 */
export async function supervise(options: SupervisorOptions): Promise<Supervisor> {
  let stopping = false;
  let backoff = FIRST_BACKOFF_MS;
  let timer: NodeJS.Timeout | undefined;
  let child = start();
  await firstListening(child);
  watchOver(child);

  function start(): ChildProcess {
    const log = openSync(options.logFile, "a");
    // A process group of its own: Ctrl-C in the terminal reaches this process only, which then drains workerd in order.
    const started = spawn(options.command, options.arguments, { stdio: ["ignore", log, log, "pipe"], detached: true });
    closeSync(log);
    if (started.pid !== undefined) options.onStart(started.pid);
    return started;
  }

  function firstListening(process: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      const awaited = new Set(options.sockets);
      onListening(process, (socket) => {
        awaited.delete(socket);
        if (awaited.size === 0) resolve();
      });
      process.once("error", (error) => reject(new Problem(`workerd cannot be started: ${error.message}`)));
      process.once("exit", (code, signal) => reject(new Problem(`workerd ended at start (${signal ?? `status ${code}`}):\n${tail(options.logFile)}`)));
    });
  }

  function watchOver(process: ChildProcess): void {
    const startedAt = performance.now();
    process.once("exit", (code, signal) => {
      if (stopping) return;
      if (performance.now() - startedAt >= HEALTHY_MS) backoff = FIRST_BACKOFF_MS;
      options.notice(`workerd ended (${signal ?? `status ${code}`}); starting it again in ${backoff} ms; its log is ${options.logFile}`);
      timer = setTimeout(() => {
        child = start();
        watchOver(child);
      }, backoff);
      backoff = Math.min(backoff * 2, LONGEST_BACKOFF_MS);
    });
  }

  return {
    stop(graceMilliseconds) {
      const first = !stopping;
      stopping = true;
      clearTimeout(timer);
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
      return new Promise((resolve) => {
        child.once("exit", () => resolve());
        // SIGTERM lets requests in flight finish, but an open watch keeps workerd alive for ever: the kill must follow.
        // Nothing is lost by it: what was acknowledged is on disk.
        child.kill(first ? "SIGTERM" : "SIGKILL");
        setTimeout(() => child.kill("SIGKILL"), graceMilliseconds).unref();
      });
    },
  };
}

/** workerd reports each socket on file descriptor 3 (`--control-fd`) as a line of JSON. */
function onListening(process: ChildProcess, listening: (socket: string) => void): void {
  const control = process.stdio[3] as Readable | null | undefined;
  if (!control) return;
  createInterface({ input: control }).on("line", (line) => {
    const message: unknown = JSON.parse(line);
    if (typeof message !== "object" || message === null || !("event" in message) || message.event !== "listen") return;
    if ("socket" in message && typeof message.socket === "string") listening(message.socket);
  });
}

/** The last lines of a log, for a message to a person. */
function tail(path: string): string {
  const bytes = 2_000;
  const file = openSync(path, "r");
  try {
    const size = fstatSync(file).size;
    const buffer = Buffer.alloc(Math.min(size, bytes));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8").trim();
  } finally {
    closeSync(file);
  }
}
