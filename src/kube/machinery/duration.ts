/** Spans of time as kubectl's AGE column and as Go print them. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY_HOURS = 24;
const YEAR_HOURS = 365 * DAY_HOURS;

/** Two or three significant figures: 5s, 3m10s, 2h, 3d4h, 2y10d. Two seconds of clock skew are forgiven, more is `<invalid>`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / SECOND);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(milliseconds / MINUTE);
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(milliseconds / HOUR);
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 2 * DAY_HOURS) return `${hours}h`;
  const days = Math.trunc(hours / DAY_HOURS);
  if (hours < 8 * DAY_HOURS) return pair(days, "d", hours % DAY_HOURS, "h");
  if (hours < 2 * YEAR_HOURS) return `${days}d`;
  const years = Math.trunc(hours / YEAR_HOURS);
  return hours < 8 * YEAR_HOURS ? pair(years, "y", days % 365, "d") : `${years}y`;
}

/** One unit only: 90s is 1m, 47h is 1d. */
export function shortHumanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / SECOND);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 60) return `${seconds}s`;
  if (milliseconds < HOUR) return `${Math.trunc(milliseconds / MINUTE)}m`;
  const hours = Math.trunc(milliseconds / HOUR);
  if (hours < DAY_HOURS) return `${hours}h`;
  if (hours < YEAR_HOURS) return `${Math.trunc(hours / DAY_HOURS)}d`;
  return `${Math.trunc(hours / YEAR_HOURS)}y`;
}

/** How long ago an RFC 3339 timestamp was; `<unknown>` when there is none. */
export function ageOf(timestamp: string | undefined | null, now: Date): string {
  if (!timestamp) return "<unknown>";
  return humanDuration(now.getTime() - Date.parse(timestamp));
}

/** Go's time.Duration text, from nanoseconds: `1h30m0s`, `1.5s`, `300ms`, `0s`. */
export function goDuration(nanoseconds: bigint | number): string {
  const total = BigInt(nanoseconds);
  if (total === 0n) return "0s";
  const sign = total < 0n ? "-" : "";
  const magnitude = total < 0n ? -total : total;
  if (magnitude < 1_000_000_000n) {
    if (magnitude < 1_000n) return `${sign}${magnitude}ns`;
    if (magnitude < 1_000_000n) return `${sign}${decimal(magnitude, 1_000n)}µs`;
    return `${sign}${decimal(magnitude, 1_000_000n)}ms`;
  }
  const minutes = magnitude / 60_000_000_000n;
  const seconds = `${decimal(magnitude % 60_000_000_000n, 1_000_000_000n)}s`;
  if (minutes === 0n) return sign + seconds;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/**
 * Nanoseconds from Go's duration text.
 * @throws Error worded as Go's time.ParseDuration.
 */
export function parseGoDuration(text: string): bigint {
  const quoted = JSON.stringify(text);
  let rest = text.replace(/^[-+]/, "");
  if (rest === "0") return 0n;
  if (rest === "") throw new Error(`time: invalid duration ${quoted}`);
  let total = 0n;
  while (rest !== "") {
    const number = /^([0-9]*)(?:\.([0-9]*))?/.exec(rest) as RegExpExecArray;
    const [whole, fraction] = [number[1] ?? "", number[2] ?? ""];
    if (whole === "" && fraction === "") throw new Error(`time: invalid duration ${quoted}`);
    rest = rest.slice(number[0].length);
    const unit = /^[^0-9.]*/.exec(rest)?.[0] as string;
    if (unit === "") throw new Error(`time: missing unit in duration ${quoted}`);
    const size = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
    if (size === undefined) throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    rest = rest.slice(unit.length);
    total += BigInt(whole || "0") * size + (BigInt(fraction || "0") * size) / 10n ** BigInt(fraction.length);
  }
  if (total > 9223372036854775807n) throw new Error(`time: invalid duration ${quoted}`);
  return text.startsWith("-") ? -total : total;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

function decimal(amount: bigint, unit: bigint): string {
  const fraction = (amount % unit).toString().padStart(unit.toString().length - 1, "0");
  const trimmed = fraction.replace(/0+$/, "");
  return trimmed ? `${amount / unit}.${trimmed}` : `${amount / unit}`;
}
