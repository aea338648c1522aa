/** Continue tokens: opaque to clients, the position and the snapshot's revision to us. */
import { badRequest } from "../../kube/machinery/status.ts";

export interface ContinuePosition {
  /** The snapshot that all pages read; -1 = go on at the latest revision (after an expired token). */
  revision: number;
  /** The last key that was returned. */
  after: { namespace: string; name: string };
}

export function encodeContinue(position: ContinuePosition): string {
  const json = JSON.stringify({ v: "meta.k8s.io/v1", rv: position.revision, start: `${position.after.namespace}/${position.after.name}\u0000` });
  return btoa(json).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @throws StatusError 400 for anything but a token that `encodeContinue` made. */
export function decodeContinue(token: string): ContinuePosition {
  let parsed: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    parsed = JSON.parse(atob(token.replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    throw badRequest("invalid continue token: continue key is not valid: invalid character looking for beginning of value");
  }
  const { v, rv, start } = parsed ?? {};
  if (v !== "meta.k8s.io/v1")
    throw badRequest(`invalid continue token: continue key is not valid: server does not recognize this encoded version ${JSON.stringify(v)}`);
  // As etcd's clients do: a key followed by NUL is the next possible key.
  const key = typeof start === "string" && start.endsWith("\u0000") ? start.slice(0, -1).split("/") : [];
  const [namespace, name] = key;
  if (typeof rv !== "number" || !Number.isInteger(rv) || rv === 0 || key.length !== 2 || namespace === undefined || !name) {
    throw badRequest("invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  }
  return { revision: rv, after: { namespace, name } };
}
