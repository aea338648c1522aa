/**
 * The shape of a kind: everything that is special about it and nothing that is not. The generic verbs
 * (durable/verbs) drive any kind through this interface and know none by name. Built-in kinds are made
 * with `defineKind`, one file each; custom resources by kube/apiextensions from their definition.
 */
import type { FieldErrors, FieldPath } from "./machinery/field.ts";
import type { Structure } from "./machinery/structure.ts";
import type { JsonObject, KubeObject } from "./object.ts";
import type { DecodeReport, TypeSchema } from "./schema/schema.ts";

export type Verb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

export const ALL_VERBS: readonly Verb[] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

export interface Column {
  name: string;
  type: "string" | "integer" | "number" | "boolean" | "date";
  format?: string;
  description?: string;
  /** 0 shows always, 1 with -o wide only. */
  priority?: number;
}

/** What a create or an update needs besides the object; time comes from here, never from the platform's clock. */
export interface RequestContext {
  readonly now: Date;
  /** The user who writes (a CertificateSigningRequest records it). */
  readonly user: { username: string; uid?: string; groups: readonly string[]; extra?: Readonly<Record<string, string[]>> };
}

export interface ScaleSubresource {
  /** JSON paths as a CustomResourceDefinition writes them, e.g. ".spec.replicas". */
  spec: string;
  status: string;
  /** Path of the selector: a LabelSelector, a plain map, or (custom resources) a string. */
  selector?: string;
}

export interface Subresources<T extends KubeObject> {
  status?: StatusRules<T> | true;
  scale?: ScaleSubresource;
  /** Others served for this kind by the cluster (binding, eviction, finalize, ephemeralcontainers, resize, approval, log, exec, …) → verbs allowed. */
  others?: Readonly<Record<string, { verbs: readonly ("create" | "get" | "patch" | "update" | "delete")[]; kind?: string; group?: string; version?: string }>>;
}

/** How a write through /status differs from one through the main resource. */
export interface StatusRules<T extends KubeObject> {
  /** Called after the generic rule (everything but status and managedFields restored from `old`; see `keeps`). */
  prepareForUpdate?(object: T, old: T, context: RequestContext): void;
  validateUpdate?(object: T, old: T, errors: FieldErrors): void;
  /** A creator's status is kept (Node: the kubelet registers with it). Default: dropped. */
  settableOnCreate?: boolean;
  /** Metadata that a status write may change too. Default: labels and annotations of most built-ins are accepted. */
  keeps?: { labels?: boolean; annotations?: boolean; finalizers?: boolean; ownerReferences?: boolean };
}

export interface KindDefinition<T extends KubeObject = KubeObject> {
  group: string;
  version: string;
  kind: string;
  plural: string;
  /** Default: the kind in lower case. */
  singular?: string;
  listKind?: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
  scope: "Namespaced" | "Cluster";
  /** Default: all eight. */
  verbs?: readonly Verb[];
  subresources?: Subresources<T>;

  /** Rejects a bad metadata.name; messages as upstream. Default: DNS-1123 subdomain. `prefix` = it is a generateName. */
  validateName?(name: string, prefix: boolean): string[];
  /** Fills defaults of this version in place (wire reference §3.1). Must be idempotent. */
  applyDefaults?(object: T): void;
  /** Drops what a creator may not set, sets what the server owns. The generic part (status dropped when there is a status subresource, metadata, generation) is done by the verbs. */
  prepareForCreate?(object: T, context: RequestContext): void;
  /** As prepareForCreate, on update; the verbs have already restored status and system metadata from `old`. */
  prepareForUpdate?(object: T, old: T, context: RequestContext): void;
  validate?(object: T, errors: FieldErrors, at: FieldPath): void;
  /** Only the rules of creation; called after `validate`, never on update. */
  validateCreate?(object: T, errors: FieldErrors, at: FieldPath): void;
  /** Only the transition rules; the verbs call `validate` as well unless `validatesOnUpdate` is false. */
  validateUpdate?(object: T, old: T, errors: FieldErrors, at: FieldPath): void;
  validatesOnUpdate?: boolean;
  /** Warning header texts for a create (no old) or an update. */
  warnings?(object: T, old?: T): string[];

  /** The API is deprecated: the Warning that every request for it gets. */
  deprecation?: string;
  /** How metadata.generation moves: "spec" = 1 at create, +1 when anything but metadata and status changes; a function says whether this update bumps it. Default: not tracked. */
  generation?: "spec" | ((object: T, old: T) => boolean);
  /** PUT of an absent object creates it. Default false. */
  allowCreateOnUpdate?: boolean;
  /** PUT without a resourceVersion. Default true. */
  allowUnconditionalUpdate?: boolean;
  /** Seconds before removal when the caller names none; undefined = removed at once (all but Pod). `requested` is the caller's. */
  gracePeriodSeconds?(object: T, requested: number | undefined): number;
  /** What the first deletion of an object starts from: a Namespace turns Terminating, a definition gets its cleanup finalizer. Idempotent. */
  beginDeletion?(object: T, now: Date): T;
  /** Immediate deletion answers with the object instead of a Status. Default false. */
  returnsDeletedObject?: boolean;
  /** What becomes of dependents when the caller does not say. Default "Background". */
  defaultPropagation?: "Background" | "Orphan";
  /** Deleting is a two-step affair with spec.finalizers (Namespace). */
  specFinalizers?: boolean;

  /** Selectable fields beside metadata.name and metadata.namespace → the value as text. */
  selectableFields?: Readonly<Record<string, (object: T) => string>>;
  /** The refusal of a field that is not selectable, where the kind words it in its own way. */
  refuseField?(field: string): string;
  /** Alternative labels of selectable fields (`spec.host` → `spec.nodeName`). */
  fieldLabelAliases?: Readonly<Record<string, string>>;

  columns?: readonly Column[];
  /** The cells for `columns`, in order. `now` dates the ages. */
  cells?(object: T, now: Date): (string | number | boolean | null)[];

  /** Paths (apply's `f:` form, e.g. ["status"]) that a writer through the main resource never owns; per subresource name too. */
  resetFields?: Readonly<Record<string, readonly (readonly string[])[]>>;

  /** Stored under another version of the same resource: convert this version's object to and from it, in place or new. */
  storage?: { group: string; version: string; toStorage(object: T): KubeObject; fromStorage(object: KubeObject): T };
  /** storageVersionHash's version where it is not this row's own ("" = none); data/discovery.json "stored". */
  storedVersion?: string;
}

/** A kind as the verbs see it: a definition plus decoding and structure. */
export interface Kind extends KindDefinition<KubeObject> {
  readonly apiVersion: string;
  readonly singular: string;
  readonly listKind: string;
  readonly verbs: readonly Verb[];
  readonly custom: boolean;
  /** The store's name for the resource: "<plural>" or "<plural>.<group>" of the stored version. */
  readonly storageResource: string;
  /**
   * JSON value → object of this kind, canonical as Go's decoder and encoder would leave it: unknown fields
   * dropped (and reported), types checked, zero values of omitempty fields dropped.
   * @throws StatusError 400 when a value has the wrong JSON type.
   */
  decode(value: JsonObject, report: DecodeReport): KubeObject;
  structure(): Structure;
  /** A custom resource's columns, which the front desk can't know. */
  readonly customColumns?: readonly (Column & { jsonPath: string })[];
  /** Schema for strategic merge; undefined for custom resources (415). */
  readonly patchSchema: TypeSchema | undefined;
}
