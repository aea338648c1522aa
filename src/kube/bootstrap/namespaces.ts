/** The namespaces that every cluster has. */
import { NAME_LABEL } from "../core/namespace.ts";
import type { Namespace } from "../schema/generated/types/core.v1.ts";

export const SYSTEM_NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"] as const;

export function systemNamespaces(): Namespace[] {
  return SYSTEM_NAMESPACES.map((name) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { [NAME_LABEL]: name } },
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  }));
}
