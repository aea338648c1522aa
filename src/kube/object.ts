import type { ObjectMeta } from "./schema/generated/types/meta.v1.ts";

export type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from "./schema/generated/types/meta.v1.ts";

/** Any Kubernetes object after decoding: the three fields that all have, the rest by name. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** A JSON object of unknown shape, for code that walks values generically. */
export type JsonObject = { [field: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
