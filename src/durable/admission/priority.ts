/** Priority: resolves a pod's priorityClassName into its priority and preemption policy. */
import { forbidden } from "../../kube/machinery/status.ts";
import type { Pod } from "../../kube/schema/generated/types/core.v1.ts";
import type { PriorityClass } from "../../kube/schema/generated/types/scheduling.v1.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";

const CLASSES = "priorityclasses.scheduling.k8s.io";

/** The class for pods that name none: of several global defaults the one with the lowest value. */
function defaultClass({ transaction }: AdmissionAttributes): PriorityClass | undefined {
  let lowest: PriorityClass | undefined;
  for (const { object } of transaction.list(CLASSES, "")) {
    const each = object as PriorityClass;
    if (each.globalDefault && (!lowest || each.value < lowest.value)) lowest = each;
  }
  return lowest;
}

export const priority: AdmissionPlugin = {
  name: "Priority",
  mutate(attributes) {
    const { operation, kind, subresource, object, name, transaction } = attributes;
    if (operation !== "CREATE" || kind.storageResource !== "pods" || subresource !== "") return;
    const { spec } = object as Pod;
    const target = { group: "", resource: "pods" };
    let found: PriorityClass | undefined;
    if (spec.priorityClassName) {
      found = transaction.get({ resource: CLASSES, namespace: "", name: spec.priorityClassName })?.object as PriorityClass | undefined;
      if (!found) throw forbidden(target, name, `no PriorityClass with name ${spec.priorityClassName} was found`);
    } else {
      found = defaultClass(attributes);
      if (found) spec.priorityClassName = found.metadata.name;
    }
    const value = found?.value ?? 0;
    if (spec.priority !== undefined && spec.priority !== value) {
      throw forbidden(
        target,
        name,
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
      );
    }
    spec.priority = value;
    const policy = found?.preemptionPolicy ?? "PreemptLowerPriority";
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
      throw forbidden(
        target,
        name,
        `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
      );
    }
    spec.preemptionPolicy = policy;
  },
};
