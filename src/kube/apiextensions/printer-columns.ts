/** The columns of a custom resource's Table: Name, then additionalPrinterColumns, or Age when there are none. */

import type { Column } from "../kind.ts";
import { ageOf } from "../machinery/duration.ts";
import type { KubeObject } from "../object.ts";
import { OBJECT_COLUMN_DESCRIPTIONS } from "../schema/generated/column-descriptions.ts";
import type { CustomResourceColumnDefinition } from "../schema/generated/types/apiextensions.v1.ts";
import { canonicalText } from "./canonical-text.ts";
import { findFirst, type JsonPath, parseJsonPath } from "./json-path.ts";

export interface PrinterColumns {
  readonly columns: readonly Column[];
  /** With the JSON path of each column as the definition writes it. */
  readonly described: readonly (Column & { jsonPath: string })[];
  cells(object: KubeObject, now: Date): (string | number | boolean | null)[];
}

const NAME_COLUMN = {
  name: "Name",
  type: "string",
  format: "name",
  description: OBJECT_COLUMN_DESCRIPTIONS.name,
  priority: 0,
  jsonPath: ".metadata.name",
} as const;
const AGE_COLUMN = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: OBJECT_COLUMN_DESCRIPTIONS.creationTimestamp } as const;

export function printerColumns(definitions: readonly CustomResourceColumnDefinition[] | undefined): PrinterColumns {
  const wanted: readonly CustomResourceColumnDefinition[] = definitions?.length ? definitions : [AGE_COLUMN];
  const described = wanted.map((column) => ({
    name: column.name,
    type: column.type as Column["type"],
    format: column.format ?? "",
    description: column.description || `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    priority: column.priority ?? 0,
    jsonPath: column.jsonPath,
  }));
  const paths = described.map((column) => parsed(column.jsonPath));
  return {
    columns: [NAME_COLUMN, ...described].map(({ jsonPath: _, ...column }) => column),
    described: [NAME_COLUMN, ...described],
    cells: (object, now) => [object.metadata.name ?? "", ...described.map((column, index) => cell(column.type, paths[index], object, now))],
  };
}

/** A malformed path prints nothing, as upstream skips what its template cannot parse. */
function parsed(path: string): JsonPath | undefined {
  try {
    return parseJsonPath(path);
  } catch {
    return undefined;
  }
}

function cell(type: Column["type"], path: JsonPath | undefined, object: KubeObject, now: Date): string | number | boolean | null {
  // Where a path finds several values, the first one is shown.
  const value = path ? findFirst(path, object) : undefined;
  if (value === undefined || value === null) return null;
  switch (type) {
    case "integer":
      return integerCell(value);
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return typeof value === "string" ? ageText(value, now) : null;
    default:
      return typeof value === "string" ? value : canonicalText(value);
  }
}

function integerCell(value: unknown): number | null {
  if (typeof value === "number") return Math.trunc(value);
  return typeof value === "string" && /^[-+]?\d+$/.test(value) ? Number(value) : null;
}

/** How long ago; what is no timestamp, and the future, is `<invalid>`. */
function ageText(timestamp: string, now: Date): string {
  return /^\d{4}-\d{2}-\d{2}T/.test(timestamp) && !Number.isNaN(Date.parse(timestamp)) ? ageOf(timestamp, now) : "<invalid>";
}
