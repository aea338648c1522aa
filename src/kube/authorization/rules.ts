/** What access reviews may ask. */
import { sameJson } from "../core/equality.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { ObjectMeta } from "../object.ts";
import type { NonResourceAttributes, ResourceAttributes } from "../schema/generated/types/authorization.v1.ts";

interface AccessSpec {
  resourceAttributes?: ResourceAttributes;
  nonResourceAttributes?: NonResourceAttributes;
}

/** Exactly one of the two kinds of attributes; selectors raw or parsed. */
export function validateAttributes(spec: AccessSpec | undefined, errors: FieldErrors, at: FieldPath): void {
  const resource = spec?.resourceAttributes;
  const nonResource = spec?.nonResourceAttributes;
  if (resource && nonResource) errors.invalid(at.child("nonResourceAttributes"), nonResource, "cannot be specified in combination with resourceAttributes");
  if (!resource && !nonResource) {
    errors.invalid(at.child("resourceAttributes"), null, "exactly one of nonResourceAttributes or resourceAttributes must be specified");
  }
  if (resource) validateSelectors(resource, errors, at.child("resourceAttributes"));
}

/** Whom the question is about. */
export function validateSubject(spec: { user?: string; groups?: string[] } | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!spec?.user && !spec?.groups?.length) errors.invalid(at.child("user"), spec?.user ?? "", "at least one of user or group must be specified");
}

function validateSelectors(attributes: ResourceAttributes, errors: FieldErrors, at: FieldPath): void {
  for (const field of ["fieldSelector", "labelSelector"] as const) {
    const selector = attributes[field];
    if (!selector) continue;
    const selectorAt = at.child(field);
    if (selector.rawSelector && selector.requirements?.length)
      errors.invalid(selectorAt.child("rawSelector"), selector.rawSelector, "may not specified at the same time as requirements");
    if (!selector.rawSelector && !selector.requirements?.length)
      errors.required(selectorAt.child("requirements"), `when ${field} is specified, requirements or rawSelector is required`);
  }
}

/** A question has no metadata; a local one has its namespace. */
export function validateNoMetadata(metadata: ObjectMeta, allowed: ObjectMeta, errors: FieldErrors, at: FieldPath): void {
  const { managedFields: _, ...rest } = metadata;
  if (!sameJson(rest, allowed))
    errors.invalid(at.child("metadata"), metadata, `must be empty${allowed.namespace === undefined ? "" : " except for namespace"}`);
}
