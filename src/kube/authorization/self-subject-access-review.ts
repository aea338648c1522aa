/** SelfSubjectAccessReview (authorization.k8s.io/v1): asks whether the caller may do something; answered, never stored. */
import { defineKind } from "../define.ts";
import type { SelfSubjectAccessReview } from "../schema/generated/types/authorization.v1.ts";
import { validateAttributes, validateNoMetadata } from "./rules.ts";

export const selfSubjectAccessReview = defineKind<SelfSubjectAccessReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SelfSubjectAccessReview",
  plural: "selfsubjectaccessreviews",
  scope: "Cluster",
  verbs: ["create"],
  storedVersion: "",
  validateName: () => [],
  validate(object, errors, at) {
    const specAt = at.child("spec");
    validateAttributes(object.spec, errors, specAt);

    validateNoMetadata(object.metadata, {}, errors, at);
  },
});
