/** PriorityLevelConfiguration (flowcontrol.apiserver.k8s.io/v1): how much concurrency a class of requests gets (KEP-1040). */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { PriorityLevelConfiguration } from "../schema/generated/types/flowcontrol.v1.ts";
import { validatePriorityLevel } from "./priority-level-rules.ts";

export const priorityLevelConfiguration = defineKind<PriorityLevelConfiguration>({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "PriorityLevelConfiguration",
  plural: "prioritylevelconfigurations",
  scope: "Cluster",
  subresources: { status: { keeps: { labels: true, annotations: true } } },
  generation: "spec",
  resetFields: { "": [["status"]], status: [["spec"]] },
  applyDefaults: defaultPriorityLevel,
  validate: validatePriorityLevel,
  columns: [NAME, column("Type"), column("NominalConcurrencyShares"), column("Queues"), column("HandSize"), column("QueueLengthLimit"), AGE],
  cells(object, now) {
    const { spec } = object;
    const queuing = spec?.limited?.limitResponse?.queuing;
    return [
      nameCell(object),
      spec?.type ?? "",
      spec?.limited?.nominalConcurrencyShares ?? "<none>",
      queuing?.queues ?? "<none>",
      queuing?.handSize ?? "<none>",
      queuing?.queueLengthLimit ?? "<none>",
      ageCell(object, now),
    ];
  },
});

function defaultPriorityLevel(object: PriorityLevelConfiguration): void {
  const { limited, exempt } = object.spec ?? {};
  if (exempt) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  if (!limited) return;
  limited.nominalConcurrencyShares ??= 30;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (!queuing) return;
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}
