/** LimitRange (v1): bounds and defaults for what one container, pod or claim of a namespace may ask for. */
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { entryOf } from "../machinery/json-value.ts";
import { isQualifiedName } from "../machinery/names.ts";
import { compareQuantity, parseQuantity } from "../machinery/quantity.ts";
import type { LimitRange, LimitRangeItem } from "../schema/generated/types/core.v1.ts";
import { isFullyQualified, isStandardLimitRangeResource, type ResourceList, validateResourceName } from "./resources.ts";
import { NAME_AND_CREATION, nameAndCreation } from "./table.ts";

export const limitRange = defineKind<LimitRange>({
  group: "",
  version: "v1",
  kind: "LimitRange",
  plural: "limitranges",
  shortNames: ["limits"],
  scope: "Namespaced",
  allowCreateOnUpdate: true,
  applyDefaults(object) {
    for (const item of object.spec?.limits ?? []) if (item.type === "Container") defaultContainerItem(item);
  },
  validate: validateLimitRange,
  columns: NAME_AND_CREATION,
  cells: nameAndCreation,
});

/** default ← max; defaultRequest ← default, then min. */
function defaultContainerItem(item: LimitRangeItem): void {
  const limits: ResourceList = { ...item.default };
  const requests: ResourceList = { ...item.defaultRequest };
  for (const [name, value] of Object.entries(item.max ?? {})) limits[name] ??= value;
  for (const [name, value] of Object.entries(limits)) requests[name] ??= value;
  for (const [name, value] of Object.entries(item.min ?? {})) requests[name] ??= value;
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}

function validateLimitRange(object: LimitRange, errors: FieldErrors, at: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, item] of (object.spec?.limits ?? []).entries()) {
    const itemAt = at.child("spec", "limits").index(i);
    validateTypeName(item.type, errors, itemAt.child("type"));
    if (seen.has(item.type)) errors.duplicate(itemAt.child("type"), item.type);
    seen.add(item.type);
    validateItem(item, errors, itemAt);
  }
}

function validateTypeName(type: string, errors: FieldErrors, at: FieldPath): void {
  const problems = isQualifiedName(type);
  for (const problem of problems) errors.invalid(at, type, problem);
  if (problems.length > 0) return;
  if (!type.includes("/") && !["Pod", "Container", "PersistentVolumeClaim"].includes(type)) {
    errors.invalid(at, type, "must be a standard limit type or fully qualified");
  }
}

function validateItem(item: LimitRangeItem, errors: FieldErrors, at: FieldPath): void {
  const names = new Set<string>();
  const checkNames = (list: ResourceList | undefined, field: string) => {
    for (const name of Object.keys(list ?? {}).sort()) {
      validateItemResourceName(name, item.type, errors, at.child(field).key(name));
      names.add(name);
    }
  };
  checkNames(item.max, "max");
  checkNames(item.min, "min");
  if (item.type === "Pod") {
    if (item.default && Object.keys(item.default).length > 0) errors.forbidden(at.child("default"), "may not be specified when `type` is 'Pod'");
    if (item.defaultRequest && Object.keys(item.defaultRequest).length > 0)
      errors.forbidden(at.child("defaultRequest"), "may not be specified when `type` is 'Pod'");
  } else {
    checkNames(item.default, "default");
    checkNames(item.defaultRequest, "defaultRequest");
  }
  if (item.type === "PersistentVolumeClaim" && item.min?.storage === undefined && item.max?.storage === undefined) {
    errors.required(at.child("limits"), "either minimum or maximum storage value is required, but neither was provided");
  }
  checkNames(item.maxLimitRequestRatio, "maxLimitRequestRatio");
  for (const name of [...names].sort()) validateBounds(item, name, errors, at);
}

function validateBounds(item: LimitRangeItem, name: string, errors: FieldErrors, at: FieldPath): void {
  const min = entryOf(item.min, name);
  const max = entryOf(item.max, name);
  const limit = item.type === "Pod" ? undefined : entryOf(item.default, name);
  const request = item.type === "Pod" ? undefined : entryOf(item.defaultRequest, name);
  const ratio = entryOf(item.maxLimitRequestRatio, name);
  const more = (a: string | number | undefined, b: string | number | undefined) => a !== undefined && b !== undefined && compare(a, b) > 0;

  if (more(min, max)) errors.invalid(at.child("min").key(name), min, `min value ${min} is greater than max value ${max}`);
  if (more(min, request)) errors.invalid(at.child("defaultRequest").key(name), request, `min value ${min} is greater than default request value ${request}`);
  if (more(request, max)) errors.invalid(at.child("defaultRequest").key(name), request, `default request value ${request} is greater than max value ${max}`);
  if (more(request, limit))
    errors.invalid(at.child("defaultRequest").key(name), request, `default request value ${request} is greater than default limit value ${limit}`);
  if (more(min, limit)) errors.invalid(at.child("default").key(name), min, `min value ${min} is greater than default value ${limit}`);
  if (more(limit, max)) errors.invalid(at.child("default").key(name), max, `default value ${limit} is greater than max value ${max}`);
  if (ratio !== undefined) {
    const ratioAt = at.child("maxLimitRequestRatio").key(name);
    if (compare(ratio, "1") < 0) errors.invalid(ratioAt, ratio, `ratio ${ratio} is less than 1`);
    if (min !== undefined && max !== undefined) {
      const greatest = toNumber(max) / toNumber(min);
      if (toNumber(ratio) > greatest) errors.invalid(ratioAt, ratio, `ratio ${ratio} is greater than max/min = ${greatest.toFixed(6)}`);
    }
  }
  if (
    name !== "cpu" &&
    name !== "memory" &&
    isNonOvercommitable(name) &&
    item.type === "Container" &&
    limit !== undefined &&
    request !== undefined &&
    compare(limit, request) !== 0
  ) {
    errors.invalid(at.child("defaultRequest").key(name), request, `default value ${limit} must equal to defaultRequest value ${request} in ${name}`);
  }
}

/** Hugepages and extended resources can't be overcommitted, so their default request is their default limit. */
function isNonOvercommitable(name: string): boolean {
  return name.startsWith("hugepages-") || (isFullyQualified(name) && !name.includes("kubernetes.io/") && !name.startsWith("requests."));
}

function validateItemResourceName(name: string, type: string, errors: FieldErrors, at: FieldPath): void {
  validateResourceName(name, errors, at);
  const forContainers = type === "Pod" || type === "Container";
  if (forContainers && !name.includes("/") && !isStandardLimitRangeResource(name)) errors.invalid(at, name, "must be a standard resource for containers");
}

function compare(a: string | number, b: string | number): number {
  return compareQuantity(parseQuantity(String(a)), parseQuantity(String(b)));
}

function toNumber(value: string | number): number {
  return parseQuantity(String(value)).toNumber();
}
