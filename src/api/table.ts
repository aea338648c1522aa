/** The Table view ("server-side get"): rows of cells instead of objects, for `kubectl get`. */
import { printerColumns } from "../kube/apiextensions/printer-columns.ts";
import type { Column, Kind } from "../kube/kind.ts";
import { entryOf } from "../kube/machinery/json-value.ts";
import { badRequest } from "../kube/machinery/status.ts";
import { isObject, type JsonObject, type KubeObject } from "../kube/object.ts";
import { COLUMN_DESCRIPTIONS, OBJECT_COLUMN_DESCRIPTIONS } from "../kube/schema/generated/column-descriptions.ts";

export type Cell = string | number | boolean | null;

/** How objects of one resource become rows. */
export interface TableShape {
  columns: readonly Column[];
  cells(object: JsonObject, now: Date): Cell[];
}

export type CustomColumn = Column & { jsonPath: string };

const NAME: Column = { name: "Name", type: "string", format: "name", description: OBJECT_COLUMN_DESCRIPTIONS.name };
const CREATED_AT: Column = { name: "Created At", type: "date", description: OBJECT_COLUMN_DESCRIPTIONS.creationTimestamp };

/** A built-in kind's own columns, or Name and Created At. */
export function builtInTable(kind: Kind | undefined): TableShape {
  const cells = kind?.cells;
  if (!kind?.columns || !cells) {
    return {
      columns: [NAME, CREATED_AT],
      cells: (object) => {
        const metadata = metadataOf(object);
        return [text(metadata.name), text(metadata.creationTimestamp)];
      },
    };
  }
  return { columns: kind.columns.map((column) => described(column, kind)), cells: (object, now) => cells(object as unknown as KubeObject, now) };
}

function described(column: Column, { apiVersion, plural }: Kind): Column {
  if (column.name === "Name") return { ...column, description: OBJECT_COLUMN_DESCRIPTIONS.name };
  if (column.name === "Age" || column.name === "Created At") return { ...column, description: OBJECT_COLUMN_DESCRIPTIONS.creationTimestamp };
  return { ...column, description: entryOf(entryOf(COLUMN_DESCRIPTIONS, `${apiVersion}/${plural}`), column.name) ?? "" };
}

/** A custom resource's printer columns after its name; without any, its age. The object sends them with the name first. */
export function customTable(columns: readonly CustomColumn[] | undefined): TableShape {
  const [first, ...rest] = columns ?? [];
  const { columns: shown, cells } = printerColumns(first?.jsonPath === ".metadata.name" ? rest : columns?.slice());
  return { columns: shown, cells: (object, now) => cells(object as unknown as KubeObject, now) };
}

export type IncludeObject = "None" | "Metadata" | "Object";

/** @throws StatusError 400 */
export function includeObjectOf(value: string | undefined): IncludeObject {
  switch (value) {
    case undefined:
    case "":
    case "Metadata":
      return "Metadata";
    case "None":
    case "Object":
      return value;
    default:
      throw badRequest(
        `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
      );
  }
}

export interface TableOptions {
  version: string;
  include: IncludeObject;
  now: Date;
}

export interface Table {
  kind: "Table";
  apiVersion: string;
  metadata: JsonObject;
  columnDefinitions: Required<Column>[] | null;
  rows: { cells: Cell[]; object: JsonObject | null }[];
}

/**
 * A Table of `objects`. `identity` gives apiVersion and kind to items of a list, which carry none.
 * @param withColumns false for all but the first event of a watch.
 */
export function tableOf(
  shape: TableShape,
  objects: readonly JsonObject[],
  metadata: JsonObject,
  identity: { apiVersion: string; kind: string } | undefined,
  options: TableOptions,
  withColumns = true,
): Table {
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata,
    columnDefinitions: withColumns ? shape.columns.map(definition) : null,
    rows: objects.map((object) => ({ cells: shape.cells(object, options.now), object: rowObject(object, identity, options) })),
  };
}

function definition({ name, type, format, description, priority }: Column): Required<Column> {
  return { name, type, format: format ?? "", description: description ?? "", priority: priority ?? 0 };
}

function rowObject(object: JsonObject, identity: { apiVersion: string; kind: string } | undefined, { version, include }: TableOptions): JsonObject | null {
  switch (include) {
    case "None":
      return null;
    case "Metadata":
      return partialOf(object, version);
    case "Object":
      return identity && object.kind === undefined ? { kind: identity.kind, apiVersion: identity.apiVersion, ...object } : object;
  }
}

/** PartialObjectMetadata: the object without anything but its metadata. */
export function partialOf(object: JsonObject, version: string): JsonObject {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: metadataOf(object) };
}

export function metadataOf(object: JsonObject): JsonObject {
  return isObject(object.metadata) ? object.metadata : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
