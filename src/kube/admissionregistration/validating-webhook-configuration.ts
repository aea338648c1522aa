/** ValidatingWebhookConfiguration (admissionregistration.k8s.io/v1): webhooks that may refuse writes. */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { ValidatingWebhookConfiguration } from "../schema/generated/types/admissionregistration.v1.ts";
import { defaultWebhook, validateWebhooks } from "./webhooks.ts";

export const validatingWebhookConfiguration = defineKind<ValidatingWebhookConfiguration>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingWebhookConfiguration",
  plural: "validatingwebhookconfigurations",
  categories: ["api-extensions"],
  scope: "Cluster",
  allowUnconditionalUpdate: false,
  generation: "spec",
  applyDefaults(object) {
    for (const webhook of object.webhooks ?? []) {
      defaultWebhook(webhook);
    }
  },
  validate: (object, errors, at) => validateWebhooks(object.webhooks, errors, at.child("webhooks")),
  columns: [NAME, column("Webhooks", { type: "integer" }), AGE],
  cells: (object, now) => [nameCell(object), object.webhooks?.length ?? 0, ageCell(object, now)],
});
