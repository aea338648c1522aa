/** What every verb gets: the kind, the request and the cluster around them. */
import type { Kind, StatusRules } from "../../kube/kind.ts";
import type { GroupResource } from "../../kube/machinery/status.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { AdmissionPlugin } from "../admission/admission.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import type { UserInfo } from "../identity.ts";
import type { Resources } from "../resources.ts";
import type { ObjectKey, Transaction } from "../store/types.ts";

/** The cluster as the verbs see it; time and randomness are parameters, so every rule can be tested alone. */
export interface Environment {
  readonly resources: Resources;
  readonly admission: readonly AdmissionPlugin[];
  readonly authorizer: Authorizer;
  readonly now: () => Date;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** One write or read of one kind. */
export interface Call {
  readonly environment: Environment;
  readonly kind: Kind;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly user: UserInfo;
  /** Collects texts for Warning headers. */
  readonly warnings: string[];
  readonly now: Date;
}

export interface WriteCall extends Call {
  readonly transaction: Transaction;
  readonly dryRun: boolean;
  readonly fieldManager: string;
}

/** The outcome of a verb: a value to be rendered, or JSON text that is ready to be sent. */
export interface Outcome {
  status: number;
  body: string | object | ReadableStream<Uint8Array>;
}

export function target(kind: Kind): GroupResource {
  return { group: kind.group, resource: kind.plural };
}

/** What an object that breaks its kind's rules is called: Events of either group are core's, as they are stored. */
export function ruleSubject(kind: Kind, object: Pick<KubeObject, "kind">): { group: string; kind: string } {
  return { group: kind.storage?.group ?? kind.group, kind: kind.custom ? object.kind : kind.kind };
}

export function keyOf(kind: Kind, namespace: string, name: string): ObjectKey {
  return { resource: kind.storageResource, namespace: kind.scope === "Namespaced" ? namespace : "", name };
}

/** What is special about the kind's status, if anything. */
export function statusRules(kind: Kind): StatusRules<KubeObject> {
  const rules = kind.subresources?.status;
  return rules === undefined || rules === true ? {} : rules;
}
