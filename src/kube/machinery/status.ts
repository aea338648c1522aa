/**
 * The one error class of the API: every failure a client sees is a StatusError, made by one of the
 * constructors below and worded as kube-apiserver words it (API conventions, "Response Status Kind").
 */
import type { FieldError } from "./field.ts";

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: { continue?: string; resourceVersion?: string; remainingItemCount?: number };
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: StatusDetails;
  /** A deletion that succeeded carries none. */
  code?: number;
}

/** A group and plural resource name; rendered `deployments.apps`, or `pods` in the core group. */
export interface GroupResource {
  group: string;
  resource: string;
}

export function groupResourceText({ group, resource }: GroupResource): string {
  return group ? `${resource}.${group}` : resource;
}

/** An error that renders itself as a metav1.Status with its HTTP code. */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  /** ListMeta of the Status; an expired continue token's answer carries its fresh token here. */
  readonly metadata: Status["metadata"];

  constructor(code: number, reason: string, message: string, details?: StatusDetails, metadata: Status["metadata"] = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
    this.metadata = metadata;
  }

  toStatus(): Status {
    // Fields in upstream's order; an empty reason is left out.
    const reason = this.reason ? { reason: this.reason } : {};
    const details = this.details ? { details: this.details } : {};
    return { kind: "Status", apiVersion: "v1", metadata: this.metadata, status: "Failure", message: this.message, ...reason, ...details, code: this.code };
  }
}

function detailsOf(target: GroupResource, name: string, more: Partial<StatusDetails> = {}): StatusDetails {
  const details: StatusDetails = {};
  if (name) details.name = name;
  if (target.group) details.group = target.group;
  if (target.resource) details.kind = target.resource;
  return Object.assign(details, more);
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}

export function unauthorized(): StatusError {
  return new StatusError(401, "Unauthorized", "Unauthorized");
}

/** 403; `message` is the text after `… is forbidden: `. */
export function forbidden(target: GroupResource, name: string, message: string, causes?: StatusCause[]): StatusError {
  const subject = name
    ? `${groupResourceText(target)} ${JSON.stringify(name)} is forbidden`
    : target.resource
      ? `${groupResourceText(target)} is forbidden`
      : "forbidden";
  return new StatusError(403, "Forbidden", `${subject}: ${message}`, detailsOf(target, name, causes ? { causes } : {}));
}

export function notFound(target: GroupResource, name: string): StatusError {
  return new StatusError(404, "NotFound", `${groupResourceText(target)} ${JSON.stringify(name)} not found`, detailsOf(target, name));
}

/** 404 for a path that names no served resource. */
export function noSuchResource(): StatusError {
  return new StatusError(404, "NotFound", "the server could not find the requested resource", {});
}

export function methodNotSupported(target: GroupResource, action: string): StatusError {
  return new StatusError(
    405,
    "MethodNotAllowed",
    `${action} is not supported on resources of kind ${JSON.stringify(groupResourceText(target))}`,
    detailsOf(target, ""),
  );
}

export function notAcceptable(accepted: string[]): StatusError {
  return new StatusError(406, "NotAcceptable", `only the following media types are accepted: ${accepted.join(", ")}`);
}

export function alreadyExists(target: GroupResource, name: string): StatusError {
  return new StatusError(409, "AlreadyExists", `${groupResourceText(target)} ${JSON.stringify(name)} already exists`, detailsOf(target, name));
}

/** 409; `why` is the text after `Operation cannot be fulfilled on …: `. */
export function conflict(target: GroupResource, name: string, why: string): StatusError {
  return new StatusError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${groupResourceText(target)} ${JSON.stringify(name)}: ${why}`,
    detailsOf(target, name),
  );
}

export const MODIFIED = "the object has been modified; please apply your changes to the latest version and try again";

export function expired(message: string, freshContinue?: string): StatusError {
  return new StatusError(410, "Expired", message, undefined, freshContinue ? { continue: freshContinue } : {});
}

export function requestEntityTooLarge(limitBytes: number): StatusError {
  return new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${limitBytes}`);
}

export function unsupportedMediaType(accepted: string[]): StatusError {
  return new StatusError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  );
}

/** 422 with one cause per field error; `kind` is the Kind, not the resource (that is how upstream fills details.kind). */
export function invalid(target: { group: string; kind: string }, name: string, errors: readonly FieldError[]): StatusError {
  const subject = target.group ? `${target.kind}.${target.group}` : target.kind;
  const texts = [...new Set(errors.map((error) => error.text()))];
  const aggregate = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const causes = errors.map((error) => ({ reason: error.reason, message: error.body(), field: error.field }));
  const details: StatusDetails = {};
  if (name) details.name = name;
  if (target.group) details.group = target.group;
  if (target.kind) details.kind = target.kind;
  details.causes = causes;
  return new StatusError(422, "Invalid", `${subject} ${JSON.stringify(name)} is invalid: ${aggregate}`, details);
}

export function tooManyRequests(message: string, retryAfterSeconds?: number, causes?: StatusCause[]): StatusError {
  const details: StatusDetails = {};
  if (causes) details.causes = causes;
  if (retryAfterSeconds !== undefined) details.retryAfterSeconds = retryAfterSeconds;
  return new StatusError(429, "TooManyRequests", message, details);
}

export function internalError(message: string): StatusError {
  return new StatusError(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });
}

/** 504 for a resource version that this server has not reached (client-go matches the cause's reason). */
export function resourceVersionTooLarge(wanted: number, current: number): StatusError {
  return new StatusError(504, "Timeout", `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}

/** The 200 answer to a deletion that removed the object at once. */
export function deletedStatus(target: GroupResource, name: string, uid: string): Status {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details: detailsOf(target, name, uid ? { uid } : {}) };
}
