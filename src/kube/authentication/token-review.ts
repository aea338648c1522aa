/** TokenReview (authentication.k8s.io/v1): asks whose token it is; answered, never stored. */
import { defineKind } from "../define.ts";
import type { TokenReview } from "../schema/generated/types/authentication.v1.ts";

export const tokenReview = defineKind<TokenReview>({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenReview",
  plural: "tokenreviews",
  scope: "Cluster",
  verbs: ["create"],
  storedVersion: "",
});
