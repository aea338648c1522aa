/** Label and field selectors compiled for a kind, and a cache that spares parsing objects to evaluate them. */
import type { Kind } from "../kube/kind.ts";
import type { FieldSelector } from "../kube/machinery/field-selector.ts";
import { entryOf } from "../kube/machinery/json-value.ts";
import type { LabelSelector } from "../kube/machinery/label-selector.ts";
import { badRequest } from "../kube/machinery/status.ts";
import type { KubeObject } from "../kube/object.ts";

export interface Selection {
  /** True when nothing is filtered beyond the name. */
  readonly everything: boolean;
  /** The only name that can match, from metadata.name=x. */
  readonly name: string | undefined;
  /** The only namespace that can match, from metadata.namespace=x. */
  readonly namespace: string | undefined;
  matches(facts: SelectableFacts): boolean;
}

/** What selectors can ask of an object. */
export interface SelectableFacts {
  readonly name: string;
  readonly namespace: string;
  readonly labels: { readonly [key: string]: string };
  /** Values of the kind's selectable fields. */
  readonly fields: { readonly [field: string]: string };
}

export function factsOf(kind: Kind, object: KubeObject): SelectableFacts {
  const { name = "", namespace = "", labels = {} } = object.metadata;
  const fields: { [field: string]: string } = {};
  for (const [field, read] of Object.entries(kind.selectableFields ?? {})) fields[field] = read(object);
  return { name, namespace, labels, fields };
}

/** Kinds with fields of their own say which there are; only those without any take a namespace where there is none. */
const hasOwnFields = (kind: Kind): boolean => kind.custom || kind.selectableFields !== undefined;

function selectable(kind: Kind, field: string): boolean {
  if (field === "metadata.name") return true;
  if (field === "metadata.namespace") return kind.scope === "Namespaced" || !hasOwnFields(kind);
  return kind.selectableFields !== undefined && Object.hasOwn(kind.selectableFields, field);
}

function refusal(kind: Kind, field: string): string {
  if (kind.refuseField) return kind.refuseField(field);
  return hasOwnFields(kind)
    ? `field label not supported: ${field}`
    : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

/** @throws StatusError 400 for a field that the kind does not select by. */
export function compileSelection(kind: Kind, labels: LabelSelector | undefined, fields: FieldSelector | undefined): Selection {
  const requirements = (fields?.requirements ?? []).map((requirement) => {
    const field = entryOf(kind.fieldLabelAliases, requirement.field) ?? requirement.field;
    if (!selectable(kind, field)) throw badRequest(refusal(kind, requirement.field));
    return { ...requirement, field };
  });
  const only = (field: string) => requirements.find((each) => each.field === field && each.operator === "=")?.value;
  const simple = requirements.every((each) => each.field === "metadata.name" && each.operator === "=") && requirements.length <= 1;
  const labelsMatter = labels !== undefined && !labels.empty;
  return {
    everything: simple && !labelsMatter,
    name: only("metadata.name"),
    namespace: only("metadata.namespace"),
    matches(facts) {
      for (const { field, operator, value } of requirements) {
        const actual = field === "metadata.name" ? facts.name : field === "metadata.namespace" ? facts.namespace : (facts.fields[field] ?? "");
        if ((operator === "=") !== (actual === value)) return false;
      }
      return !labelsMatter || labels.matches(facts.labels);
    },
  };
}

const CACHE_LIMIT = 20_000;

/**
 * Facts by kind and revision. A revision's text never changes, so an entry is never stale; the oldest entries go when
 * a kind has too many. A list by label over thousands of objects then parses only what it returns.
 */
export class FactsCache {
  /** By kind, since two versions of a resource select by differently named fields; a redefined custom kind takes its facts along. */
  readonly #kinds = new WeakMap<Kind, Map<number, SelectableFacts>>();

  get(kind: Kind, revision: number): SelectableFacts | undefined {
    return this.#kinds.get(kind)?.get(revision);
  }

  set(kind: Kind, revision: number, facts: SelectableFacts): void {
    let ofKind = this.#kinds.get(kind);
    if (!ofKind) {
      ofKind = new Map();
      this.#kinds.set(kind, ofKind);
    }
    if (ofKind.size >= CACHE_LIMIT) {
      const oldest = ofKind.keys().next();
      if (!oldest.done) ofKind.delete(oldest.value);
    }
    ofKind.set(revision, facts);
  }
}
