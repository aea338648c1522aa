/** What a claim asks of devices: defaults and rules of claims, claim templates and classes (KEP-4381). */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isCIdentifier, isDNS1123Label, isDNS1123Subdomain } from "../machinery/names.ts";
import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  OpaqueDeviceConfiguration,
} from "../schema/generated/types/resource.v1.ts";
import { validateDeviceExpression } from "./device-expression.ts";

const MAX_REQUESTS = 32;
const MAX_SUBREQUESTS = 8;
const MAX_CONSTRAINTS = 32;
const MAX_CONFIGS = 32;
const MAX_SELECTORS = 32;
const MAX_TOLERATIONS = 16;
const MODES = ["All", "ExactCount"];
const OPERATORS = ["Equal", "Exists"];
const EFFECTS = ["NoExecute", "NoSchedule", "None"];

/** One device of a class, unless the request says otherwise. */
export function defaultClaim(claim: DeviceClaim | undefined): void {
  for (const request of claim?.requests ?? []) {
    if (request.exactly) defaultRequest(request.exactly);
    for (const each of request.firstAvailable ?? []) defaultRequest(each);
  }
}

function defaultRequest(request: ExactDeviceRequest | DeviceSubRequest): void {
  request.allocationMode ||= "ExactCount";
  if (request.allocationMode === "ExactCount") request.count ||= 1;
  for (const toleration of request.tolerations ?? []) toleration.operator ||= "Equal";
}

export function validateClaim(claim: DeviceClaim | undefined, errors: FieldErrors, at: FieldPath): void {
  const requests = claim?.requests ?? [];
  const names = new Set<string>();
  if (requests.length > MAX_REQUESTS) errors.tooMany(at.child("requests"), requests.length, MAX_REQUESTS);
  const seen = new Set<string>();
  for (const [i, request] of requests.entries()) {
    const requestAt = at.child("requests").index(i);
    validateRequest(request, errors, requestAt);
    if (seen.has(request.name)) errors.duplicate(requestAt, request.name);
    seen.add(request.name);
    names.add(request.name);
    for (const each of request.firstAvailable ?? []) names.add(`${request.name}/${each.name}`);
  }
  const constraints = claim?.constraints ?? [];
  if (constraints.length > MAX_CONSTRAINTS) errors.tooMany(at.child("constraints"), constraints.length, MAX_CONSTRAINTS);
  for (const [i, constraint] of constraints.entries()) validateConstraint(constraint, names, errors, at.child("constraints").index(i));
  const configs = claim?.config ?? [];
  if (configs.length > MAX_CONFIGS) errors.tooMany(at.child("config"), configs.length, MAX_CONFIGS);
  for (const [i, config] of configs.entries()) {
    const configAt = at.child("config").index(i);
    validateReferences(config.requests ?? [], names, errors, configAt.child("requests"));
    validateConfiguration(config.opaque, errors, configAt);
  }
}

function validateRequest(request: DeviceRequest, errors: FieldErrors, at: FieldPath): void {
  validateLabelName(request.name, errors, at.child("name"));
  const alternatives = request.firstAvailable ?? [];
  if (request.exactly && alternatives.length > 0) {
    errors.invalid(at, null, "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set");
  } else if (request.exactly) {
    validateExact(request.exactly, errors, at.child("exactly"));
  } else if (alternatives.length > 0) {
    if (alternatives.length > MAX_SUBREQUESTS) errors.tooMany(at.child("firstAvailable"), alternatives.length, MAX_SUBREQUESTS);
    const seen = new Set<string>();
    for (const [i, each] of alternatives.entries()) {
      const eachAt = at.child("firstAvailable").index(i);
      validateLabelName(each.name, errors, eachAt.child("name"));
      validateExact(each, errors, eachAt);
      if (seen.has(each.name)) errors.duplicate(eachAt, each.name);
      seen.add(each.name);
    }
  } else {
    errors.required(at, "exactly one of `exactly` or `firstAvailable` is required");
  }
}

function validateLabelName(name: string | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!name) errors.required(at);
  else for (const problem of isDNS1123Label(name)) errors.invalid(at, name, problem);
}

function validateExact(request: ExactDeviceRequest | DeviceSubRequest, errors: FieldErrors, at: FieldPath): void {
  if (!request.deviceClassName) errors.required(at.child("deviceClassName"));
  else for (const problem of isDNS1123Subdomain(request.deviceClassName)) errors.invalid(at.child("deviceClassName"), request.deviceClassName, problem);
  validateSelectors(request.selectors, errors, at.child("selectors"));
  const mode = request.allocationMode ?? "";
  const count = request.count ?? 0;
  if (!MODES.includes(mode)) errors.notSupported(at.child("allocationMode"), mode, MODES);
  if (mode === "All" && count !== 0) errors.invalid(at.child("count"), count, "must not be specified when allocationMode is 'All'");
  if (mode === "ExactCount" && count <= 0) errors.invalid(at.child("count"), count, "must be greater than zero");
  validateTolerations(request.tolerations ?? [], errors, at.child("tolerations"));
}

/** CEL selectors: one expression each. Expressions are compiled where they are used. */
export function validateSelectors(selectors: readonly DeviceSelector[] | undefined, errors: FieldErrors, at: FieldPath): void {
  const list = selectors ?? [];
  if (list.length > MAX_SELECTORS) errors.tooMany(at, list.length, MAX_SELECTORS);
  for (const [i, selector] of list.entries()) {
    if (!selector.cel) errors.required(at.index(i).child("cel"));
    else if (!selector.cel.expression) errors.required(at.index(i).child("cel", "expression"));
    else validateDeviceExpression(selector.cel.expression, errors, at.index(i).child("cel", "expression"));
  }
}

function validateTolerations(tolerations: readonly DeviceToleration[], errors: FieldErrors, at: FieldPath): void {
  if (tolerations.length > MAX_TOLERATIONS) errors.tooMany(at, tolerations.length, MAX_TOLERATIONS);
  for (const [i, toleration] of tolerations.entries()) {
    const itemAt = at.index(i);
    if (!toleration.operator) errors.required(itemAt.child("operator"));
    else if (!OPERATORS.includes(toleration.operator)) errors.notSupported(itemAt.child("operator"), toleration.operator, OPERATORS);
    if (toleration.operator === "Exists" && toleration.value) errors.invalid(itemAt.child("value"), toleration.value, "must be empty for operator `Exists`");
    if (toleration.effect && !EFFECTS.includes(toleration.effect)) errors.notSupported(itemAt.child("effect"), toleration.effect, EFFECTS);
  }
}

function validateConstraint(constraint: DeviceConstraint, names: ReadonlySet<string>, errors: FieldErrors, at: FieldPath): void {
  validateReferences(constraint.requests ?? [], names, errors, at.child("requests"));
  const attribute = constraint.matchAttribute;
  if (attribute !== undefined) validateFullyQualifiedAttribute(attribute, errors, at.child("matchAttribute"));
  else if (constraint.distinctAttribute === undefined)
    errors.required(at, 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set');
}

function validateReferences(requests: readonly string[], names: ReadonlySet<string>, errors: FieldErrors, at: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, name] of requests.entries()) {
    if (seen.has(name)) errors.duplicate(at.index(i), name);
    seen.add(name);
    if (!names.has(name))
      errors.invalid(at.index(i), name, "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'");
  }
}

function validateFullyQualifiedAttribute(name: string, errors: FieldErrors, at: FieldPath): void {
  if (name === "") {
    errors.required(at);
    return;
  }
  const [domain, identifier] = name.split("/");
  if (identifier === undefined) {
    errors.invalid(at, name, "a fully qualified name must be a domain and a name separated by a slash");
    return;
  }
  if (!domain) errors.required(at, "the domain must not be empty");
  else for (const problem of isDNS1123Subdomain(domain)) errors.invalid(at, domain, problem);
  if (!identifier) errors.required(at, "the name must not be empty");
  else for (const problem of isCIdentifier(identifier)) errors.invalid(at, identifier, problem);
}

/** Opaque parameters for a driver: a JSON object. */
export function validateConfiguration(opaque: OpaqueDeviceConfiguration | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!opaque) {
    errors.required(at.child("opaque"));
    return;
  }
  validateDriver(opaque.driver, errors, at.child("opaque", "driver"));
  const { parameters } = opaque;
  if (parameters === undefined || parameters === null) errors.required(at.child("opaque", "parameters"));
  else if (typeof parameters !== "object" || Array.isArray(parameters))
    errors.invalid(at.child("opaque", "parameters"), "<value omitted>", "must be a valid JSON object");
}

export function validateDriver(driver: string | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!driver) errors.required(at);
  else if (driver.length > 63) errors.tooLong(at, 63);
  else for (const problem of isDNS1123Subdomain(driver)) errors.invalid(at, driver, problem);
}
