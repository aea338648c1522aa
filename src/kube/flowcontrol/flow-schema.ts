/** FlowSchema (flowcontrol.apiserver.k8s.io/v1): which requests go to which priority level (KEP-1040). */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FlowSchema } from "../schema/generated/types/flowcontrol.v1.ts";
import { validateFlowSchema } from "./flow-schema-rules.ts";

export const flowSchema = defineKind<FlowSchema>({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "FlowSchema",
  plural: "flowschemas",
  scope: "Cluster",
  subresources: { status: { keeps: { labels: true, annotations: true } } },
  generation: "spec",
  resetFields: { "": [["status"]], status: [["spec"]] },
  applyDefaults(object) {
    object.spec ??= { priorityLevelConfiguration: { name: "" }, matchingPrecedence: 0 };
    object.spec.matchingPrecedence ||= 1000;
  },
  validate: validateFlowSchema,
  columns: [NAME, column("PriorityLevel"), column("MatchingPrecedence"), column("DistinguisherMethod"), AGE, column("MissingPL")],
  cells(object, now) {
    const dangling = object.status?.conditions?.find((condition) => condition.type === "Dangling");
    return [
      nameCell(object),
      object.spec?.priorityLevelConfiguration?.name ?? "",
      object.spec?.matchingPrecedence ?? 0,
      object.spec?.distinguisherMethod?.type ?? "<none>",
      ageCell(object, now),
      dangling?.status ?? "?",
    ];
  },
});
