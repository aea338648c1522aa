/** ResourceSlice (resource.k8s.io/v1): devices that a driver offers (KEP-4381). */
import { validateNodeSelector } from "../core/node-selector.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../machinery/names.ts";
import type { DeviceAttribute, ResourceSlice, ResourceSliceSpec } from "../schema/generated/types/resource.v1.ts";
import { validateDriver } from "./device-requests.ts";

const MAX_DEVICES = 128;
const MAX_POOL_NAME = 253;

export const resourceSlice = defineKind<ResourceSlice>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceSlice",
  plural: "resourceslices",
  scope: "Cluster",
  returnsDeletedObject: true,
  generation: "spec",
  validate: (object, errors, at) => validateSpec(object.spec, errors, at.child("spec")),
  validateUpdate(object, old, errors, at) {
    const specAt = at.child("spec");
    if (object.spec.driver !== old.spec.driver) errors.invalid(specAt.child("driver"), object.spec.driver, "field is immutable");
    if (object.spec.pool?.name !== old.spec.pool?.name) errors.invalid(specAt.child("pool", "name"), object.spec.pool?.name ?? "", "field is immutable");
    if (object.spec.nodeName !== old.spec.nodeName) errors.invalid(specAt.child("nodeName"), object.spec.nodeName ?? null, "field is immutable");
  },
  columns: [NAME, column("Node"), column("Driver"), column("Pool"), AGE],
  cells: (object, now) => [nameCell(object), object.spec?.nodeName ?? "", object.spec?.driver ?? "", object.spec?.pool?.name ?? "", ageCell(object, now)],
  selectableFields: { "spec.nodeName": (object) => object.spec?.nodeName ?? "", "spec.driver": (object) => object.spec?.driver ?? "" },
  refuseField: (field) => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
});

function validateSpec(spec: ResourceSliceSpec, errors: FieldErrors, at: FieldPath): void {
  validateDriver(spec.driver, errors, at.child("driver"));
  validatePool(spec, errors, at.child("pool"));
  const set: string[] = [];
  if (spec.nodeName !== undefined) {
    if (spec.nodeName === "") {
      errors.invalid(at.child("nodeName"), spec.nodeName, "must be either unset or set to a non-empty string");
    } else {
      set.push("`nodeName`");
      for (const problem of isDNS1123Subdomain(spec.nodeName)) errors.invalid(at.child("nodeName"), spec.nodeName, problem);
    }
  }
  if (spec.nodeSelector) {
    set.push("`nodeSelector`");
    validateNodeSelector(spec.nodeSelector, errors, at.child("nodeSelector"));
    if (spec.nodeSelector.nodeSelectorTerms?.length !== 1)
      errors.invalid(at.child("nodeSelector", "nodeSelectorTerms"), spec.nodeSelector.nodeSelectorTerms ?? [], "must have exactly one node selector term");
  }
  if (spec.allNodes !== undefined) {
    if (spec.allNodes) set.push("`allNodes`");
    else errors.invalid(at.child("allNodes"), spec.allNodes, "must be either unset or set to true");
  }
  if (spec.perDeviceNodeSelection !== undefined) {
    if (spec.perDeviceNodeSelection) set.push("`perDeviceNodeSelection`");
    else errors.invalid(at.child("perDeviceNodeSelection"), spec.perDeviceNodeSelection, "must be either unset or set to true");
  }
  if (set.length === 0) errors.required(at, "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required");
  else if (set.length > 1)
    errors.invalid(
      at,
      `{${set.join(", ")}}`,
      "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set",
    );
  const devices = spec.devices ?? [];
  if (devices.length > MAX_DEVICES) errors.tooMany(at.child("devices"), devices.length, MAX_DEVICES);
  const names = new Set<string>();
  for (const [i, device] of devices.entries()) {
    const deviceAt = at.child("devices").index(i);
    for (const problem of isDNS1123Label(device.name ?? "")) errors.invalid(deviceAt.child("name"), device.name ?? "", problem);
    for (const [name, attribute] of Object.entries(device.attributes ?? {})) validateAttribute(attribute, errors, deviceAt.child("attributes").key(name));
    if (names.has(device.name)) errors.duplicate(deviceAt, device.name);
    names.add(device.name);
  }
}

/** Exactly one value. */
function validateAttribute(attribute: DeviceAttribute, errors: FieldErrors, at: FieldPath): void {
  const value = {
    IntValue: attribute.int ?? null,
    BoolValue: attribute.bool ?? null,
    StringValue: attribute.string ?? null,
    VersionValue: attribute.version ?? null,
    IntValues: attribute.ints ?? null,
    BoolValues: attribute.bools ?? null,
    StringValues: attribute.strings ?? null,
    VersionValues: attribute.versions ?? null,
  };
  const set = Object.values(value).filter((each) => each !== null).length;
  if (set !== 1) errors.invalid(at, set === 0 ? "" : value, "exactly one value must be specified");
}

function validatePool(spec: ResourceSliceSpec, errors: FieldErrors, at: FieldPath): void {
  const name = spec.pool?.name ?? "";
  if (!name) errors.required(at.child("name"));
  else if (name.length > MAX_POOL_NAME) errors.tooLong(at.child("name"), MAX_POOL_NAME);
  else for (const part of name.split("/")) for (const problem of isDNS1123Subdomain(part)) errors.invalid(at.child("name"), part, problem);
  const count = spec.pool?.resourceSliceCount ?? 0;
  if (count <= 0) errors.invalid(at.child("resourceSliceCount"), count, "must be greater than zero");
  const generation = spec.pool?.generation ?? 0;
  if (generation < 0) errors.invalid(at.child("generation"), generation, "must be greater than or equal to zero");
}
