/** autoscaling/v1 Scale: never stored, the face of /scale. */
import { defineKind } from "../define.ts";
import type { Scale } from "../schema/generated/types/autoscaling.v1.ts";

export const scale = defineKind<Scale>({
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
  plural: "scales",
  scope: "Namespaced",
  verbs: ["get", "update", "patch"],
});
