/** Event (events.k8s.io/v1): the newer shape of core events, stored as those; strict rules hold for its writers (KEP-383). */

import { EVENT_COLUMNS, eventCells, eventField } from "../core/event.ts";
import { validateChangedEvent, validateEvent, validateNewEvent } from "../core/event-rules.ts";
import { defineKind } from "../define.ts";
import type { KubeObject } from "../object.ts";
import type { Event as CoreEvent } from "../schema/generated/types/core.v1.ts";
import type { Event } from "../schema/generated/types/events.v1.ts";

/** events.k8s.io name → core name. */
const SELECTABLE: Readonly<Record<string, string>> = {
  "regarding.kind": "involvedObject.kind",
  "regarding.namespace": "involvedObject.namespace",
  "regarding.name": "involvedObject.name",
  "regarding.uid": "involvedObject.uid",
  "regarding.apiVersion": "involvedObject.apiVersion",
  "regarding.resourceVersion": "involvedObject.resourceVersion",
  "regarding.fieldPath": "involvedObject.fieldPath",
  reason: "reason",
  reportingController: "reportingComponent",
  type: "type",
};

export const eventsEvent = defineKind<Event>({
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  scope: "Namespaced",
  allowCreateOnUpdate: true,
  storage: { group: "", version: "v1", toStorage: toCoreEvent, fromStorage: (object) => fromCoreEvent(object as CoreEvent) },
  storedVersion: "/v1",
  validateName: () => [],
  validate(object, errors, at) {
    validateEvent(toCoreEvent(object), "reportingController", errors, at);
    validateNewEvent(toCoreEvent(object), errors, at);
  },
  validatesOnUpdate: false,
  validateUpdate(object, old, errors, at) {
    validateEvent(toCoreEvent(object), "reportingController", errors, at);
    validateChangedEvent(toCoreEvent(object), toCoreEvent(old), errors, at);
  },
  columns: EVENT_COLUMNS,
  cells: (object, now) => eventCells(toCoreEvent(object), now),
  selectableFields: Object.fromEntries(
    Object.entries(SELECTABLE).map(([path, core]) => {
      const read = eventField(core);
      return [path, (object: Event) => read(toCoreEvent(object))];
    }),
  ),
});

/** The stored shape: renamed fields, same values. */
export function toCoreEvent(object: Event): CoreEvent {
  const { regarding, note, reportingController, deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp, deprecatedCount, ...same } = object;
  const core: CoreEvent = {
    ...same,
    apiVersion: "v1",
    involvedObject: regarding,
    source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    reportingComponent: reportingController ?? "",
    reportingInstance: object.reportingInstance ?? "",
  };
  if (note) core.message = note;
  if (deprecatedCount) core.count = deprecatedCount;
  return core;
}

export function fromCoreEvent(core: CoreEvent): Event {
  const { involvedObject, message, reportingComponent, reportingInstance, source, firstTimestamp, lastTimestamp, count, series, ...same } = core;
  const object: Event = {
    ...same,
    apiVersion: "events.k8s.io/v1",
    regarding: involvedObject,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
  };
  if (message) object.note = message;
  if (reportingComponent) object.reportingController = reportingComponent;
  if (reportingInstance) object.reportingInstance = reportingInstance;
  if (count) object.deprecatedCount = count;
  if (series) object.series = { ...series, count: series.count ?? 0 };
  return object satisfies KubeObject;
}
