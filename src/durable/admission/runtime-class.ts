/** RuntimeClass: a pod gets the overhead, node selector and tolerations of the class that it names (KEP-688). */
import { forbidden, type StatusError } from "../../kube/machinery/status.ts";
import { mergeTolerations, sameResources } from "../../kube/node/runtime-class-scheduling.ts";
import type { Pod } from "../../kube/schema/generated/types/core.v1.ts";
import type { RuntimeClass } from "../../kube/schema/generated/types/node.v1.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";

const CLASSES = "runtimeclasses.node.k8s.io";

const isNewPod = ({ operation, kind, subresource }: AdmissionAttributes): boolean =>
  operation === "CREATE" && kind.storageResource === "pods" && subresource === "";

const refuse = ({ name }: AdmissionAttributes, why: string): StatusError => forbidden({ group: "", resource: "pods" }, name, why);

/** @throws StatusError 403 when the pod names a class that is not there. */
function classOf(attributes: AdmissionAttributes, { spec }: Pod): RuntimeClass | undefined {
  if (!spec.runtimeClassName) return undefined;
  const found = attributes.transaction.get({ resource: CLASSES, namespace: "", name: spec.runtimeClassName });
  if (!found) throw refuse(attributes, `pod rejected: RuntimeClass ${JSON.stringify(spec.runtimeClassName)} not found`);
  return found.object as RuntimeClass;
}

export const runtimeClass: AdmissionPlugin = {
  name: "RuntimeClass",
  mutate(attributes) {
    if (!isNewPod(attributes)) return;
    const pod = attributes.object as Pod;
    const named = classOf(attributes, pod);
    if (!named) return;
    const { spec } = pod;
    const overhead = named.overhead?.podFixed;
    if (overhead) {
      if (spec.overhead && !sameResources(spec.overhead, overhead))
        throw refuse(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
      spec.overhead = { ...overhead };
    }
    const { nodeSelector, tolerations } = named.scheduling ?? {};
    for (const [key, value] of Object.entries(nodeSelector ?? {})) {
      const own = spec.nodeSelector && Object.hasOwn(spec.nodeSelector, key) ? spec.nodeSelector[key] : value;
      if (own !== value) throw refuse(attributes, `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`);
    }
    if (nodeSelector) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
    if (tolerations?.length) spec.tolerations = mergeTolerations([...(spec.tolerations ?? []), ...tolerations]);
  },
  validate(attributes) {
    if (!isNewPod(attributes)) return;
    const pod = attributes.object as Pod;
    if (pod.spec.overhead && !classOf(attributes, pod)?.overhead?.podFixed)
      throw refuse(attributes, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
  },
};
