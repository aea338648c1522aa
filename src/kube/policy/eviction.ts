/** policy/v1 Eviction: never stored, the body of pods/eviction. */
import { defineKind } from "../define.ts";
import type { Eviction } from "../schema/generated/types/policy.v1.ts";

export const eviction = defineKind<Eviction>({ group: "policy", version: "v1", kind: "Eviction", plural: "evictions", scope: "Namespaced", verbs: ["create"] });
