/** PodTemplate (v1): a pod template on its own. */
import { defineKind } from "../define.ts";
import type { PodTemplate } from "../schema/generated/types/core.v1.ts";
import { applyPodTemplateDefaults } from "./pod-spec/defaults.ts";
import { dropDisabledFields } from "./pod-spec/disabled-fields.ts";
import { validatePodTemplateSpec } from "./pod-spec/template.ts";
import { templateWarnings } from "./pod-spec/warnings.ts";
import { templateCells } from "./pod-template-cells.ts";
import { column, labelsCell, NAME, nameCell } from "./table.ts";

export const podTemplate = defineKind<PodTemplate>({
  group: "",
  version: "v1",
  kind: "PodTemplate",
  plural: "podtemplates",
  scope: "Namespaced",
  applyDefaults: ({ template }) => applyPodTemplateDefaults(template),
  prepareForCreate: ({ template }) => dropDisabledFields(template.spec),
  prepareForUpdate: ({ template }) => dropDisabledFields(template.spec),
  validate: ({ template }, errors, at) => validatePodTemplateSpec(template, errors, at.child("template")),
  warnings: (object, old) => templateWarnings(object.template, old?.template, "template"),
  generation: "spec",
  returnsDeletedObject: true,
  columns: [NAME, column("Containers"), column("Images"), column("Pod Labels")],
  cells: (object) => [nameCell(object), ...templateCells(object.template), labelsCell(object.template?.metadata?.labels)],
});
