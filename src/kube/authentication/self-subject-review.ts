/** SelfSubjectReview (authentication.k8s.io/v1): tells the caller who it is (KEP-3325). */
import { defineKind } from "../define.ts";
import type { SelfSubjectReview } from "../schema/generated/types/authentication.v1.ts";

export const selfSubjectReview = defineKind<SelfSubjectReview>({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "SelfSubjectReview",
  plural: "selfsubjectreviews",
  scope: "Cluster",
  verbs: ["create"],
  storedVersion: "",
});
