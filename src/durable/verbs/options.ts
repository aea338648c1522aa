/** Query parameters and DeleteOptions bodies → typed options, refused as kube-apiserver refuses them. */

import { parseGoDuration } from "../../kube/machinery/duration.ts";
import { FieldErrors, FieldPath } from "../../kube/machinery/field.ts";
import { type FieldSelector, parseFieldSelector } from "../../kube/machinery/field-selector.ts";
import { type LabelSelector, parseLabelSelector } from "../../kube/machinery/label-selector.ts";
import { validateFieldManager } from "../../kube/machinery/object-meta.ts";
import { badRequest, invalid, StatusError } from "../../kube/machinery/status.ts";
import { isObject } from "../../kube/object.ts";

export type FieldValidation = "Ignore" | "Warn" | "Strict";

export interface WriteOptions {
  dryRun: boolean;
  fieldManager: string;
  fieldValidation: FieldValidation;
  force: boolean;
}

export type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions";

/** User-Agent up to its first slash: the manager's name when the client gives none. */
function defaultManager(userAgent: string): string {
  const name = userAgent.split("/", 1)[0] ?? "";
  return name.slice(0, 128) || "unknown";
}

/** The `timeout` parameter must be a duration; requests here are far quicker than any. @throws StatusError 400. */
export function checkTimeout(timeout: string | undefined): void {
  if (!timeout) return;
  try {
    parseGoDuration(timeout);
  } catch (error) {
    throw badRequest(`invalid timeout specified in the request URL - ${(error as Error).message}`);
  }
}

function checkDryRun(values: string[], errors: FieldErrors): boolean {
  if (values.length === 0) return false;
  if (values.every((value) => value === "All")) return true;
  errors.add("NotSupported", "dryRun", values, 'supported values: "All"');
  return false;
}

/** @throws StatusError 422 on the options kind for a bad dryRun, fieldManager, fieldValidation or force. */
export function writeOptions(query: Record<string, string>, userAgent: string, kind: OptionsKind, apply: boolean): WriteOptions {
  const errors = new FieldErrors();
  const manager = query.fieldManager ?? "";
  validateFieldManager(manager, errors, FieldPath.of("fieldManager"));
  const dryRun = checkDryRun(query.dryRun === undefined ? [] : [query.dryRun], errors);
  const force = query.force === "true" || query.force === "1";
  if (kind === "PatchOptions") {
    if (apply && !manager) errors.required(FieldPath.of("fieldManager"), "is required for apply patch");
    if (!apply && query.force !== undefined) errors.forbidden(FieldPath.of("force"), "may not be specified for non-apply patch");
  }
  const validation = query.fieldValidation ?? "";
  if (validation !== "" && validation !== "Ignore" && validation !== "Warn" && validation !== "Strict") {
    errors.add("NotSupported", "fieldValidation", validation, 'supported values: "", "Ignore", "Strict", "Warn"');
  }
  if (!errors.empty) throw invalid({ group: "meta.k8s.io", kind }, "", errors.list);
  return { dryRun, force, fieldManager: manager || defaultManager(userAgent), fieldValidation: (validation || "Warn") as FieldValidation };
}

export interface DeleteOptions {
  dryRun: boolean;
  gracePeriodSeconds: number | undefined;
  propagation: "Orphan" | "Background" | "Foreground" | undefined;
  orphanDependents: boolean | undefined;
  preconditions: { uid?: string; resourceVersion?: string };
}

/** `body` is the decoded DeleteOptions object, when the request had one; it wins over the query. */
export function deleteOptions(query: Record<string, string>, body: unknown): DeleteOptions {
  const given = isObject(body) ? body : undefined;
  const errors = new FieldErrors();
  const dryRunValues = given ? (Array.isArray(given.dryRun) ? given.dryRun.map(String) : []) : query.dryRun === undefined ? [] : [query.dryRun];
  const dryRun = checkDryRun(dryRunValues, errors);
  const orphan = given ? given.orphanDependents : query.orphanDependents === undefined ? undefined : isTrue(query.orphanDependents);
  const policy = (given ? given.propagationPolicy : query.propagationPolicy) as string | undefined;
  if (orphan !== undefined && orphan !== null && policy) {
    errors.invalid(FieldPath.of("propagationPolicy"), policy, "orphanDependents and deletionPropagation cannot be both set");
  }
  if (policy !== undefined && policy !== null && policy !== "Orphan" && policy !== "Background" && policy !== "Foreground") {
    errors.add("NotSupported", "propagationPolicy", policy, 'supported values: "Foreground", "Background", "Orphan", "nil"');
  }
  if (!errors.empty) throw invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", errors.list);
  const grace = given ? given.gracePeriodSeconds : query.gracePeriodSeconds === undefined ? undefined : integer(query.gracePeriodSeconds);
  const preconditions = isObject(given?.preconditions) ? given.preconditions : {};
  return {
    dryRun,
    gracePeriodSeconds: typeof grace === "number" ? grace : undefined,
    propagation: (policy || undefined) as DeleteOptions["propagation"],
    orphanDependents: typeof orphan === "boolean" ? orphan : undefined,
    preconditions: {
      uid: typeof preconditions.uid === "string" ? preconditions.uid : undefined,
      resourceVersion: typeof preconditions.resourceVersion === "string" ? preconditions.resourceVersion : undefined,
    },
  };
}

export interface ListOptions {
  labels: LabelSelector | undefined;
  fields: FieldSelector | undefined;
  /** undefined = most recent. */
  resourceVersion: number | undefined;
  match: "" | "Exact" | "NotOlderThan";
  limit: number;
  continueToken: string;
}

/** A boolean parameter: present and neither "false" nor "0". */
function isTrue(text: string): boolean {
  return text.toLowerCase() !== "false" && text !== "0";
}

function integer(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  if (Math.abs(value) > 2 ** 63) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return Math.min(value, Number.MAX_SAFE_INTEGER);
}

/** A resource version as a client may send it. @throws StatusError 400 when it is no unsigned integer. */
export function parseResourceVersion(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const problem = !/^\d+$/.test(text) ? "invalid syntax" : Number(text) > 2 ** 64 ? "value out of range" : undefined;
  if (problem) {
    const quoted = JSON.stringify(text);
    throw badRequest(`invalid resource version: resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${problem}`);
  }
  return Number(text);
}

function selectors(query: Record<string, string>): Pick<ListOptions, "labels" | "fields"> {
  return {
    labels: query.labelSelector ? parseLabelSelector(query.labelSelector) : undefined,
    fields: query.fieldSelector ? parseFieldSelector(query.fieldSelector) : undefined,
  };
}

/** @throws StatusError 400 for malformed values, 422 on ListOptions for forbidden combinations. */
export function listOptions(query: Record<string, string>): ListOptions {
  const { labels, fields } = selectors(query);
  const limit = query.limit === undefined ? 0 : integer(query.limit);
  if (query.timeoutSeconds !== undefined) integer(query.timeoutSeconds);
  const match = query.resourceVersionMatch ?? "";
  const continueToken = query.continue ?? "";
  const version = query.resourceVersion ?? "";
  const errors = new FieldErrors();
  const at = FieldPath.of("resourceVersionMatch");
  if (match !== "") {
    if (version === "") errors.forbidden(at, "resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (continueToken !== "") errors.forbidden(at, "resourceVersionMatch is forbidden when continue is provided");
    if (match !== "Exact" && match !== "NotOlderThan") errors.add("NotSupported", at, match, 'supported values: "Exact", "NotOlderThan", ""');
    if (match === "Exact" && version === "0") errors.forbidden(at, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (query.sendInitialEvents !== undefined) errors.forbidden(FieldPath.of("sendInitialEvents"), "sendInitialEvents is forbidden for list");
  if (!errors.empty) throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors.list);
  const resourceVersion = parseResourceVersion(version);

  return { labels, fields, resourceVersion, match: match as ListOptions["match"], limit: Math.max(0, limit), continueToken };
}

export interface WatchOptions {
  labels: LabelSelector | undefined;
  fields: FieldSelector | undefined;
  resourceVersion: number | undefined;
  sendInitialEvents: boolean | undefined;
  allowBookmarks: boolean;
}

/** @throws StatusError as `listOptions` does; the watch-only combinations of KEP-3157 are checked here. */
export function watchOptions(query: Record<string, string>): WatchOptions {
  const { labels, fields } = selectors(query);
  const match = query.resourceVersionMatch ?? "";
  const initial = query.sendInitialEvents === undefined ? undefined : isTrue(query.sendInitialEvents);
  const errors = new FieldErrors();
  const at = FieldPath.of("resourceVersionMatch");
  if (query.continue) errors.forbidden(at, "resourceVersionMatch is forbidden when continue is provided");
  if (initial === undefined) {
    if (match !== "") errors.forbidden(at, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    if (match !== "" && match !== "NotOlderThan") errors.add("NotSupported", at, match, 'supported values: "NotOlderThan"');
  } else if (match !== "NotOlderThan") {
    errors.forbidden(at, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    if (match !== "") errors.add("NotSupported", at, match, 'supported values: "NotOlderThan"');
  }
  if (!errors.empty) throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors.list);
  const version = query.resourceVersion ?? "";
  // Upstream's watch says it in its own way.
  if (!/^\d*$/.test(version))
    throw new StatusError(
      500,
      "",
      `resourceVersion: Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`,
    );
  return {
    labels,
    fields,
    resourceVersion: parseResourceVersion(version),
    sendInitialEvents: initial,
    allowBookmarks: query.allowWatchBookmarks !== undefined && isTrue(query.allowWatchBookmarks),
  };
}
