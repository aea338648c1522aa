/**
 * A key within its resource as one string, "namespace/name" ("/name" in cluster scope). Its byte order is the order of
 * lists, the same as of etcd's keys: "a-b/x" comes before "a/x".
 */
import type { ObjectKey } from "./types.ts";

/** Greater than every path. UTF-8 text never contains the byte 0xFF, and no name starts with this code point. */
const LAST = "\u{10FFFF}";

export function pathOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

export function keyOf(resource: string, path: string): ObjectKey {
  const slash = path.indexOf("/");
  return { resource, namespace: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** The open interval of paths in a namespace ("" = all) after `after`. */
export function pathRange(namespace: string, after: { namespace: string; name: string } | undefined): { from: string; to: string } {
  const start = namespace === "" ? "" : `${namespace}/`;
  const resume = after === undefined ? "" : pathOf(after.namespace, after.name);
  // "0" is the character after "/".
  return { from: comparePaths(resume, start) > 0 ? resume : start, to: namespace === "" ? LAST : `${namespace}0` };
}

export function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
