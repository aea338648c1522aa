/** Node (v1): a machine that runs pods. */
import { defineKind } from "../define.ts";
import type { Node } from "../schema/generated/types/core.v1.ts";
import { validateNode, validateNodeStatusUpdate, validateNodeUpdate } from "./node-rules.ts";
import { AGE, ageCell, column, NAME, nameCell } from "./table.ts";

const ROLE_PREFIX = "node-role.kubernetes.io/";
const ROLE_LABEL = "kubernetes.io/role";

export const node = defineKind<Node>({
  group: "",
  version: "v1",
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  scope: "Cluster",
  subresources: {
    status: {
      settableOnCreate: true,
      keeps: { labels: true, annotations: true },
      validateUpdate: validateNodeStatusUpdate,
    },
    others: { proxy: { verbs: ["create", "delete", "get", "patch", "update"], kind: "NodeProxyOptions" } },
  },
  resetFields: { "": [["status"]], status: [["spec"]] },
  applyDefaults(object) {
    object.spec ??= {};
    syncPodCIDRs(object);
    const { status } = object;
    if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
  },
  prepareForCreate(object) {
    if (object.spec.configSource) delete object.spec.configSource;
  },
  prepareForUpdate(object, old) {
    if (!old.spec.configSource) delete object.spec.configSource;
  },
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  warnings(object, old) {
    const warnings: string[] = [];
    if (object.spec?.configSource && !old?.spec?.configSource) warnings.push("spec.configSource: the feature is no longer supported");
    if (object.spec?.externalID && !old?.spec?.externalID) warnings.push("spec.externalID: this field is deprecated, and is unused by Kubernetes");
    return warnings;
  },
  columns: [
    NAME,
    column("Status"),
    column("Roles"),
    AGE,
    column("Version"),
    column("Internal-IP", { wide: true }),
    column("External-IP", { wide: true }),
    column("OS-Image", { wide: true }),
    column("Kernel-Version", { wide: true }),
    column("Container-Runtime", { wide: true }),
  ],
  cells(object, now) {
    const info = object.status?.nodeInfo;
    return [
      nameCell(object),
      statusCell(object),
      rolesCell(object),
      ageCell(object, now),
      info?.kubeletVersion ?? "",
      addressCell(object, "InternalIP"),
      addressCell(object, "ExternalIP"),
      info?.osImage || "<unknown>",
      kernelCell(info),
      info?.containerRuntimeVersion || "<unknown>",
    ];
  },
  selectableFields: { "spec.unschedulable": (object) => String(object.spec?.unschedulable ?? false) },
});

/** podCIDR is the first of podCIDRs, for clients that know only the one; it wins where they differ. */
function syncPodCIDRs({ spec }: Node): void {
  if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
  else if (!spec.podCIDR && spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
}

function statusCell(object: Node): string {
  const ready = object.status?.conditions?.find((condition) => condition.type === "Ready");
  const status = [ready ? (ready.status === "True" ? "Ready" : "NotReady") : "Unknown"];
  if (object.spec?.unschedulable) status.push("SchedulingDisabled");
  return status.join(",");
}

function rolesCell(object: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(object.metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) roles.add(key.slice(ROLE_PREFIX.length));
    else if (key === ROLE_LABEL && value) roles.add(value);
  }
  return roles.size > 0 ? [...roles].sort().join(",") : "<none>";
}

function kernelCell(info: Node["status"]["nodeInfo"] | undefined): string {
  if (!info?.kernelVersion) return "<unknown>";
  return info.architecture ? `${info.kernelVersion} (${info.architecture})` : info.kernelVersion;
}

function addressCell(object: Node, type: string): string {
  return object.status?.addresses?.find((address) => address.type === type)?.address ?? "<none>";
}
