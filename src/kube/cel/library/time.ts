/** Times and durations: parsing, printing, parts, in UTC or a named zone. */
import { goDuration, parseGoDuration } from "../../machinery/duration.ts";
import { type CelFunction, define } from "../function.ts";
import { CelError, Duration, floorDivide, noSuchOverload, Timestamp, type Value } from "../values.ts";

const SECOND = 1_000_000_000n;
const LEAST_SECONDS = -62135596800n;
const GREATEST_SECONDS = 253402300799n;

/** @throws CelError */
export function parseDurationText(text: string): Duration {
  try {
    return new Duration(parseGoDuration(text));
  } catch {
    throw new CelError("type conversion error from 'string' to 'google.protobuf.Duration'");
  }
}

/** RFC 3339. @throws CelError */
export function parseTimestampText(text: string): Timestamp {
  const match = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[-+]\d{2}:\d{2})$/.exec(text);
  const milliseconds = match ? Date.parse(`${match[1]}T${match[2]}${(match[4] as string).toUpperCase()}`) : Number.NaN;
  if (!match || Number.isNaN(milliseconds)) throw new CelError("type conversion error from 'string' to 'google.protobuf.Timestamp'");
  return timestampOf(BigInt(milliseconds) * 1_000_000n + BigInt((match[3] ?? "").slice(0, 9).padEnd(9, "0")));
}

/** A date as OpenAPI's format `date` writes it: midnight UTC. */
export function parseDateText(text: string): Timestamp {
  return parseTimestampText(`${text}T00:00:00Z`);
}

function timestampOf(nanoseconds: bigint): Timestamp {
  const seconds = floorDivide(nanoseconds, SECOND);
  if (seconds < LEAST_SECONDS || seconds > GREATEST_SECONDS) throw new CelError("timestamp overflow");
  return new Timestamp(nanoseconds);
}

export function timestampText(value: Timestamp): string {
  const fraction = (((value.nanoseconds % SECOND) + SECOND) % SECOND).toString().padStart(9, "0").replace(/0+$/, "");
  return `${value.date.toISOString().slice(0, 19)}${fraction ? `.${fraction}` : ""}Z`;
}

/** As string() gives it: seconds. */
export function durationText(value: Duration): string {
  const magnitude = value.nanoseconds < 0n ? -value.nanoseconds : value.nanoseconds;
  const fraction = (magnitude % SECOND).toString().padStart(9, "0").replace(/0+$/, "");
  return `${value.nanoseconds < 0n ? "-" : ""}${magnitude / SECOND}${fraction ? `.${fraction}` : ""}s`;
}

export { goDuration };

export function addTimes(left: Value, right: Value): Value | undefined {
  if (left instanceof Timestamp && right instanceof Duration) return timestampOf(left.nanoseconds + right.nanoseconds);
  if (left instanceof Duration && right instanceof Timestamp) return timestampOf(left.nanoseconds + right.nanoseconds);
  if (left instanceof Duration && right instanceof Duration) return new Duration(left.nanoseconds + right.nanoseconds);
  return undefined;
}

export function subtractTimes(left: Value, right: Value): Value | undefined {
  if (left instanceof Timestamp && right instanceof Timestamp) return new Duration(left.nanoseconds - right.nanoseconds);
  if (left instanceof Timestamp && right instanceof Duration) return timestampOf(left.nanoseconds - right.nanoseconds);
  if (left instanceof Duration && right instanceof Duration) return new Duration(left.nanoseconds - right.nanoseconds);
  return undefined;
}

const zones = new Map<string, Intl.DateTimeFormat>();

/** The same instant's wall clock in `zone`, as a date whose UTC parts are that clock's. */
function wallClock(value: Timestamp, zone: Value | undefined): Date {
  const { date } = value;
  if (zone === undefined) return date;
  if (typeof zone !== "string") throw noSuchOverload();
  const offset = /^([-+])?(\d{2}):(\d{2})$/.exec(zone);
  if (offset) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return new Date(date.getTime() + (offset[1] === "-" ? -minutes : minutes) * 60_000);
  }
  let format = zones.get(zone);
  if (!format) {
    try {
      format = new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch {
      throw new CelError(`unknown time zone ${zone}`);
    }
    if (zones.size < 100) zones.set(zone, format);
  }
  const parts: Record<string, number> = {};
  for (const { type, value: text } of format.formatToParts(date)) parts[type] = Number(text);
  return new Date(Date.UTC(parts.year ?? 0, (parts.month ?? 1) - 1, parts.day, parts.hour, parts.minute, parts.second, date.getUTCMilliseconds()));
}

function part(name: string, of: (clock: Date) => number, ofDuration?: (nanoseconds: bigint) => bigint): CelFunction {
  const signatures = ["timestamp.() -> int", "timestamp.(string) -> int"];
  if (ofDuration) signatures.push("duration.() -> int");
  return define(name, signatures, ([value, zone]) => {
    if (value instanceof Timestamp) return BigInt(of(wallClock(value, zone)));
    if (value instanceof Duration && ofDuration && zone === undefined) return ofDuration(value.nanoseconds);
    throw noSuchOverload();
  });
}

export const timeFunctions: readonly CelFunction[] = [
  part("getFullYear", (clock) => clock.getUTCFullYear()),
  part("getMonth", (clock) => clock.getUTCMonth()),
  part("getDate", (clock) => clock.getUTCDate()),
  part("getDayOfMonth", (clock) => clock.getUTCDate() - 1),
  part("getDayOfWeek", (clock) => clock.getUTCDay()),
  part("getDayOfYear", (clock) =>
    Math.floor((Date.UTC(clock.getUTCFullYear(), clock.getUTCMonth(), clock.getUTCDate()) - Date.UTC(clock.getUTCFullYear(), 0, 1)) / 86_400_000),
  ),
  part(
    "getHours",
    (clock) => clock.getUTCHours(),
    (nanoseconds) => nanoseconds / (3600n * SECOND),
  ),
  part(
    "getMinutes",
    (clock) => clock.getUTCMinutes(),
    (nanoseconds) => nanoseconds / (60n * SECOND),
  ),
  part(
    "getSeconds",
    (clock) => clock.getUTCSeconds(),
    (nanoseconds) => nanoseconds / SECOND,
  ),
  part(
    "getMilliseconds",
    (clock) => clock.getUTCMilliseconds(),
    (nanoseconds) => (nanoseconds / 1_000_000n) % 1000n,
  ),
];
