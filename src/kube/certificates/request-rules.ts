/** What a CertificateSigningRequest may say, and what each of its subresources may change. */
import { sameJson } from "../core/equality.ts";
import { type FieldErrors, FieldPath } from "../machinery/field.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../machinery/names.ts";
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from "../schema/generated/types/certificates.v1.ts";

const DECISIONS = ["Approved", "Denied"];
const MIN_SECONDS = 600;
const USAGES = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];

export function validateRequest(object: CertificateSigningRequest, errors: FieldErrors, at: FieldPath): void {
  const specAt = at.child("spec");
  const { spec } = object;
  const usages = spec.usages ?? [];
  if (usages.length === 0) errors.required(specAt.child("usages"));
  const problem = pemProblem(spec.request ?? "");
  if (problem) errors.invalid(specAt.child("request"), spec.request ?? null, problem);
  for (const [i, usage] of usages.entries()) {
    if (!USAGES.includes(usage)) errors.notSupported(specAt.child("usages").index(i), usage, USAGES);
    if (usages.indexOf(usage) < i) errors.duplicate(specAt.child("usages").index(i), usage);
  }
  if (spec.signerName === "kubernetes.io/legacy-unknown")
    errors.invalid(specAt.child("signerName"), spec.signerName, "the legacy signerName is not allowed via this API version");
  else validateSignerName(spec.signerName ?? "", errors, specAt.child("signerName"));
  if (spec.expirationSeconds !== undefined && spec.expirationSeconds < MIN_SECONDS)
    errors.invalid(specAt.child("expirationSeconds"), spec.expirationSeconds, "may not specify a duration less than 600 seconds (10 minutes)");
  validateConditions(object, errors, at.child("status", "conditions"));
}

/** `<domain>/<path>`: the domain a subdomain of two labels or more. */
export function validateSignerName(signerName: string, errors: FieldErrors, at: FieldPath): void {
  if (!signerName) {
    errors.required(at);
    return;
  }
  const [domain = "", path, ...rest] = signerName.split("/");
  if (path === undefined || rest.length > 0) {
    errors.invalid(at, signerName, "must be a fully qualified domain and path of the form 'example.com/signer-name'");
    return;
  }
  for (const label of domain.split(".")) {
    for (const problem of isDNS1123Label(label)) errors.invalid(at, domain, `validating label ${JSON.stringify(label)}: ${problem}`);
  }
  if (!domain.includes(".")) errors.invalid(at, domain, "should be a domain with at least two segments separated by dots");
  for (const problem of isDNS1123Subdomain(path)) errors.invalid(at, path, `validating label ${JSON.stringify(path)}: ${problem}`);
}

/** What is wrong with a PEM-encoded request, judged by its frame. */
function pemProblem(base64: string): string | undefined {
  let text = "";
  try {
    text = atob(base64);
  } catch {
    return "PEM block type must be CERTIFICATE REQUEST";
  }
  const block = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n[A-Za-z0-9+/=\r\n]+-----END \1-----/.exec(text);
  return block?.[1] === "CERTIFICATE REQUEST" ? undefined : "PEM block type must be CERTIFICATE REQUEST";
}

function validateConditions(object: CertificateSigningRequest, errors: FieldErrors, at: FieldPath): void {
  const seen = new Set<string>();
  const types = (object.status?.conditions ?? []).map((condition) => condition.type);
  for (const [i, condition] of (object.status?.conditions ?? []).entries()) {
    const itemAt = at.index(i);
    if (!condition.type) errors.required(itemAt.child("type"));
    const decision = [...DECISIONS, "Failed"].includes(condition.type);
    if (decision ? condition.status !== "True" : !["True", "False", "Unknown"].includes(condition.status)) {
      if (!condition.status) errors.required(itemAt.child("status"));
      else errors.notSupported(itemAt.child("status"), condition.status, decision ? ["True"] : ["False", "True", "Unknown"]);
    }
    if (DECISIONS.includes(condition.type)) {
      const other = DECISIONS.find((each) => each !== condition.type) ?? "";
      if (types.slice(0, i).includes(other))
        errors.invalid(
          itemAt.child("type"),
          condition.type,
          `${DECISIONS.filter((each) => types.includes(each)).join(" and ")} conditions are mutually exclusive`,
        );
    }
    if (seen.has(condition.type)) errors.duplicate(itemAt.child("type"), condition.type);
    seen.add(condition.type);
  }
}

/** Decisions are made through /approval only and stay once made; /status may add the certificate once. */
export function validateRequestUpdate(object: CertificateSigningRequest, old: CertificateSigningRequest, subresource: string, errors: FieldErrors): void {
  const at = FieldPath.of("status", "conditions");
  const ofType = (each: CertificateSigningRequest, type: string) => (each.status?.conditions ?? []).filter((condition) => condition.type === type);
  for (const type of [...DECISIONS, "Failed"]) {
    const removed = ofType(old, type).length > ofType(object, type).length;
    const added = ofType(old, type).length < ofType(object, type).length;
    const modified = ofType(old, type).length > 0 && ofType(object, type).length > 0 && !sameJson(ofType(old, type), ofType(object, type));
    if (removed && (subresource !== "approval" || DECISIONS.includes(type) || type === "Failed"))
      errors.forbidden(at, `updates may not remove a condition of type ${JSON.stringify(type)}`);
    if (added && DECISIONS.includes(type) && subresource !== "approval")
      errors.forbidden(at, `updates may not add a condition of type ${JSON.stringify(type)}`);
    if (modified) errors.forbidden(at, `updates may not modify a condition of type ${JSON.stringify(type)}`);
  }
  const was = old.status?.certificate;
  const now = object.status?.certificate;
  if (was !== now) {
    const certificateAt = FieldPath.of("status", "certificate");
    if (subresource !== "status") errors.forbidden(certificateAt, "updates may not set certificate content");
    else if (was) errors.forbidden(certificateAt, "updates may not modify existing certificate content");
  }
}

/** A /status writer can't decide: Approved and Denied stay as they are. */
export function keepApproval(object: CertificateSigningRequest, old: CertificateSigningRequest): void {
  const decided = (old.status?.conditions ?? []).filter((condition) => DECISIONS.includes(condition.type));
  const others = (object.status?.conditions ?? []).filter((condition) => !DECISIONS.includes(condition.type));
  object.status ??= {};
  const conditions = [...decided, ...others];
  if (conditions.length > 0) object.status.conditions = conditions;
  else delete object.status.conditions;
}

/** Fills the times of new and changed conditions. `now` is an RFC 3339 time in seconds. */
export function stampConditions(object: CertificateSigningRequest, old: CertificateSigningRequest, now: string): void {
  const before = new Map((old.status?.conditions ?? []).map((condition): [string, CertificateSigningRequestCondition] => [condition.type, condition]));
  for (const condition of object.status?.conditions ?? []) {
    const previous = before.get(condition.type);
    if (previous && sameJson(previous, condition)) continue;
    condition.lastUpdateTime ||= now;
    if (previous && previous.status === condition.status) condition.lastTransitionTime ||= previous.lastTransitionTime;
    condition.lastTransitionTime ||= now;
  }
}
