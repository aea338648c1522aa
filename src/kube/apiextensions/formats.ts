/** The string formats that a custom resource's schema may check (apiextensions v1, "format"). */
import ipaddr from "ipaddr.js";

function isIPv4(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) && !/(^|\.)0\d/.test(text);
}

function isIPv6(text: string): boolean {
  return text.includes(":") && !text.includes("%") && ipaddr.IPv6.isValid(text);
}

function isCidr(text: string): boolean {
  const slash = text.indexOf("/");
  if (slash < 0) return false;
  const [address, prefix] = [text.slice(0, slash), text.slice(slash + 1)];
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix)) return false;
  return (isIPv4(address) && Number(prefix) <= 32) || (isIPv6(address) && Number(prefix) <= 128);
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function isDateTime(text: string): boolean {
  const match = /^(\d{4}-\d{2}-\d{2})[tT](\d{2}):(\d{2}):(\d{2})(\.\d+)?(?:[zZ]|[+-](\d{2}):(\d{2}))$/.exec(text);
  if (!match?.[1]) return false;
  return (
    isDate(match[1]) && Number(match[2]) <= 23 && Number(match[3]) <= 59 && Number(match[4]) <= 59 && Number(match[6] ?? 0) <= 23 && Number(match[7] ?? 0) <= 59
  );
}

/** Go's durations ("1h30m") and the long words that go-openapi accepts ("3 days"). */
function isDuration(text: string): boolean {
  if (/^[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/.test(text)) return true;
  return /^\s*(\d+\s*(nano|nanosecond|ns|micro|microsecond|us|µs|milli|millisecond|ms|s|sec|second|m|min|minute|h|hr|hour|d|day|w|wk|week)s?\s*)+$/i.test(text);
}

function luhn(text: string): boolean {
  const digits = text.replace(/[ -]/g, "");
  if (!/^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    let digit = Number(digits[digits.length - 1 - index]);
    if (index % 2 === 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[ -]/g, "");
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < 10; index++) sum += (10 - index) * (digits[index] === "X" ? 10 : Number(digits[index]));
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[ -]/g, "");
  if (!/^\d{13}$/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < 13; index++) sum += Number(digits[index]) * (index % 2 === 0 ? 1 : 3);
  return sum % 10 === 0;
}

function isUri(text: string): boolean {
  return URL.canParse(text) && !/[\s\p{Cc}]/u.test(text) && /^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text) ? true : /^\/[^\s]*$/.test(text);
}

const HOSTNAME = /^(?=.{1,253}$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?)*$/;
const EMAIL = /^(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+|"[^"]+")@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;
const MAC = /^(?:[0-9a-fA-F]{2}([:-]))(?:[0-9a-fA-F]{2}\1){4}(?:[0-9a-fA-F]{2}\1){0,14}[0-9a-fA-F]{2}$|^(?:[0-9a-fA-F]{4}\.){2,9}[0-9a-fA-F]{4}$/;
const uuid = (version: string) =>
  new RegExp(
    `^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${version === "[0-9a-f]" || version === "3" ? "[0-9a-f]" : "[89ab]"}[0-9a-f]{3}-?[0-9a-f]{12}$`,
    "i",
  );

const tests = (pattern: RegExp) => (text: string) => pattern.test(text);
const always = () => true;
const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Format name → does the text conform? Names absent here are not checked (and draw a warning). */
const FORMATS = new Map<string, (text: string) => boolean>([
  ["bsonobjectid", tests(/^[0-9a-fA-F]{24}$/)],
  ["uri", isUri],
  ["email", tests(EMAIL)],
  ["hostname", tests(HOSTNAME)],
  ["ipv4", isIPv4],
  ["ipv6", isIPv6],
  ["cidr", isCidr],
  ["mac", tests(MAC)],
  ["uuid", tests(uuid("[0-9a-f]"))],
  ["uuid3", tests(uuid("3"))],
  ["uuid4", tests(uuid("4"))],
  ["uuid5", tests(uuid("5"))],
  ["isbn", (text) => isIsbn10(text) || isIsbn13(text)],
  ["isbn10", isIsbn10],
  ["isbn13", isIsbn13],
  ["creditcard", luhn],
  ["ssn", tests(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/)],
  ["hexcolor", tests(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/)],
  [
    "rgbcolor",
    tests(/^rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)$/),
  ],
  ["byte", tests(BASE64)],
  ["password", always],
  ["date", isDate],
  ["duration", isDuration],
  ["datetime", isDateTime],
  ["k8s-short-name", tests(DNS_LABEL)],
  ["k8s-long-name", (text) => text.length <= 253 && text.split(".").every((label) => DNS_LABEL.test(label))],
]);

const NUMBER_FORMATS = new Set(["int32", "int64", "float", "double"]);

/** The checker of a string format (hyphens are ignored: `date-time`), or undefined for an unknown one. */
export function stringFormat(name: string): ((text: string) => boolean) | undefined {
  return FORMATS.get(name) ?? FORMATS.get(name.replaceAll("-", ""));
}

export function isKnownFormat(name: string): boolean {
  return NUMBER_FORMATS.has(name) || stringFormat(name) !== undefined;
}
