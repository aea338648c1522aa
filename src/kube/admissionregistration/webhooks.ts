/** Admission webhooks: defaults and rules that the validating and the mutating ones share. */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { validateLabelSelector } from "../machinery/label-selector.ts";
import { isDNS1035Label, isDNS1123Subdomain, isFullyQualifiedName } from "../machinery/names.ts";
import type { MutatingWebhook, ValidatingWebhook, WebhookClientConfig } from "../schema/generated/types/admissionregistration.v1.ts";
import { validateMatchConditions, validateRule } from "./match-resources.ts";

const FAILURE_POLICIES = ["Fail", "Ignore"];
const MATCH_POLICIES = ["Equivalent", "Exact"];
const SIDE_EFFECTS = ["None", "NoneOnDryRun"];
const REVIEW_VERSIONS = ["v1", "v1beta1"];

export function defaultWebhook(webhook: ValidatingWebhook | MutatingWebhook): void {
  webhook.failurePolicy ??= "Fail";
  webhook.matchPolicy ??= "Equivalent";
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
  for (const rule of webhook.rules ?? []) rule.scope ??= "*";
}

export function validateWebhooks(webhooks: readonly (ValidatingWebhook | MutatingWebhook)[] | undefined, errors: FieldErrors, at: FieldPath): void {
  const names = new Set<string>();
  for (const [i, webhook] of (webhooks ?? []).entries()) {
    const itemAt = at.index(i);
    validateWebhook(webhook, errors, itemAt);
    validateReviewVersions(webhook.admissionReviewVersions ?? [], errors, itemAt.child("admissionReviewVersions"));
    if (webhook.name) {
      if (names.has(webhook.name)) errors.duplicate(itemAt.child("name"), webhook.name);
      names.add(webhook.name);
    }
  }
}

function validateWebhook(webhook: ValidatingWebhook | MutatingWebhook, errors: FieldErrors, at: FieldPath): void {
  const name = webhook.name ?? "";
  if (!name) errors.required(at.child("name"));
  else for (const problem of isFullyQualifiedName(name)) errors.invalid(at.child("name"), name, problem);
  for (const [i, rule] of (webhook.rules ?? []).entries()) validateRule(rule, true, errors, at.child("rules").index(i));
  if (webhook.failurePolicy !== undefined && !FAILURE_POLICIES.includes(webhook.failurePolicy))
    errors.notSupported(at.child("failurePolicy"), webhook.failurePolicy, FAILURE_POLICIES);
  if (webhook.matchPolicy !== undefined && !MATCH_POLICIES.includes(webhook.matchPolicy))
    errors.notSupported(at.child("matchPolicy"), webhook.matchPolicy, MATCH_POLICIES);
  if (webhook.sideEffects === undefined || webhook.sideEffects === null) errors.required(at.child("sideEffects"), "must specify one of None, NoneOnDryRun");
  else if (!SIDE_EFFECTS.includes(webhook.sideEffects)) errors.notSupported(at.child("sideEffects"), webhook.sideEffects, SIDE_EFFECTS);
  const seconds = webhook.timeoutSeconds;
  if (seconds !== undefined && (seconds > 30 || seconds < 1))
    errors.invalid(at.child("timeoutSeconds"), seconds, "the timeout value must be between 1 and 30 seconds");
  if (webhook.namespaceSelector) validateLabelSelector(webhook.namespaceSelector, errors, at.child("namespaceSelector"));
  if (webhook.objectSelector) validateLabelSelector(webhook.objectSelector, errors, at.child("objectSelector"));
  validateClientConfig(webhook.clientConfig ?? {}, errors, at.child("clientConfig"));
  validateMatchConditions(webhook.matchConditions, errors, at.child("matchConditions"));
  const reinvocation = (webhook as MutatingWebhook).reinvocationPolicy;
  if (reinvocation !== undefined && !["IfNeeded", "Never"].includes(reinvocation))
    errors.notSupported(at.child("reinvocationPolicy"), reinvocation, ["IfNeeded", "Never"]);
}

function validateReviewVersions(versions: readonly string[], errors: FieldErrors, at: FieldPath): void {
  if (versions.length === 0) {
    errors.required(at, "must specify one of v1, v1beta1");
    return;
  }
  const seen = new Set<string>();
  for (const [i, version] of versions.entries()) {
    if (seen.has(version)) errors.invalid(at.index(i), version, "duplicate version");
    else for (const problem of isDNS1035Label(version)) errors.invalid(at.index(i), version, problem);
    seen.add(version);
  }
  if (!versions.some((version) => REVIEW_VERSIONS.includes(version))) errors.invalid(at, versions, "must include at least one of v1, v1beta1");
}

/** Where to call: a https URL or a Service, exactly one. */
export function validateClientConfig(config: WebhookClientConfig, errors: FieldErrors, at: FieldPath): void {
  if ((config.url === undefined) === (config.service === undefined)) {
    errors.required(at, "exactly one of url or service is required");
    return;
  }
  if (config.url !== undefined) validateURL(config.url, errors, at.child("url"));
  else if (config.service) validateServiceReference(config.service, errors, at.child("service"));
}

function validateURL(text: string, errors: FieldErrors, at: FieldPath): void {
  const form = "; desired format: https://host[/path]";
  // RFC 3986's own split: a relative reference is a URL too, without scheme and host.
  const [, scheme = "", authority = "", query, fragment] = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/.exec(text) ?? [];
  const [host = "", user] = authority.split("@").reverse();
  if (scheme !== "https") errors.invalid(at, scheme, `'https' is the only allowed URL scheme${form}`);
  if (!host) errors.invalid(at, host, `host must be specified${form}`);
  if (user !== undefined) errors.invalid(at, user, "user information is not permitted in the URL");
  if (fragment) errors.invalid(at, fragment, "fragments are not permitted in the URL");
  if (query) errors.invalid(at, query, "query parameters are not permitted in the URL");
}

function validateServiceReference(service: NonNullable<WebhookClientConfig["service"]>, errors: FieldErrors, at: FieldPath): void {
  if (!service.name) errors.required(at.child("name"));
  if (!service.namespace) errors.required(at.child("namespace"));
  const port = service.port ?? 0;
  if (port < 1 || port > 65535) errors.invalid(at.child("port"), port, "port is not valid: must be between 1 and 65535, inclusive");
  if (service.path === undefined || service.path === "" || service.path === "/") return;
  const pathAt = at.child("path");
  if (!service.path.startsWith("/")) errors.invalid(pathAt, service.path, "must start with a '/'");
  const segments = (service.path.endsWith("/") ? service.path.slice(0, -1) : service.path).slice(1).split("/");
  for (const [i, segment] of segments.entries()) {
    if (segment === "") errors.invalid(pathAt, service.path, `segment[${i}] may not be empty`);
    else for (const problem of isDNS1123Subdomain(segment)) errors.invalid(pathAt, service.path, `segment[${i}]: ${problem}`);
  }
}
