/** MutatingWebhookConfiguration (admissionregistration.k8s.io/v1): webhooks that may change what is written. */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { MutatingWebhookConfiguration } from "../schema/generated/types/admissionregistration.v1.ts";
import { defaultWebhook, validateWebhooks } from "./webhooks.ts";

export const mutatingWebhookConfiguration = defineKind<MutatingWebhookConfiguration>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "MutatingWebhookConfiguration",
  plural: "mutatingwebhookconfigurations",
  categories: ["api-extensions"],
  scope: "Cluster",
  allowUnconditionalUpdate: false,
  generation: "spec",
  applyDefaults(object) {
    for (const webhook of object.webhooks ?? []) {
      defaultWebhook(webhook);
      webhook.reinvocationPolicy ??= "Never";
    }
  },
  validate: (object, errors, at) => validateWebhooks(object.webhooks, errors, at.child("webhooks")),
  columns: [NAME, column("Webhooks", { type: "integer" }), AGE],
  cells: (object, now) => [nameCell(object), object.webhooks?.length ?? 0, ageCell(object, now)],
});
