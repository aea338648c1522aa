/** What Events may say: the rules of the core API, and the strict ones for writers through events.k8s.io (KEP-383). */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isDNS1123Subdomain, isQualifiedName, nameIsDNSSubdomain } from "../machinery/names.ts";
import type { Event, ObjectReference } from "../schema/generated/types/core.v1.ts";
import { sameJson } from "./equality.ts";

const NAMESPACE_MISMATCH = "does not match event.namespace";
const MAX_TEXT = 128;
const MAX_MESSAGE = 1024;
const IMMUTABLE = [
  "involvedObject",
  "reason",
  "message",
  "source",
  "firstTimestamp",
  "lastTimestamp",
  "count",
  "type",
  "eventTime",
  "action",
  "related",
  "reportingComponent",
  "reportingInstance",
] as const;

/** @param controllerField what the API in use calls the reporting controller */
export function validateEvent(object: Event, controllerField: "reportingComponent" | "reportingController", errors: FieldErrors, at: FieldPath): void {
  const involvedAt = at.child("involvedObject", "namespace");
  const involved = object.involvedObject?.namespace ?? "";
  const own = object.metadata.namespace ?? "";
  if (!object.eventTime) {
    // An event lives beside what it is about; events about cluster-scoped objects live in `default`.
    if (involved === "" ? own !== "" && own !== "default" : own !== involved) errors.invalid(involvedAt, involved, NAMESPACE_MISMATCH);
  } else {
    if (involved === "" && own !== "default" && own !== "kube-system") errors.invalid(involvedAt, involved, NAMESPACE_MISMATCH);
    const controller = object.reportingComponent ?? "";
    if (!controller) errors.required(at.child(controllerField));
    for (const problem of isQualifiedName(controller)) errors.invalid(at.child(controllerField), controller, problem);
    for (const field of ["reportingInstance", "action", "reason"] as const) {
      const text = object[field] ?? "";
      if (!text) errors.required(at.child(field));
      if (text.length > MAX_TEXT) errors.invalid(at.child(field), "", `can have at most ${MAX_TEXT} characters`);
    }
    if ((object.message ?? "").length > MAX_MESSAGE) errors.invalid(at.child("message"), "", `can have at most ${MAX_MESSAGE} characters`);
  }
  for (const problem of isDNS1123Subdomain(own)) errors.invalid(at.child("namespace"), own, problem);
}

/** What a new Event of events.k8s.io must be beyond `validateEvent`. */
export function validateNewEvent(object: Event, errors: FieldErrors, at: FieldPath): void {
  const name = object.metadata.name ?? "";
  for (const problem of nameIsDNSSubdomain(name, false)) errors.invalid(at.child("metadata", "name"), name, problem);
  validateSeries(object, errors, at);
  if (!object.eventTime) errors.required(at.child("eventTime"));
  if (object.type !== "Normal" && object.type !== "Warning") errors.invalid(at.child("type"), "", `has invalid value: ${object.type ?? ""}`);
  for (const field of ["firstTimestamp", "lastTimestamp", "count"] as const) if (object[field]) errors.invalid(at.child(field), "", "needs to be unset");
  if (object.source?.component || object.source?.host) errors.invalid(at.child("source"), "", "needs to be unset");
}

/** Only the series of an Event of events.k8s.io may change. */
export function validateChangedEvent(object: Event, old: Event, errors: FieldErrors, at: FieldPath): void {
  if (!sameJson(object.series, old.series)) validateSeries(object, errors, at);
  for (const field of IMMUTABLE) {
    const shown = field === "reportingComponent" ? "reportingController" : field;
    if (!sameJson(object[field], old[field]))
      errors.invalid(at.child(shown), field === "involvedObject" ? internalReference(object.involvedObject) : (object[field] ?? null), "field is immutable");
  }
}

/** A reference the way upstream's messages print it: by its internal field names. */
function internalReference(reference: ObjectReference): unknown {
  const { kind = "", namespace = "", name = "", uid = "", apiVersion = "", resourceVersion = "", fieldPath = "" } = reference;
  return { Kind: kind, Namespace: namespace, Name: name, UID: uid, APIVersion: apiVersion, ResourceVersion: resourceVersion, FieldPath: fieldPath };
}

function validateSeries({ series }: Event, errors: FieldErrors, at: FieldPath): void {
  if (!series) return;
  if ((series.count ?? 0) < 2) errors.invalid(at.child("series", "count"), "", "should be at least 2");
  if (!series.lastObservedTime) errors.required(at.child("series", "lastObservedTime"));
}
