/**
 * What server-side apply needs to know of a value's structure (KEP-555): made from a built-in type's
 * schema or from a custom resource's structural schema, so that apply itself knows neither.
 */
export type Structure =
  /** Owned and replaced as a whole: scalars, atomic maps, atomic structs and atomic lists. */
  | { readonly kind: "leaf" }
  /** An object with named fields, or a granular map when `field` answers for any name. undefined = not declared. */
  | { readonly kind: "map"; field(name: string): Structure | undefined }
  /** x-kubernetes-list-type: set, of scalars. */
  | { readonly kind: "set" }
  /** x-kubernetes-list-type: map; `defaults` fills absent keys (containerPort's protocol: TCP). */
  | { readonly kind: "list-map"; readonly keys: readonly string[]; readonly defaults: Readonly<Record<string, unknown>>; readonly item: Structure }
  /** No schema (preserve-unknown-fields): maps are granular, lists atomic, deduced from the value. */
  | { readonly kind: "untyped" };

export const LEAF: Structure = { kind: "leaf" };
export const UNTYPED: Structure = { kind: "untyped" };
