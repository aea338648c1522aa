/** TaintNodesByCondition: a new node takes no pods until it is known to be ready. */
import type { Node } from "../../kube/schema/generated/types/core.v1.ts";
import type { AdmissionPlugin } from "./admission.ts";

const NOT_READY = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };

export const taintNodesByCondition: AdmissionPlugin = {
  name: "TaintNodesByCondition",
  mutate({ operation, kind, subresource, object }) {
    if (operation !== "CREATE" || kind.storageResource !== "nodes" || subresource !== "") return;
    const { spec } = object as Node;
    const taints = spec.taints ?? [];
    if (!taints.some((taint) => taint.key === NOT_READY.key && taint.effect === NOT_READY.effect)) spec.taints = [...taints, { ...NOT_READY }];
  },
};
