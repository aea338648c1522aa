/** Who asks: the bearer token's hash and the impersonation headers. The token itself goes no further than this module. */
import type { Credential } from "../durable/protocol.ts";
import { setField } from "../kube/machinery/json-value.ts";
import { badRequest } from "../kube/machinery/status.ts";

const MAX_CACHED_TOKENS = 1000;
/** A longer one is none of ours, nor any usual JWT: not worth the memory that strangers could fill. */
const MAX_CACHED_LENGTH = 4096;
/** Token → hex SHA-256. Bounded by dropping the eldest; a hash is a function of its token alone, so sharing is safe. */
const hashes = new Map<string, string>();
const encoder = new TextEncoder();

export async function tokenHash(token: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(token)));
  let hex = "";
  for (const byte of bytes) hex += (byte < 16 ? "0" : "") + byte.toString(16);
  if (token.length > MAX_CACHED_LENGTH) return hex;
  if (hashes.size >= MAX_CACHED_TOKENS) hashes.delete(hashes.keys().next().value as string);
  hashes.set(token, hex);
  return hex;
}

const ANONYMOUS: Credential = { tokenHash: undefined };

/**
 * The credential of a request; a promise only when a token is seen for the first time.
 * @throws StatusError 400 when impersonation names groups, a UID or extra without a user.
 */
export function credentialOf(headers: Headers): Credential | Promise<Credential> {
  const token = bearerToken(headers.get("authorization"));
  const impersonate = impersonation(headers);
  if (token === undefined) return impersonate ? { tokenHash: undefined, impersonate } : ANONYMOUS;
  const known = hashes.get(token);
  if (known !== undefined) return impersonate ? { tokenHash: known, impersonate } : { tokenHash: known };
  return tokenHash(token).then((hash) => (impersonate ? { tokenHash: hash, impersonate } : { tokenHash: hash }));
}

/** RFC 6750, read as the original does: one blank, then the token up to the next. An empty token, or another scheme, is no credential. */
export function bearerToken(authorization: string | null): string | undefined {
  if (authorization === null || authorization.length < 8) return undefined;
  const [scheme = "", token] = authorization.trim().split(" ", 2);
  return scheme.toLowerCase() === "bearer" && token ? token : undefined;
}

const EXTRA = "impersonate-extra-";

function impersonation(headers: Headers): Credential["impersonate"] {
  const user = headers.get("impersonate-user");
  // One look for the common case: none of the headers is there.
  if (!user && !headers.get("impersonate-group") && !headers.get("impersonate-uid") && !hasExtra(headers)) return undefined;
  const groups = headers.get("impersonate-group");
  const uid = headers.get("impersonate-uid");
  const extra: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    if (name.startsWith(EXTRA)) setField(extra, decodeExtraKey(name.slice(EXTRA.length)), value.split(", "));
  }
  if (!user) throw badRequest(`requested ${goUserInfo(uid ?? "", groups ? groups.split(", ") : [], extra)} without impersonating a user name`);
  return { user, ...(uid ? { uid } : {}), groups: groups ? groups.split(", ") : [], extra };
}

/** The user as the original's refusal prints it. */
function goUserInfo(uid: string, groups: readonly string[], extra: Readonly<Record<string, readonly string[]>>): string {
  const list = (texts: readonly string[]) => `[]string${texts.length === 0 ? "(nil)" : `{${texts.map((text) => JSON.stringify(text)).join(", ")}}`}`;
  const entries = Object.entries(extra)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, values]) => `${JSON.stringify(key)}:${list(values)}`);
  const map = `map[string][]string${entries.length === 0 ? "(nil)" : `{${entries.join(", ")}}`}`;
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, Groups:${list(groups)}, Extra:${map}}`;
}

function hasExtra(headers: Headers): boolean {
  for (const name of headers.keys()) if (name.startsWith(EXTRA)) return true;
  return false;
}

function decodeExtraKey(key: string): string {
  try {
    return decodeURIComponent(key).toLowerCase();
  } catch {
    return key;
  }
}

/** Compares two hex hashes in constant time. */
export function sameHash(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

/** A new bearer token of 256 random bits. */
export function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}
