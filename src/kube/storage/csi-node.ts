/** CSINode (storage.k8s.io/v1): the CSI drivers on a node. */
import { sameJson } from "../core/equality.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { validateDriverName } from "../core/volume-sources.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isQualifiedName } from "../machinery/names.ts";
import type { CSINode, CSINodeDriver } from "../schema/generated/types/storage.v1.ts";

const NODE_ID_MAX = 256;

export const csiNode = defineKind<CSINode>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSINode",
  plural: "csinodes",
  scope: "Cluster",
  returnsDeletedObject: true,
  allowUnconditionalUpdate: false,
  validate: validateNodeDrivers,
  validateUpdate(object, old, errors, at) {
    // A driver on a node may come and go, but not change under its name.
    for (const before of old.spec?.drivers ?? []) {
      for (const now of object.spec?.drivers ?? []) {
        const { allocatable: _now, ...fixedNow } = now;
        const { allocatable: _before, ...fixedBefore } = before;
        if (now.name === before.name && !sameJson(fixedNow, fixedBefore)) {
          const value = { Name: now.name, NodeID: now.nodeID, TopologyKeys: now.topologyKeys, Allocatable: null };
          errors.invalid(at.child("spec", "drivers"), value, "field is immutable");
        }
      }
    }
  },
  columns: [NAME, column("Drivers", { type: "integer" }), AGE],
  cells: (object, now) => [nameCell(object), object.spec?.drivers?.length ?? 0, ageCell(object, now)],
});

function validateNodeDrivers(object: CSINode, errors: FieldErrors, at: FieldPath): void {
  const names = new Set<string>();
  for (const [i, driver] of (object.spec?.drivers ?? []).entries()) validateDriver(driver, names, errors, at.child("spec", "drivers").index(i));
}

function validateDriver(driver: CSINodeDriver, names: Set<string>, errors: FieldErrors, at: FieldPath): void {
  validateDriverName(driver.name ?? "", errors, at.child("name"));
  if (!driver.nodeID) errors.required(at.child("nodeID"));
  if ((driver.nodeID ?? "").length > NODE_ID_MAX) errors.invalid(at.child("nodeID"), driver.nodeID, `must be ${NODE_ID_MAX} characters or less`);
  const count = driver.allocatable?.count;
  if (count !== undefined && count < 0) errors.invalid(at.child("allocatable", "count"), count, "must be greater than or equal to 0");
  if (names.has(driver.name)) errors.duplicate(at.child("name"), driver.name);
  names.add(driver.name);
  const keys = new Set<string>();
  for (const key of driver.topologyKeys ?? []) {
    if (!key) errors.required(at);
    if (keys.has(key)) errors.duplicate(at, key);
    keys.add(key);
    for (const problem of isQualifiedName(key)) errors.invalid(at, key, problem);
  }
}
