/** DefaultTolerationSeconds: a pod stays five minutes on a node that is not ready or unreachable. */
import type { Pod, Toleration } from "../../kube/schema/generated/types/core.v1.ts";
import type { AdmissionPlugin } from "./admission.ts";

const SECONDS = 300;
const TAINTS = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

function tolerates(toleration: Toleration, taint: string): boolean {
  return (toleration.key === taint || !toleration.key) && (toleration.effect === "NoExecute" || !toleration.effect);
}

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: "DefaultTolerationSeconds",
  mutate({ operation, kind, subresource, object }) {
    if ((operation !== "CREATE" && operation !== "UPDATE") || kind.storageResource !== "pods" || subresource !== "") return;
    const { spec } = object as Pod;
    const tolerations = spec.tolerations ?? [];
    const missing = TAINTS.filter((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)));
    if (missing.length === 0) return;
    spec.tolerations = [...tolerations, ...missing.map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: SECONDS }))];
  },
};
