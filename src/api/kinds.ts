/** The built-in kinds by the words of a URL, and what a body sent there should be. */
import type { Kind } from "../kube/kind.ts";
import { entryOf } from "../kube/machinery/json-value.ts";
import { BUILT_IN_KINDS } from "../kube/registry.ts";
import type { ExpectedKind } from "./body.ts";
import type { RequestInfo } from "./request-info.ts";

const byPath = new Map<string, Kind>();
for (const kind of BUILT_IN_KINDS) byPath.set(`${kind.group}/${kind.version}/${kind.plural}`, kind);

const groups = new Set(BUILT_IN_KINDS.map(({ group }) => group));

export function isBuiltInGroup(group: string | undefined): boolean {
  return group !== undefined && group !== "" && groups.has(group);
}

/** undefined = a custom resource, or nothing at all: only the Cluster object knows. */
export function builtInKind({ group, version, resource }: Pick<RequestInfo, "group" | "version" | "resource">): Kind | undefined {
  return byPath.get(`${group}/${version}/${resource}`);
}

/** What is sent to and answered by a subresource, where that is not the resource's own kind. */
export function expectedKind(kind: Kind | undefined, info: RequestInfo): ExpectedKind {
  if (info.subresource === "scale") return { group: "autoscaling", version: "v1", kind: "Scale" };
  const own = { group: info.group, version: info.version, kind: kind?.kind ?? "" };
  const other = entryOf(kind?.subresources?.others, info.subresource);
  if (!other) return own;
  return { group: other.group ?? own.group, version: other.version ?? own.version, kind: other.kind ?? own.kind };
}

export const DELETE_OPTIONS: ExpectedKind = { group: "", version: "v1", kind: "DeleteOptions" };
