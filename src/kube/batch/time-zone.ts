/** Time zones by IANA name, as CronJob's spec.timeZone names them. */

const known = new Map<string, boolean>();

/** True for a zone that the platform's time zone database has under exactly this spelling. */
export function isTimeZone(name: string): boolean {
  let answer = known.get(name);
  if (answer === undefined) {
    answer = isSpelledAsZone(name) && isKnownToPlatform(name);
    if (known.size < 1024) known.set(name, answer);
  }
  return answer;
}

function isKnownToPlatform(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const PART = /^(?:[A-Z][A-Za-z]*(?:[_-](?:[A-Z][A-Za-z]*|es|of|au))*|[A-Z]{2,}[A-Za-z0-9]*(?:[+-]\d{1,2})?|[A-Z]{3}\d[A-Z]{3})$/;

/** Intl forgives case and takes offsets ("+01:00"); a database of files does neither. */
function isSpelledAsZone(name: string): boolean {
  return /^[A-Z]/.test(name) && name.split("/").every((part) => PART.test(part) || KNOWN_ODD_PARTS.has(part));
}

const KNOWN_ODD_PARTS: ReadonlySet<string> = new Set(["GMT+0", "GMT-0", "GMT0", "DumontDUrville", "McMurdo", "NZ-CHAT", "W-SU", "GB-Eire", "ComodRivadavia"]);
