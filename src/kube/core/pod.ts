/** Pod (v1): containers that run together on one node. */
import { defineKind } from "../define.ts";
import { nameIsDNSSubdomain } from "../machinery/names.ts";
import type { Pod } from "../schema/generated/types/core.v1.ts";
import { podCells } from "./pod-cells.ts";
import { applyPodDefaults } from "./pod-defaults.ts";
import { foldMatchLabelKeys } from "./pod-match-label-keys.ts";
import { applyAppArmorAnnotations, dropInitContainerAnnotations } from "./pod-spec/annotations.ts";
import { dropDisabledFields } from "./pod-spec/disabled-fields.ts";
import { qosClassOf } from "./pod-spec/qos.ts";
import { podWarnings } from "./pod-spec/warnings.ts";
import { preparePodStatusUpdate, validatePodStatusUpdate } from "./pod-status.ts";
import { validatePodUpdate } from "./pod-update.ts";
import { validatePod, validatePodCreate } from "./pod-validation.ts";
import { AGE, column, NAME } from "./table.ts";

export { prepareEphemeralContainersUpdate, validateEphemeralContainersUpdate } from "./pod-ephemeral-containers.ts";
export { prepareResize, validateResize } from "./pod-resize.ts";

const IMMEDIATELY: ReadonlySet<string | undefined> = new Set(["Succeeded", "Failed"]);

export const pod = defineKind<Pod>({
  group: "",
  version: "v1",
  kind: "Pod",
  plural: "pods",
  shortNames: ["po"],
  categories: ["all"],
  scope: "Namespaced",
  subresources: {
    status: {
      prepareForUpdate: preparePodStatusUpdate,
      validateUpdate: validatePodStatusUpdate,
      keeps: { labels: true, annotations: true, finalizers: true, ownerReferences: false },
    },
    others: {
      attach: { verbs: ["create", "get"], kind: "PodAttachOptions" },
      binding: { verbs: ["create"], kind: "Binding" },
      ephemeralcontainers: { verbs: ["get", "patch", "update"] },
      eviction: { verbs: ["create"], kind: "Eviction", group: "policy", version: "v1" },
      exec: { verbs: ["create", "get"], kind: "PodExecOptions" },
      log: { verbs: ["get"] },
      portforward: { verbs: ["create", "get"], kind: "PodPortForwardOptions" },
      proxy: { verbs: ["create", "delete", "get", "patch", "update"], kind: "PodProxyOptions" },
      resize: { verbs: ["get", "patch", "update"] },
    },
  },
  validateName: nameIsDNSSubdomain,
  applyDefaults: applyPodDefaults,
  prepareForCreate(object, { now }) {
    object.status = { phase: "Pending", qosClass: qosClassOf(object.spec) };
    dropDisabledFields(object.spec);
    dropInitContainerAnnotations(object.metadata);
    if (object.spec.terminationGracePeriodSeconds !== undefined && object.spec.terminationGracePeriodSeconds < 0) object.spec.terminationGracePeriodSeconds = 1;
    foldMatchLabelKeys(object);
    applyAppArmorAnnotations(object);
    if (object.spec.schedulingGates?.length) object.status.conditions = [schedulingGated(now)];
  },
  prepareForUpdate(object) {
    dropDisabledFields(object.spec);
  },
  validate: validatePod,
  validateCreate: validatePodCreate,
  validateUpdate: validatePodUpdate,
  warnings: podWarnings,
  generation: "spec",
  gracePeriodSeconds({ spec, status }, requested) {
    if (!spec.nodeName || IMMEDIATELY.has(status?.phase)) return 0;
    const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 0;
    return seconds < 0 ? 1 : seconds;
  },
  returnsDeletedObject: true,
  resetFields: { "": [["status"]], status: [["spec"], ["metadata", "deletionTimestamp"], ["metadata", "ownerReferences"]] },
  selectableFields: {
    "spec.nodeName": ({ spec }) => spec.nodeName ?? "",
    "spec.restartPolicy": ({ spec }) => spec.restartPolicy ?? "",
    "spec.schedulerName": ({ spec }) => spec.schedulerName ?? "",
    "spec.serviceAccountName": ({ spec }) => spec.serviceAccountName ?? "",
    "spec.hostNetwork": ({ spec }) => String(spec.hostNetwork ?? false),
    "status.phase": ({ status }) => status?.phase ?? "",
    "status.podIP": ({ status }) => status?.podIP ?? "",
    "status.podIPs": ({ status }) => status?.podIPs?.[0]?.ip ?? status?.podIP ?? "",
    "status.nominatedNodeName": ({ status }) => status?.nominatedNodeName ?? "",
  },
  fieldLabelAliases: { "spec.host": "spec.nodeName" },
  columns: [
    NAME,
    column("Ready"),
    column("Status"),
    column("Restarts"),
    AGE,
    column("IP", { wide: true }),
    column("Node", { wide: true }),
    column("Nominated Node", { wide: true }),
    column("Readiness Gates", { wide: true }),
  ],
  cells: podCells,
});

/** A gated pod says from the start why the scheduler leaves it alone (KEP-3521). */
function schedulingGated(now: Date): NonNullable<Pod["status"]["conditions"]>[number] {
  return {
    type: "PodScheduled",
    status: "False",
    lastProbeTime: null,
    lastTransitionTime: `${now.toISOString().slice(0, 19)}Z`,
    reason: "SchedulingGated",
    message: "Scheduling is blocked due to non-empty scheduling gates",
  } as unknown as NonNullable<Pod["status"]["conditions"]>[number];
}
