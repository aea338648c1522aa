/** Cells that volumes and claims share. */
import { entryOf } from "../machinery/json-value.ts";

export const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";
const SHORT: Readonly<Record<string, string>> = { ReadWriteOnce: "RWO", ReadOnlyMany: "ROX", ReadWriteMany: "RWX", ReadWriteOncePod: "RWOP" };

/** Access modes by their short names, in upstream's order, each once. */
export function accessModesCell(modes: readonly string[] | undefined): string {
  return Object.keys(SHORT)
    .filter((mode) => modes?.includes(mode))
    .map((mode) => entryOf(SHORT, mode))
    .join(",");
}

/** The beta annotation, where one is left, wins over the field. */
export function storageClassOf(annotations: Readonly<Record<string, string>> | undefined, field: string | undefined): string {
  return annotations?.[CLASS_ANNOTATION] ?? field ?? "";
}
