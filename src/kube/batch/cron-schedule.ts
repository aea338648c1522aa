/**
 * Cron schedules as CronJob takes them: five fields (minute, hour, day of month, month, day of week), the
 * descriptors @hourly … @yearly, and `@every <duration>`. Only the grammar; when a schedule fires is the controller's.
 */

interface Bounds {
  min: number;
  max: number;
  names?: Readonly<Record<string, number>>;
}

const FIELDS: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: { jan: 1, feb: 2, mar: 3, apr: 4, may: 5, jun: 6, jul: 7, aug: 8, sep: 9, oct: 10, nov: 11, dec: 12 } },
  { min: 0, max: 6, names: { sun: 0, mon: 1, tue: 2, wed: 3, thu: 4, fri: 5, sat: 6 } },
];
const DESCRIPTORS: ReadonlySet<string> = new Set(["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]);
const EVERY = "@every ";
const DURATION = /^[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const INT64_MAX = 9223372036854775807n;

/** What is wrong with a schedule, or undefined. */
export function cronScheduleProblem(schedule: string): string | undefined {
  if (schedule.length === 0) return "empty spec string";
  if (schedule.startsWith("@")) return descriptorProblem(schedule);
  const fields = schedule.split(/\s+/).filter((field) => field !== "");
  if (fields.length !== FIELDS.length) return `expected exactly ${FIELDS.length} fields, found ${fields.length}: [${fields.join(" ")}]`;
  for (let i = 0; i < FIELDS.length; i++) {
    for (const range of (fields[i] as string).split(",")) {
      if (range === "") continue;
      const problem = rangeProblem(range, FIELDS[i] as Bounds);
      if (problem) return problem;
    }
  }
  return undefined;
}

function descriptorProblem(schedule: string): string | undefined {
  if (DESCRIPTORS.has(schedule)) return undefined;
  if (!schedule.startsWith(EVERY)) return `unrecognized descriptor: ${schedule}`;
  const problem = durationProblem(schedule.slice(EVERY.length));
  return problem ? `failed to parse duration ${schedule}: ${problem}` : undefined;
}

/** As Go's time.ParseDuration words it. */
function durationProblem(text: string): string | undefined {
  if (DURATION.test(text)) return undefined;
  const unit = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:(?:ns|us|µs|μs|ms|s|m|h)(?:\d+\.?\d*|\.\d+))*([^\d.]+)/.exec(text)?.[1];
  const bare = /^[-+]?(?:\d+\.?\d*|\.\d+)$/.test(text);
  if (bare) return `time: missing unit in duration ${JSON.stringify(text)}`;
  return unit ? `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}` : `time: invalid duration ${JSON.stringify(text)}`;
}

/** One of a field's comma-separated parts: `*`, `5`, `1-5`, each with `/step`. */
function rangeProblem(text: string, bounds: Bounds): string | undefined {
  const [range = "", step, ...moreSteps] = text.split("/");
  const [low = "", high, ...moreHyphens] = range.split("-");
  let start = bounds.min;
  let end = bounds.max;
  if (low !== "*" && low !== "?") {
    const first = numberOrName(low, bounds);
    if (typeof first === "string") return first;
    start = first;
    if (moreHyphens.length > 0) return `too many hyphens: ${text}`;
    const last = high === undefined ? first : numberOrName(high, bounds);
    if (typeof last === "string") return last;
    end = last;
  }
  if (moreSteps.length > 0) return `too many slashes: ${text}`;
  if (step !== undefined) {
    const every = wholeNumber(step);
    if (typeof every === "string") return every;
    if (high === undefined && low !== "*" && low !== "?") end = bounds.max;
    if (every === 0) return `step of range should be a positive number: ${text}`;
  }
  if (start < bounds.min) return `beginning of range (${start}) below minimum (${bounds.min}): ${text}`;
  if (end > bounds.max) return `end of range (${end}) above maximum (${bounds.max}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return undefined;
}

function numberOrName(text: string, bounds: Bounds): number | string {
  return bounds.names?.[text.toLowerCase()] ?? wholeNumber(text);
}

function wholeNumber(text: string): number | string {
  const fails = (why: string): string => `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: ${why}`;
  if (!/^[-+]?\d+$/.test(text)) return fails("invalid syntax");
  const value = BigInt(text.replace(/^\+/, ""));
  if (value > INT64_MAX || value < -INT64_MAX - 1n) return fails("value out of range");
  if (value < 0n) return `negative number (${value}) not allowed: ${text}`;
  return Number(value);
}
