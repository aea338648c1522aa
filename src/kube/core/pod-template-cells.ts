/** Cells that workloads print of their pod template: container names and images. */
import type { Column } from "../kind.ts";
import type { PodTemplateSpec } from "../schema/generated/types/core.v1.ts";
import { column } from "./table.ts";

/** Containers, Images and (unless the kind prints none) Selector, shown with -o wide. */
export const TEMPLATE_COLUMNS: readonly Column[] = [column("Containers", { wide: true }), column("Images", { wide: true })];
export const SELECTOR_COLUMN: Column = column("Selector", { wide: true });

/** The names and the images of a template's containers, each comma-separated. */
export function templateCells(template: PodTemplateSpec | undefined): [string, string] {
  const containers = template?.spec?.containers ?? [];
  return [containers.map((container) => container.name).join(","), containers.map((container) => container.image ?? "").join(",")];
}
