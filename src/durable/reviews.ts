/** Reviews: questions asked by POST that are answered and never stored. */
import { FieldErrors, FieldPath } from "../kube/machinery/field.ts";
import { trackUpdate } from "../kube/machinery/managed-fields.ts";
import { badRequest, invalid } from "../kube/machinery/status.ts";
import type { KubeObject } from "../kube/object.ts";
import type { SubjectAccessReviewSpec } from "../kube/schema/generated/types/authorization.v1.ts";
import type { PolicyRule } from "../kube/schema/generated/types/rbac.v1.ts";
import type { AccessAttributes } from "./authorization/rbac.ts";
import type { UserInfo } from "./identity.ts";
import type { Outcome, WriteCall } from "./verbs/call.ts";
import { placeInNamespace, timestamp } from "./verbs/create.ts";

type Review = KubeObject & { spec?: SubjectAccessReviewSpec & { namespace?: string }; status?: unknown };

function userStatus(user: UserInfo): object {
  return { username: user.username, ...(user.uid ? { uid: user.uid } : {}), groups: user.groups, ...(user.extra ? { extra: user.extra } : {}) };
}

function answer(review: Review, status: object): Outcome {
  return { status: 201, body: { ...review, status } };
}

/** What is asked about: a review's own attributes say less than a request does. */
function attributesOf({ resourceAttributes, nonResourceAttributes }: SubjectAccessReviewSpec): AccessAttributes {
  if (nonResourceAttributes) {
    return {
      verb: nonResourceAttributes.verb ?? "",
      group: "",
      resource: "",
      subresource: "",
      namespace: "",
      name: "",
      path: nonResourceAttributes.path ?? "",
    };
  }
  const { verb = "", group = "", resource = "", subresource = "", namespace = "", name = "" } = resourceAttributes ?? {};
  return { verb, group, resource, subresource, namespace, name };
}

/** The status of an access review. */
function access(call: WriteCall, user: UserInfo, spec: SubjectAccessReviewSpec): object {
  const { allowed, reason } = call.environment.authorizer.decide(user, attributesOf(spec));
  return { allowed, ...(reason ? { reason } : {}) };
}

function subjectOf({ user = "", uid, groups, extra }: SubjectAccessReviewSpec): UserInfo {
  return { username: user, uid, groups: groups ?? [], extra: extra as Record<string, string[]> | undefined };
}

/** @throws StatusError 422; upstream does not name the kind. */
function validate(review: Review, check: (spec: NonNullable<Review["spec"]>, errors: FieldErrors, at: FieldPath) => void): NonNullable<Review["spec"]> {
  const errors = new FieldErrors();
  const at = FieldPath.of("spec");
  const spec = review.spec ?? {};
  const { resourceAttributes, nonResourceAttributes } = spec;
  const shown = { Path: nonResourceAttributes?.path ?? "", Verb: nonResourceAttributes?.verb ?? "" };
  if (resourceAttributes && nonResourceAttributes)
    errors.invalid(at.child("nonResourceAttributes"), shown, "cannot be specified in combination with resourceAttributes");
  if (!resourceAttributes && !nonResourceAttributes) {
    errors.invalid(at.child("resourceAttributes"), null, "exactly one of nonResourceAttributes or resourceAttributes must be specified");
  }
  check(spec, errors, at);
  const { managedFields: _managed, namespace: _namespace, ...rest } = review.metadata;
  if (Object.keys(rest).length > 0) errors.invalid(FieldPath.of("metadata"), review.metadata, "must be empty");
  if (!errors.empty) throw invalid({ group: "authorization.k8s.io", kind: "" }, "", errors.list);
  return spec;
}

function needsSubject({ user, groups }: SubjectAccessReviewSpec, errors: FieldErrors, at: FieldPath): void {
  if (!user && !groups?.length) errors.invalid(at.child("user"), "", "at least one of user or group must be specified");
}

type Answer = (call: WriteCall, review: Review) => Outcome;

const ANSWERS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  [
    "selfsubjectreviews",
    (call, review) => answer({ ...review, metadata: { ...review.metadata, creationTimestamp: timestamp(call.now) } }, { userInfo: userStatus(call.user) }),
  ],
  [
    "selfsubjectaccessreviews",
    (call, review) => {
      track(call, review);
      const spec = validate(review, () => undefined);
      return answer(review, access(call, call.user, spec));
    },
  ],
  [
    "subjectaccessreviews",
    (call, review) => {
      track(call, review);
      const spec = validate(review, needsSubject);
      return answer(review, access(call, subjectOf(spec), spec));
    },
  ],
  [
    "localsubjectaccessreviews",
    (call, review) => {
      track(call, review);
      const spec = validate(review, (given, errors, at) => {
        needsSubject(given, errors, at);
        const { resourceAttributes, nonResourceAttributes: other } = given;
        if (other) errors.invalid(at.child("nonResourceAttributes"), { Path: other.path ?? "", Verb: other.verb ?? "" }, "disallowed on this kind of request");
        else if (resourceAttributes && (resourceAttributes.namespace ?? "") !== call.namespace) {
          errors.invalid(at.child("resourceAttributes", "namespace"), resourceAttributes.namespace ?? "", "must match metadata.namespace");
        }
      });
      return answer(review, access(call, subjectOf(spec), spec));
    },
  ],
  ["selfsubjectrulesreviews", answerRules],
  [
    "tokenreviews",
    (call, review) => {
      if (!(review.spec as { token?: string } | undefined)?.token) throw badRequest("token is required for TokenReview in authentication");
      track(call, review);
      return answer(review, { user: {}, error: "invalid bearer token" });
    },
  ],
]);

/** The rules that hold for who asks; upstream's answer does not repeat the question. */
function answerRules(call: WriteCall, review: Review): Outcome {
  const namespace = review.spec?.namespace ?? "";
  if (namespace === "") throw badRequest("no namespace on request");
  const { rules, problems } = call.environment.authorizer.rulesFor(call.user, namespace);
  const picked = (rule: PolicyRule, ...fields: (keyof PolicyRule)[]) =>
    Object.fromEntries(fields.filter((field) => rule[field]?.length).map((field) => [field, rule[field]]));
  const status = {
    resourceRules: rules.filter((rule) => rule.resources?.length).map((rule) => picked(rule, "verbs", "apiGroups", "resources", "resourceNames")),
    nonResourceRules: rules.filter((rule) => rule.nonResourceURLs?.length).map((rule) => picked(rule, "verbs", "nonResourceURLs")),
    incomplete: problems.length > 0,
    ...(problems.length > 0 ? { evaluationError: problems.join(", ") } : {}),
  };
  return answer({ apiVersion: review.apiVersion, kind: review.kind, metadata: {}, spec: {} } as Review, status);
}

/** Reviews pass the same door as what is stored, and come back with the entry of who asked. */
function track(call: WriteCall, review: Review): void {
  const managedFields = trackUpdate({
    live: undefined,
    liveManagedFields: [],
    updated: review,
    structure: call.kind.structure(),
    manager: call.fieldManager,
    apiVersion: call.kind.apiVersion,
    subresource: "",
    now: call.now,
  });
  if (managedFields.length > 0) review.metadata.managedFields = managedFields;
}

/** Is this a kind that is only ever asked? */
export function isReview(plural: string): boolean {
  return ANSWERS.has(plural);
}

/** Answers a review. The caller has decoded it. @throws StatusError 400, 422. */
export function answerReview(call: WriteCall, review: KubeObject): Outcome {
  const handler = ANSWERS.get(call.kind.plural);
  if (!handler) throw badRequest(`${call.kind.plural} is no review`);
  review.metadata ??= {};
  placeInNamespace(call, review);
  return handler(call, review as Review);
}
