/** Which kinds a cluster serves: the built-in ones, and those of its established custom resource definitions. */

import { customKind, servedResources } from "../kube/apiextensions/custom-kind.ts";
import type { Kind } from "../kube/kind.ts";
import { BUILT_IN_KINDS } from "../kube/registry.ts";
import type { CustomResourceDefinition } from "../kube/schema/generated/types/apiextensions.v1.ts";
import type { CustomResourceCatalog } from "./protocol.ts";

function path(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}

const BUILT_IN = new Map(BUILT_IN_KINDS.map((kind) => [path(kind.group, kind.version, kind.plural), kind]));

interface CustomResources {
  kinds: Map<string, Kind>;
  catalog: CustomResourceCatalog;
}

/** The store's name for definitions. */
export const DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io";

export class Resources {
  readonly #definitions: () => Iterable<CustomResourceDefinition>;
  #custom: CustomResources | undefined;

  /** `definitions` reads all definitions from the store; it is called at the first use and after `refresh`. */
  constructor(definitions: () => Iterable<CustomResourceDefinition>) {
    this.#definitions = definitions;
  }

  /** Forgets what was compiled: a definition has changed. */
  refresh(): void {
    this.#custom = undefined;
  }

  find(group: string, version: string, plural: string): Kind | undefined {
    const key = path(group, version, plural);
    return BUILT_IN.get(key) ?? this.#load().kinds.get(key);
  }

  /** Every served kind, one entry a version. */
  all(): Kind[] {
    return [...BUILT_IN_KINDS, ...this.#load().kinds.values()];
  }

  catalog(): CustomResourceCatalog {
    return this.#load().catalog;
  }

  #load(): CustomResources {
    if (this.#custom) return this.#custom;
    const kinds = new Map<string, Kind>();
    const catalog: CustomResourceCatalog = { revision: "0", resources: [] };
    let newest = 0;
    for (const definition of this.#definitions()) {
      newest = Math.max(newest, Number(definition.metadata.resourceVersion));
      for (const resource of servedResources(definition)) {
        catalog.resources.push(resource);
        kinds.set(path(resource.group, resource.version, resource.plural), customKind(definition, resource.version));
      }
    }
    // A removed definition lowers no revision: the names are part of what the ETags hash.
    catalog.revision = `${newest}-${catalog.resources.length}`;
    this.#custom = { kinds, catalog };
    return this.#custom;
  }
}
