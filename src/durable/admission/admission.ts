/**
 * Admission: what stands between a decoded, defaulted object and its validation. A plugin is one file; its
 * line in `chain.ts` is all it takes to add it. Plugins run inside the write's own transaction, so what they
 * read is what the write is serialized against.
 */
import type { Kind } from "../../kube/kind.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { UserInfo } from "../identity.ts";
import type { Transaction } from "../store/types.ts";

export interface AdmissionAttributes {
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly kind: Kind;
  readonly subresource: string;
  readonly namespace: string;
  /** The generateName while it is not resolved yet. */
  readonly name: string;
  /** The object to be stored; absent for DELETE. Mutating plugins change it in place. */
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  readonly now: Date;
  readonly transaction: Transaction;
  /** Texts for Warning headers. */
  readonly warnings: string[];
}

export interface AdmissionPlugin {
  readonly name: string;
  /** May change `object`. @throws StatusError to refuse. */
  mutate?(attributes: AdmissionAttributes): void;
  /** Sees the final, valid object. @throws StatusError to refuse. */
  validate?(attributes: AdmissionAttributes): void;
}

/** Runs the mutating phase of every plugin in order. @throws StatusError from the first that refuses. */
export function mutate(chain: readonly AdmissionPlugin[], attributes: AdmissionAttributes): void {
  for (const plugin of chain) plugin.mutate?.(attributes);
}

/** Runs the validating phase of every plugin in order. @throws StatusError from the first that refuses. */
export function validate(chain: readonly AdmissionPlugin[], attributes: AdmissionAttributes): void {
  for (const plugin of chain) plugin.validate?.(attributes);
}
