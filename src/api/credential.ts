/** Who asks: the bearer token's hash and the impersonation headers. The token itself goes no further than this module. */
import type { Credential } from "../durable/protocol.ts";
import { badRequest } from "../kube/machinery/status.ts";

const MAX_CACHED_TOKENS = 1000;
/** Token → hex SHA-256. Bounded by dropping the eldest; a hash is a function of its token alone, so sharing is safe. */
const hashes = new Map<string, string>();
const encoder = new TextEncoder();

export async function tokenHash(token: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(token)));
  let hex = "";
  for (const byte of bytes) hex += (byte < 16 ? "0" : "") + byte.toString(16);
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

/** RFC 6750. An empty token, or another scheme, is no credential. */
export function bearerToken(authorization: string | null): string | undefined {
  if (authorization === null || authorization.length < 8) return undefined;
  if (authorization.slice(0, 7).toLowerCase() !== "bearer ") return undefined;
  return authorization.slice(7).trim() || undefined;
}

const EXTRA = "impersonate-extra-";

function impersonation(headers: Headers): Credential["impersonate"] {
  const user = headers.get("impersonate-user");
  // One look for the common case: none of the headers is there.
  if (user === null && !headers.has("impersonate-group") && !headers.has("impersonate-uid") && !hasExtra(headers)) return undefined;
  const groups = headers.get("impersonate-group");
  const uid = headers.get("impersonate-uid");
  const extra: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    if (name.startsWith(EXTRA)) extra[decodeExtraKey(name.slice(EXTRA.length))] = value.split(", ");
  }
  if (!user) throw badRequest("requested impersonation of groups, a UID or extra without a user");
  return { user, ...(uid ? { uid } : {}), groups: groups ? groups.split(", ") : [], extra };
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
