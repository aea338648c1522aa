/** The priority classes of system pods. */

import { SYSTEM_PRIORITY_CLASSES } from "../scheduling/priority-class.ts";
import type { PriorityClass } from "../schema/generated/types/scheduling.v1.ts";

export function systemPriorityClasses(): PriorityClass[] {
  return SYSTEM_PRIORITY_CLASSES.map(({ name, value, description }) => ({
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name },
    value,
    description,
    preemptionPolicy: "PreemptLowerPriority",
  }));
}
