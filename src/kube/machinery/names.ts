/**
 * The rules for names, keys and other short texts, each a function from a value to the messages that reject it
 * (none = valid), worded as apimachinery words them.
 */

export { isValidCIDR, isValidCIDRForLegacyField, isValidIP, isValidIPForLegacyField } from "./ip.ts";

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_UNDERSCORE = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_UNDERSCORE = `${LABEL_UNDERSCORE}(\\.${LABEL_UNDERSCORE})*`;
const LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const WILDCARD = `\\*\\.${SUBDOMAIN}`;
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE = `(${QUALIFIED})?`;
const C_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*";
const PERCENT = "[0-9]+%";
const HEADER = "[-A-Za-z0-9]+";
const ENV_VAR = "[-._a-zA-Z][-._a-zA-Z0-9]*";
const CONFIG_KEY = "[-._a-zA-Z0-9]+";
const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const CONDITION_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";

const labelPattern = whole(LABEL);
const subdomainPattern = whole(SUBDOMAIN);
const subdomainUnderscorePattern = whole(SUBDOMAIN_UNDERSCORE);
const label1035Pattern = whole(LABEL_1035);
const wildcardPattern = whole(WILDCARD);
const qualifiedPattern = whole(QUALIFIED);
const labelValuePattern = whole(LABEL_VALUE);
const cIdentifierPattern = whole(C_IDENTIFIER);
const percentPattern = whole(PERCENT);
const headerPattern = whole(HEADER);
const envVarPattern = whole(ENV_VAR);
const configKeyPattern = whole(CONFIG_KEY);
const httpPathPattern = whole(HTTP_PATH);
const conditionReasonPattern = whole(CONDITION_REASON);

const SUBDOMAIN_MAX = 253;
const LABEL_MAX = 63;

const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const SUBDOMAIN_UNDERSCORE_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
const LABEL_1035_RULE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const WILDCARD_RULE =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const QUALIFIED_RULE = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE_RULE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const C_IDENTIFIER_RULE = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
const PERCENT_RULE = "a valid percent string must be a numeric string followed by an ending '%'";
const HEADER_RULE = "a valid HTTP header must consist of alphanumeric characters or '-'";
const ENV_VAR_RULE = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
const RELAXED_ENV_VAR_RULE = "a valid environment variable name must consist only of printable ASCII characters other than '='";
const CONFIG_KEY_RULE = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
const CONDITION_REASON_RULE =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";

export function isDNS1123Label(value: string): string[] {
  const messages = longerThan(value, LABEL_MAX);
  if (!labelPattern.test(value)) {
    messages.push(subdomainPattern.test(value) ? "must not contain dots" : patternMessage(LABEL_RULE, LABEL, "my-name", "123-abc"));
  }
  return messages;
}

export function isDNS1123Subdomain(value: string): string[] {
  const messages = longerThan(value, SUBDOMAIN_MAX);
  if (!subdomainPattern.test(value)) messages.push(patternMessage(SUBDOMAIN_RULE, SUBDOMAIN, "example.com"));
  return messages;
}

/** For DNS search paths, where underscores are in use. */
export function isDNS1123SubdomainWithUnderscore(value: string): string[] {
  const messages = longerThan(value, SUBDOMAIN_MAX);
  if (!subdomainUnderscorePattern.test(value)) messages.push(patternMessage(SUBDOMAIN_UNDERSCORE_RULE, SUBDOMAIN_UNDERSCORE, "example.com"));
  return messages;
}

export function isDNS1035Label(value: string): string[] {
  const messages = longerThan(value, LABEL_MAX);
  if (!label1035Pattern.test(value)) messages.push(patternMessage(LABEL_1035_RULE, LABEL_1035, "my-name", "abc-123"));
  return messages;
}

export function isWildcardDNS1123Subdomain(value: string): string[] {
  const messages = longerThan(value, SUBDOMAIN_MAX);
  if (!wildcardPattern.test(value)) messages.push(patternMessage(WILDCARD_RULE, WILDCARD, "*.example.com"));
  return messages;
}

/** A label key: a name of at most 63 bytes with an optional DNS subdomain and "/" before it. Annotation keys and finalizers too. */
export function isQualifiedName(value: string): string[] {
  const parts = value.split("/");
  const messages: string[] = [];
  if (parts.length > 2) {
    return [`a valid label key ${qualifiedMessage()} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const name = parts[parts.length - 1] as string;
  if (parts.length === 2) {
    const prefix = parts[0] as string;
    if (prefix === "") messages.push("prefix part must be non-empty");
    else {
      if (byteLength(prefix) > SUBDOMAIN_MAX) messages.push(`prefix part ${maxBytesMessage(SUBDOMAIN_MAX)}`);
      if (!subdomainPattern.test(prefix)) messages.push(`prefix part ${patternMessage(SUBDOMAIN_RULE, SUBDOMAIN, "example.com")}`);
    }
  }
  if (name === "") messages.push("name part must be non-empty");
  else if (byteLength(name) > LABEL_MAX) messages.push(`name part ${maxBytesMessage(LABEL_MAX)}`);
  if (!qualifiedPattern.test(name)) messages.push(`name part ${qualifiedMessage()}`);
  return messages;
}

export function isValidLabelValue(value: string): string[] {
  const messages: string[] = [];
  if (byteLength(value) > LABEL_MAX) messages.push(maxBytesMessage(LABEL_MAX));
  if (!labelValuePattern.test(value)) messages.push(patternMessage(LABEL_VALUE_RULE, LABEL_VALUE, "MyValue", "my_value", "12345"));
  return messages;
}

/** What may stand as one segment of a URL path; all that RBAC asks of a name. */
export function isPathSegmentName(value: string): string[] {
  if (value === "." || value === "..") return [`may not be '${value}'`];
  return isPathSegmentPrefix(value);
}

export function isPathSegmentPrefix(value: string): string[] {
  return ["/", "%"].filter((illegal) => value.includes(illegal)).map((illegal) => `may not contain '${illegal}'`);
}

/** The names that containers may give environment variables since v1.34: printable ASCII without "=". */
export function isEnvVarName(value: string): string[] {
  const messages: string[] = [];
  if (value === "") messages.push("environment variable name must be non-empty");
  else if (!/^[\x20-\x3c\x3e-\x7e]*$/.test(value)) messages.push(RELAXED_ENV_VAR_RULE);
  return messages;
}

/** The rule of before v1.34, which some fields keep. */
export function isStrictEnvVarName(value: string): string[] {
  const messages: string[] = [];
  if (!envVarPattern.test(value)) messages.push(patternMessage(ENV_VAR_RULE, ENV_VAR, "my.env-name", "MY_ENV.NAME", "MyEnvName1"));
  return messages.concat(leavesDirectory(value));
}

export function isConfigMapKey(value: string): string[] {
  const messages = longerThan(value, SUBDOMAIN_MAX);
  if (!configKeyPattern.test(value)) messages.push(patternMessage(CONFIG_KEY_RULE, CONFIG_KEY, "key.name", "KEY_NAME", "key-name"));
  return messages.concat(leavesDirectory(value));
}

export function isValidPortNum(port: number): string[] {
  return isInRange(port, 1, 65535);
}

export function isInRange(value: number, min: number, max: number): string[] {
  return value >= min && value <= max ? [] : [`must be between ${min} and ${max}, inclusive`];
}

export function isValidUserID(id: number): string[] {
  return isInRange(id, 0, 2147483647);
}

export function isValidGroupID(id: number): string[] {
  return isInRange(id, 0, 2147483647);
}

/** An IANA service name: the names of container ports. */
export function isValidPortName(value: string): string[] {
  const messages = longerThan(value, 15);
  if (!/^[-a-z0-9]+$/.test(value)) messages.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(value)) messages.push("must contain at least one letter (a-z)");
  if (value.includes("--")) messages.push("must not contain consecutive hyphens");
  if (value.startsWith("-") || value.endsWith("-")) messages.push("must not begin or end with a hyphen");
  return messages;
}

export function isValidPercent(value: string): string[] {
  return percentPattern.test(value) ? [] : [patternMessage(PERCENT_RULE, PERCENT, "1%", "93%")];
}

export function isHTTPHeaderName(value: string): string[] {
  return headerPattern.test(value) ? [] : [patternMessage(HEADER_RULE, HEADER, "X-Header-Name")];
}

export function isCIdentifier(value: string): string[] {
  return cIdentifierPattern.test(value) ? [] : [patternMessage(C_IDENTIFIER_RULE, C_IDENTIFIER, "my_name", "MY_NAME", "MyName")];
}

/** The reason of a metav1.Condition. */
export function isConditionReason(value: string): string[] {
  if (conditionReasonPattern.test(value)) return [];
  return [patternMessage(CONDITION_REASON_RULE, CONDITION_REASON, "my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB")];
}

/** A domain of three segments at least (a CertificateSigningRequest's signer, a controller's name). The caller reports "" as Required. */
export function isFullyQualifiedName(value: string): string[] {
  const messages = isDNS1123Subdomain(value);
  if (messages.length > 0) return [messages.join(",")];
  return value.split(".").length < 3 ? ["should be a domain with at least three segments separated by dots"] : [];
}

/** `domain/path`, as a Job's managedBy. The caller reports "" as Required. `value` is the part to blame. */
export function isDomainPrefixedPath(text: string): { value: string; message: string }[] {
  const slash = text.indexOf("/");
  if (slash <= 0 || slash === text.length - 1) return [{ value: text, message: 'must be a domain-prefixed path (such as "acme.io/foo")' }];
  const host = text.slice(0, slash);
  const path = text.slice(slash + 1);
  const found = isDNS1123Subdomain(host).map((message) => ({ value: host, message }));
  if (!httpPathPattern.test(path)) found.push({ value: path, message: patternMessage("Invalid path", HTTP_PATH) });
  return found;
}

/** Text without control characters: a field manager's name. Each message names its character as Go's %#U does. */
export function isPrintable(value: string): string[] {
  const messages: string[] = [];
  let position = 0;
  for (const character of value) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      messages.push(`invalid character U+${code} (at position ${position})`);
    }
    position += byteLength(character);
  }
  return messages;
}

/** Rules for metadata.name; `prefix` says that it is a generateName, whose trailing dash a suffix will follow. */
export function nameIsDNSSubdomain(name: string, prefix: boolean): string[] {
  return isDNS1123Subdomain(prefix ? maskTrailingDash(name) : name);
}

export function nameIsDNSLabel(name: string, prefix: boolean): string[] {
  return isDNS1123Label(prefix ? maskTrailingDash(name) : name);
}

export function nameIsDNS1035Label(name: string, prefix: boolean): string[] {
  return isDNS1035Label(prefix ? maskTrailingDash(name) : name);
}

export function nameIsPathSegment(name: string, prefix: boolean): string[] {
  return prefix ? isPathSegmentPrefix(name) : isPathSegmentName(name);
}

/** Length as Go counts it: bytes of UTF-8. */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) continue;
    // A surrogate pair is two units here and four bytes there, so two for each half.
    bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/** `rule (e.g. 'a', or 'b', regex used for validation is '…')`, the form of all messages about a pattern. */
export function patternMessage(rule: string, pattern: string, ...examples: string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(" or ");
  return `${rule} (${examples.length > 0 ? `e.g. ${shown}` : ""}regex used for validation is '${pattern}')`;
}

function maskTrailingDash(name: string): string {
  // Upstream replaces the last two characters by one letter: the rule is about what a suffix makes of it.
  return name.length > 1 && name.endsWith("-") ? `${name.slice(0, -2)}a` : name;
}

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

function longerThan(value: string, max: number): string[] {
  return byteLength(value) > max ? [`must be no more than ${max} characters`] : [];
}

function maxBytesMessage(max: number): string {
  return `must be no more than ${max} bytes`;
}

function qualifiedMessage(): string {
  return patternMessage(QUALIFIED_RULE, QUALIFIED, "MyName", "my.name", "123-abc");
}

function leavesDirectory(value: string): string[] {
  if (value === "." || value === "..") return [`must not be '${value}'`];
  return value.startsWith("..") ? ["must not start with '..'"] : [];
}
