/** DeviceClass (resource.k8s.io/v1): a kind of device that claims can ask for (KEP-4381). */

import { isExtendedResource } from "../core/resources.ts";
import { AGE, ageCell, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { DeviceClass } from "../schema/generated/types/resource.v1.ts";
import { validateConfiguration, validateSelectors } from "./device-requests.ts";

export const deviceClass = defineKind<DeviceClass>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "DeviceClass",
  plural: "deviceclasses",
  scope: "Cluster",
  returnsDeletedObject: true,
  generation: "spec",
  applyDefaults(object) {
    object.spec ??= {};
  },
  validate(object, errors, at) {
    const specAt = at.child("spec");
    validateSelectors(object.spec.selectors, errors, specAt.child("selectors"));
    const configs = object.spec.config ?? [];
    if (configs.length > 32) errors.tooMany(specAt.child("config"), configs.length, 32);
    for (const [i, config] of configs.entries()) validateConfiguration(config.opaque, errors, specAt.child("config").index(i));
    const extended = object.spec.extendedResourceName;
    if (extended !== undefined && !isExtendedResource(extended))
      errors.invalid(specAt.child("extendedResourceName"), extended, "must be a valid extended resource name");
  },
  columns: [NAME, AGE],
  cells: (object, now) => [nameCell(object), ageCell(object, now)],
});
