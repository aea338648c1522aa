/** SubjectAccessReview (authorization.k8s.io/v1): asks whether a user may do something; answered, never stored. */
import { defineKind } from "../define.ts";
import type { SubjectAccessReview } from "../schema/generated/types/authorization.v1.ts";
import { validateAttributes, validateNoMetadata, validateSubject } from "./rules.ts";

export const subjectAccessReview = defineKind<SubjectAccessReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SubjectAccessReview",
  plural: "subjectaccessreviews",
  scope: "Cluster",
  verbs: ["create"],
  storedVersion: "",
  validateName: () => [],
  validate(object, errors, at) {
    const specAt = at.child("spec");
    validateAttributes(object.spec, errors, specAt);
    validateSubject(object.spec, errors, specAt);
    validateNoMetadata(object.metadata, {}, errors, at);
  },
});
