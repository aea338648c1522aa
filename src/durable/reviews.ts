/** Reviews: questions asked by POST that are answered and never stored. */
import { badRequest } from "../kube/machinery/status.ts";
import type { KubeObject } from "../kube/object.ts";
import { MASTERS, type UserInfo } from "./identity.ts";
import type { Outcome, WriteCall } from "./verbs/call.ts";

type Review = KubeObject & { spec?: Record<string, unknown>; status?: unknown };

interface Attributes {
  resourceAttributes?: { verb?: string; resource?: string; namespace?: string };
  nonResourceAttributes?: { path?: string; verb?: string };
  user?: string;
  groups?: string[];
}

function userStatus(user: UserInfo): object {
  return { username: user.username, ...(user.uid ? { uid: user.uid } : {}), groups: user.groups, ...(user.extra ? { extra: user.extra } : {}) };
}

function answer(review: Review, status: object): Outcome {
  review.metadata ??= {};
  return { status: 201, body: { ...review, status } };
}

/** Every identity that this cluster knows is a member of system:masters, and so may do everything. */
function access(groups: readonly string[]): object {
  return groups.includes(MASTERS) ? { allowed: true } : { allowed: false };
}

function requireOneTarget(spec: Attributes): void {
  const both = Boolean(spec.resourceAttributes) === Boolean(spec.nonResourceAttributes);
  if (both) throw badRequest("spec.resourceAttributes: Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified");
}

type Answer = (call: WriteCall, review: Review) => Outcome;

const ANSWERS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ["selfsubjectreviews", (call, review) => answer(review, { userInfo: userStatus(call.user) })],
  [
    "selfsubjectaccessreviews",
    (call, review) => {
      requireOneTarget((review.spec ?? {}) as Attributes);
      return answer(review, access(call.user.groups));
    },
  ],
  [
    "subjectaccessreviews",
    (_call, review) => {
      const spec = (review.spec ?? {}) as Attributes;
      requireOneTarget(spec);
      return answer(review, access(spec.groups ?? []));
    },
  ],
  ["localsubjectaccessreviews", (_call, review) => answer(review, access(((review.spec ?? {}) as Attributes).groups ?? []))],
  [
    "selfsubjectrulesreviews",
    (call, review) => {
      const all = call.user.groups.includes(MASTERS);
      return answer(review, {
        resourceRules: all ? [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }] : [],
        nonResourceRules: all ? [{ verbs: ["*"], nonResourceURLs: ["*"] }] : [],
        incomplete: false,
      });
    },
  ],
  ["tokenreviews", (_call, review) => answer(review, { user: {}, error: "[invalid bearer token]" })],
]);

/** Is this a kind that is only ever asked? */
export function isReview(plural: string): boolean {
  return ANSWERS.has(plural);
}

/** Answers a review. The caller has decoded it. */
export function answerReview(call: WriteCall, review: KubeObject): Outcome {
  const handler = ANSWERS.get(call.kind.plural);
  if (!handler) throw badRequest(`${call.kind.plural} is no review`);
  return handler(call, review as Review);
}
