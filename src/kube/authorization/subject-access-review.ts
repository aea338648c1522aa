/** SubjectAccessReview (authorization.k8s.io/v1): asks whether a user may do something; answered, never stored. */
import { defineKind } from "../define.ts";
import type { SubjectAccessReview } from "../schema/generated/types/authorization.v1.ts";
import { validateAttributes, validateNoMetadata } from "./rules.ts";

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
    if (!object.spec?.user && !object.spec?.groups?.length)
      errors.invalid(specAt.child("user"), object.spec?.user ?? "", "at least one of user or group must be specified");

    validateNoMetadata(object.metadata, {}, errors, at);
  },
});
