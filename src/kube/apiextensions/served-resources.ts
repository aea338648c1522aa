/** What discovery and OpenAPI publish of a definition. */
import type { CustomResourceDefinition } from "../schema/generated/types/apiextensions.v1.ts";
import { isEstablished, isTerminating } from "./establish.ts";

/** A served version of a custom resource; the shape in which it crosses to the front desk. */
export interface ServedResource {
  group: string;
  version: string;
  plural: string;
  singular: string;
  kind: string;
  listKind: string;
  shortNames: string[];
  categories: string[];
  scope: "Namespaced" | "Cluster";
  storageVersion: string;
  hasStatus: boolean;
  hasScale: boolean;
  /** False while the definition is being deleted: only reading is offered then. */
  deletable: boolean;
  schema: unknown;
  selectableFields: string[];
}

/** The served versions in the definition's order; none before the definition is established. */
export function servedResources(definition: CustomResourceDefinition): ServedResource[] {
  if (!isEstablished(definition)) return [];
  const names = definition.status.acceptedNames;
  const { group, scope, versions } = definition.spec;
  return versions
    .filter(({ served }) => served)
    .map((version) => ({
      group,
      version: version.name,
      plural: names.plural,
      singular: names.singular ?? "",
      kind: names.kind,
      listKind: names.listKind ?? `${names.kind}List`,
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      scope: scope === "Cluster" ? ("Cluster" as const) : ("Namespaced" as const),
      storageVersion: versions.find(({ storage }) => storage)?.name ?? version.name,
      hasStatus: version.subresources?.status !== undefined,
      hasScale: version.subresources?.scale !== undefined,
      deletable: !isTerminating(definition),
      schema: version.schema?.openAPIV3Schema,
      selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath),
    }));
}
