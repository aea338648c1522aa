/** SelfSubjectRulesReview (authorization.k8s.io/v1): lists what the caller may do in a namespace. */
import { defineKind } from "../define.ts";
import type { SelfSubjectRulesReview } from "../schema/generated/types/authorization.v1.ts";

export const selfSubjectRulesReview = defineKind<SelfSubjectRulesReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SelfSubjectRulesReview",
  plural: "selfsubjectrulesreviews",
  scope: "Cluster",
  verbs: ["create"],
  storedVersion: "",
  validateName: () => [],
});
