/** autoscaling/v1 Scale: never stored, the face of /scale. */
import { AGE, ageCell, column, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { Scale } from "../schema/generated/types/autoscaling.v1.ts";

export const scale = defineKind<Scale>({
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
  plural: "scales",
  scope: "Namespaced",
  verbs: ["get", "update", "patch"],
  columns: [column("Name"), column("Desired", { type: "integer" }), column("Available", { type: "integer" }), AGE],
  cells: (object, now) => [nameCell(object), object.spec?.replicas ?? 0, object.status?.replicas ?? 0, ageCell(object, now)],
});
