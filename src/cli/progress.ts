/** What `perigee up` prints while it starts: one line a step with the time it took, then one line that begins `ready`. */

export interface Progress {
  /** Announces that a step is done; the time shown is since the step before it. */
  done(step: string, detail?: string): void;
  /** The one line scripts wait for. */
  ready(url: string, next: string): void;
  /** Something the person at the terminal should know while the server runs. */
  notice(message: string): void;
}

/** @param write takes whole lines without their newline. @param clock milliseconds, any origin. */
export function createProgress(write: (line: string) => void, clock: () => number): Progress {
  const started = clock();
  let last = started;
  return {
    done(step, detail) {
      const now = clock();
      write(`  ${step.padEnd(14)}${(detail ?? "").padEnd(60)} ${Math.round(now - last)} ms`);
      last = now;
    },
    ready(url, next) {
      write(`ready ${url} (${((clock() - started) / 1000).toFixed(1)} s)  next: ${next}`);
    },
    notice(message) {
      write(`  ${message}`);
    },
  };
}
