/** ComponentStatus (v1, deprecated): the health of control plane components; made up per request, never stored. */
import { defineKind } from "../define.ts";
import type { ComponentStatus } from "../schema/generated/types/core.v1.ts";
import { column, NAME, nameCell } from "./table.ts";

export const componentStatus = defineKind<ComponentStatus>({
  group: "",
  version: "v1",
  kind: "ComponentStatus",
  plural: "componentstatuses",
  shortNames: ["cs"],
  scope: "Cluster",
  verbs: ["get", "list"],
  storedVersion: "",
  deprecation: "v1 ComponentStatus is deprecated in v1.19+",
  columns: [NAME, column("Status"), column("Message"), column("Error")],
  cells(object) {
    const health = object.conditions?.find((condition) => condition.type === "Healthy");
    const status = health?.status === "True" ? "Healthy" : health?.status === "False" ? "Unhealthy" : "Unknown";
    return [nameCell(object), status, health?.message ?? "", health?.error ?? ""];
  },
});
