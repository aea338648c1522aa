/** LocalSubjectAccessReview (authorization.k8s.io/v1): asks whether a user may do something in one namespace; answered, never stored. */
import { defineKind } from "../define.ts";
import type { LocalSubjectAccessReview } from "../schema/generated/types/authorization.v1.ts";
import { validateAttributes, validateNoMetadata, validateSubject } from "./rules.ts";

export const localSubjectAccessReview = defineKind<LocalSubjectAccessReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "LocalSubjectAccessReview",
  plural: "localsubjectaccessreviews",
  scope: "Namespaced",
  verbs: ["create"],
  storedVersion: "",
  validateName: () => [],
  validate(object, errors, at) {
    const specAt = at.child("spec");
    validateAttributes(object.spec, errors, specAt);
    validateSubject(object.spec, errors, specAt);
    if (object.spec?.resourceAttributes && object.spec.resourceAttributes.namespace !== object.metadata.namespace) {
      errors.invalid(specAt.child("resourceAttributes", "namespace"), object.spec.resourceAttributes.namespace ?? "", "must match metadata.namespace");
    }
    if (object.spec?.nonResourceAttributes)
      errors.invalid(specAt.child("nonResourceAttributes"), object.spec.nonResourceAttributes, "disallowed on this kind of request");
    validateNoMetadata(object.metadata, object.metadata.namespace ? { namespace: object.metadata.namespace } : {}, errors, at);
  },
});
