/** Event (v1): something that happened to an object. Also what events.k8s.io/v1 Events are stored as. */
import { defineKind } from "../define.ts";
import { ageOf } from "../machinery/duration.ts";
import type { Event } from "../schema/generated/types/core.v1.ts";
import { validateEvent } from "./event-rules.ts";
import { column, NAME, nameCell } from "./table.ts";

/** What both event APIs print: [Last Seen, Type, …, Name]. */
export const EVENT_COLUMNS = [
  column("Last Seen"),
  column("Type"),
  column("Reason"),
  column("Object"),
  column("Subobject", { wide: true }),
  column("Source", { wide: true }),
  column("Message"),
  column("First Seen", { wide: true }),
  column("Count", { wide: true }),
  { ...NAME, priority: 1 },
];

/** The fields of core events that select, for both event APIs under their own names. */
export function eventField(path: string): (object: Event) => string {
  const involved = /^involvedObject\.(.*)$/.exec(path)?.[1];
  if (involved) return (object) => String((object.involvedObject as Record<string, unknown>)?.[involved] ?? "");
  switch (path) {
    case "source":
      return (object) => object.source?.component || object.reportingComponent || "";
    case "reportingComponent":
      return (object) => object.reportingComponent ?? "";
    case "reason":
      return (object) => object.reason ?? "";
    default:
      return (object) => object.type ?? "";
  }
}

const SELECTABLE = [
  "involvedObject.kind",
  "involvedObject.namespace",
  "involvedObject.name",
  "involvedObject.uid",
  "involvedObject.apiVersion",
  "involvedObject.resourceVersion",
  "involvedObject.fieldPath",
  "reason",
  "reportingComponent",
  "source",
  "type",
];

export const event = defineKind<Event>({
  group: "",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  scope: "Namespaced",
  allowCreateOnUpdate: true,
  validateName: () => [],
  validate: (object, errors, at) => validateEvent(object, "reportingComponent", errors, at),
  columns: EVENT_COLUMNS,
  cells: eventCells,
  selectableFields: Object.fromEntries(SELECTABLE.map((path) => [path, eventField(path)])),
});

export function eventCells(object: Event, now: Date): (string | number)[] {
  const first = object.firstTimestamp ? ageOf(object.firstTimestamp, now) : ageOf(object.eventTime, now);
  let last = object.lastTimestamp ? ageOf(object.lastTimestamp, now) : first;
  let count = object.count || 1;
  if (object.series) {
    last = ageOf(object.series.lastObservedTime, now);
    count = object.series.count ?? 0;
  }
  const kind = (object.involvedObject?.kind ?? "").toLowerCase();
  const target = object.involvedObject?.name ? `${kind}/${object.involvedObject.name}` : kind;
  const component = object.source?.component || object.reportingComponent || "";
  const instance = object.source?.host || object.reportingInstance || "";
  return [
    last,
    object.type ?? "",
    object.reason ?? "",
    target,
    object.involvedObject?.fieldPath ?? "",
    instance ? `${component}, ${instance}` : component,
    (object.message ?? "").trim(),
    first,
    count,
    nameCell(object),
  ];
}
