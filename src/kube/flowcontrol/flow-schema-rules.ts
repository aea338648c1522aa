/** What a FlowSchema may say. */
import { sameJson } from "../core/equality.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { entryOf } from "../machinery/json-value.ts";
import { isDNS1123Label, isDNS1123Subdomain, nameIsDNSSubdomain } from "../machinery/names.ts";
import type { FlowSchema, NonResourcePolicyRule, PolicyRulesWithSubjects, ResourcePolicyRule, Subject } from "../schema/generated/types/flowcontrol.v1.ts";

const MAX_PRECEDENCE = 10000;
const METHODS = ["ByNamespace", "ByUser"];
const SUBJECT_KINDS = ["Group", "ServiceAccount", "User"];
const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];
const NON_RESOURCE_VERBS = ["connect", "delete", "get", "head", "options", "patch", "post", "put", "trace"];
const EVERYTHING = [
  {
    subjects: [
      { kind: "Group", group: { name: "system:unauthenticated" } },
      { kind: "Group", group: { name: "system:authenticated" } },
    ],
    resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], clusterScope: true, namespaces: ["*"] }],
    nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
  },
];
const MASTERS = [{ ...EVERYTHING[0], subjects: [{ kind: "Group", group: { name: "system:masters" } }] }];
/** The two schemas that may not change. */
const MANDATORY: Readonly<Record<string, FlowSchema["spec"]>> = {
  exempt: { priorityLevelConfiguration: { name: "exempt" }, matchingPrecedence: 1, rules: MASTERS as PolicyRulesWithSubjects[] },
  "catch-all": {
    priorityLevelConfiguration: { name: "catch-all" },
    matchingPrecedence: MAX_PRECEDENCE,
    distinguisherMethod: { type: "ByUser" },
    rules: EVERYTHING as PolicyRulesWithSubjects[],
  },
};

export function validateFlowSchema(object: FlowSchema, errors: FieldErrors, at: FieldPath): void {
  const specAt = at.child("spec");
  const name = object.metadata.name ?? "";
  const { spec } = object;
  const mandatory = entryOf(MANDATORY, name);
  if (mandatory && !sameJson(spec, mandatory)) errors.invalid(specAt, spec, `spec of '${name}' must equal the fixed value`);

  const precedence = spec.matchingPrecedence ?? 0;
  const precedenceAt = specAt.child("matchingPrecedence");
  if (precedence <= 0) errors.invalid(precedenceAt, precedence, "must be a positive value");
  if (precedence > MAX_PRECEDENCE) errors.invalid(precedenceAt, precedence, `must not be greater than ${MAX_PRECEDENCE}`);
  if (precedence === 1 && name !== "exempt") errors.invalid(precedenceAt, precedence, "only the schema named 'exempt' may have matchingPrecedence 1");
  if (spec.distinguisherMethod && !METHODS.includes(spec.distinguisherMethod.type)) {
    errors.add(
      "NotSupported",
      specAt.child("distinguisherMethod", "type"),
      { Type: spec.distinguisherMethod.type },
      'supported values: "ByNamespace", "ByUser"',
    );
  }
  const level = spec.priorityLevelConfiguration?.name ?? "";
  const levelAt = specAt.child("priorityLevelConfiguration", "name");
  if (!level) errors.required(levelAt, "must reference a priority level");
  else for (const problem of nameIsDNSSubdomain(level, false)) errors.invalid(levelAt, level, problem);
  for (const [i, rule] of (spec.rules ?? []).entries()) validateRule(rule, errors, specAt.child("rules").index(i));
}

function validateRule(rule: PolicyRulesWithSubjects, errors: FieldErrors, at: FieldPath): void {
  if (!rule.subjects?.length) errors.required(at.child("subjects"), "subjects must contain at least one value");
  for (const [i, subject] of (rule.subjects ?? []).entries()) validateSubject(subject, errors, at.child("subjects").index(i));
  if (!rule.resourceRules?.length && !rule.nonResourceRules?.length)
    errors.required(at, "at least one of resourceRules and nonResourceRules has to be non-empty");
  for (const [i, each] of (rule.resourceRules ?? []).entries()) validateResourceRule(each, errors, at.child("resourceRules").index(i));
  for (const [i, each] of (rule.nonResourceRules ?? []).entries()) validateNonResourceRule(each, errors, at.child("nonResourceRules").index(i));
}

function validateSubject(subject: Subject, errors: FieldErrors, at: FieldPath): void {
  const kinds = { ServiceAccount: "serviceAccount", User: "user", Group: "group" } as const;
  const own = entryOf<"serviceAccount" | "user" | "group">(kinds, subject.kind ?? "");
  if (!own) {
    errors.notSupported(at.child("kind"), subject.kind, SUBJECT_KINDS);
    return;
  }
  if (subject[own] === undefined) {
    errors.required(at.child(own), `${own} is required when subject kind is '${subject.kind}'`);
  } else if (own === "serviceAccount") {
    const { name = "", namespace = "" } = subject.serviceAccount ?? {};
    if (!name) errors.required(at.child("serviceAccount", "name"));
    else if (name !== "*") for (const problem of isDNS1123Subdomain(name)) errors.invalid(at.child("serviceAccount", "name"), name, problem);
    if (!namespace) errors.required(at.child("serviceAccount", "namespace"), "must specify namespace for service account");
    else for (const problem of isDNS1123Label(namespace)) errors.invalid(at.child("serviceAccount", "namespace"), namespace, problem);
  } else if (!subject[own]?.name) {
    errors.required(at.child(own, "name"));
  }
  for (const other of ["user", "group", "serviceAccount"] as const) {
    if (other !== own && subject[other] !== undefined)
      errors.forbidden(at.child(other), `${other} is forbidden when subject kind is not '${Object.entries(kinds).find(([, field]) => field === other)?.[0]}'`);
  }
}

function validateVerbs(verbs: readonly string[] | undefined, known: readonly string[], errors: FieldErrors, at: FieldPath): void {
  if (!verbs?.length) {
    errors.required(at, "verbs must contain at least one value");
  } else if (verbs.includes("*") && verbs.length > 1) {
    errors.invalid(at, verbs, "if '*' is present, must not specify other verbs");
  } else if (!verbs.includes("*") && verbs.some((verb) => !known.includes(verb))) {
    // The list that upstream names is that of resource verbs, also here.
    errors.notSupported(at, verbs, VERBS);
  }
}

function validateResourceRule(rule: ResourcePolicyRule, errors: FieldErrors, at: FieldPath): void {
  validateVerbs(rule.verbs, VERBS, errors, at.child("verbs"));
  const list = (values: readonly string[] | undefined, field: string, missing: string, plural: string) => {
    if (!values?.length) errors.required(at.child(field), missing);
    else if (values.length > 1 && values.includes("*")) errors.invalid(at.child(field), values, `if '*' is present, must not specify other ${plural}`);
  };
  list(rule.apiGroups, "apiGroups", "resource rules must supply at least one api group", "api groups");
  list(rule.resources, "resources", "resource rules must supply at least one resource", "resources");
  if (!rule.namespaces?.length && !rule.clusterScope) {
    errors.required(at.child("namespaces"), "resource rules that are not cluster scoped must supply at least one namespace");
  } else if (rule.namespaces && rule.namespaces.length > 1 && rule.namespaces.includes("*")) {
    errors.invalid(at.child("namespaces"), rule.namespaces, "if '*' is present, must not specify other namespaces");
  } else {
    for (const [i, namespace] of (rule.namespaces ?? []).entries()) {
      if (namespace !== "*")
        for (const problem of isDNS1123Label(namespace))
          errors.invalid(at.child("namespaces").index(i), namespace, `each member of this list must be '*' or a DNS-1123 label; ${problem}`);
    }
  }
}

function validateNonResourceRule(rule: NonResourcePolicyRule, errors: FieldErrors, at: FieldPath): void {
  validateVerbs(rule.verbs, NON_RESOURCE_VERBS, errors, at.child("verbs"));
  const urlsAt = at.child("nonResourceURLs");
  const urls = rule.nonResourceURLs ?? [];
  if (urls.length === 0) errors.required(urlsAt, "nonResourceURLs must contain at least one value");
  else if (urls.length > 1 && urls.includes("*")) errors.invalid(urlsAt, urls, "if '*' is present, must not specify other non-resource URLs");
  if (urls.length === 0 || urls.includes("*")) return;
  for (const [i, url] of urls.entries()) {
    if (!url) errors.invalid(urlsAt.index(i), url, "must not be empty");
    else if (!url.startsWith("/")) errors.invalid(urlsAt.index(i), url, "must start with slash");
    else if (url.length > 1 && url.includes("//")) errors.invalid(urlsAt.index(i), url, "must not contain double slash");
    else if (url.includes("*") && !url.endsWith("/*")) errors.invalid(urlsAt.index(i), url, "wildcard can only do suffix matching");
  }
}
