/**
 * The shape of the built-in types' schema at run time: what decoding (JSON and protobuf), pruning,
 * strategic merge and server-side apply need to know of a type. The table behind it is generated at
 * install time (scripts/generate) and expanded lazily, a type at a time.
 */

export type Scalar = "string" | "bytes" | "bool" | "int32" | "int64" | "uint32" | "double";

/** Types with a JSON form of their own; see data/protobuf-fields.json, "~". */
export type Form =
  | "time"
  | "microTime"
  | "duration"
  | "quantity"
  | "intOrString"
  | "rawJson"
  | "rawJsonOrProto"
  | "items"
  | "oneOrMany"
  | "schemaOrBool"
  | "schemaOrStrings";

export interface FieldSchema {
  readonly name: string;
  /** Protobuf field number within its own message (the innermost of `inlined`); 0 for apiVersion and kind, which travel in the envelope. */
  readonly number: number;
  /** The inlined structs that lead to the field, outermost first: flat in JSON, submessages on the wire. */
  readonly inlined: readonly InlinedStruct[];
  /** The Go type as decoding errors print it when it does not follow from `type`, e.g. "v1.Protocol". */
  readonly goType: string | undefined;
  /** Scalar name, or the id of a message such as "core.v1.PodSpec" (resolve with `typeSchema`). */
  readonly type: Scalar | { readonly message: string };
  readonly repeated: boolean;
  /** map<string, type>. */
  readonly map: boolean;
  /** Present in upstream's JSON even when zero (no omitempty). */
  readonly always: boolean;
  /** A Go pointer: an explicit zero is kept, absence is distinct. */
  readonly presence: boolean;
  readonly listType: "atomic" | "set" | "map" | undefined;
  readonly listMapKeys: readonly string[];
  readonly mapType: "atomic" | "granular" | undefined;
  readonly patchStrategies: readonly ("merge" | "replace" | "retainKeys")[];
  readonly patchMergeKey: string | undefined;
  /** The schema's default where it is not just the zero of an always present field; list-map keys need it (`protocol: TCP`). */
  readonly default: unknown;
}

/** A struct that Go embeds: `name` is the embedded type's name, `number` its wire number in the outer message. */
export interface InlinedStruct {
  readonly name: string;
  readonly number: number;
}

export interface TypeSchema {
  /** "core.v1.PodSpec" */
  readonly id: string;
  /** "PodSpec": how Go's decoder names it in its errors. */
  readonly goName: string;
  /** Fields by JSON name, inlined structs flattened. Empty for a type with a form. */
  readonly fields: ReadonlyMap<string, FieldSchema>;
  readonly form: Form | undefined;
  /** x-kubernetes-map-type: atomic on the definition. */
  readonly atomic: boolean;
  /** True for a top-level type: apiVersion and kind are fields too. */
  readonly root: boolean;
}

/** What decoding noticed and did not refuse: upstream's strict errors, in its words, in document order. */
export interface DecodeReport {
  /** e.g. `unknown field "spec.foo"`, `duplicate field "spec.bar"` */
  readonly strict: string[];
}
