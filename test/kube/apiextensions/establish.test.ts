/** A definition's life as its status tells it: names, conditions, stored versions, termination. */
import { describe, expect, it } from "vitest";
import {
  acceptNames,
  beginTermination,
  CLEANUP_FINALIZER,
  finishTermination,
  isEstablished,
  isTerminating,
  terminationInProgress,
} from "../../../src/kube/apiextensions/establish.ts";
import { servedResources } from "../../../src/kube/apiextensions/served-resources.ts";
import type { JsonObject } from "../../../src/kube/object.ts";
import type { CustomResourceDefinition } from "../../../src/kube/schema/generated/types/apiextensions.v1.ts";
import { createDefinition, definitionOf, NOW, object } from "./custom-resources.ts";

function create(names: JsonObject, metadata: JsonObject = {}, group = "ref.example.com"): CustomResourceDefinition {
  const body = { ...definitionOf(object({}), {}, { names, group }), metadata: { name: `${names.plural}.${group}`, ...metadata } };
  const { definition, message } = createDefinition(body);
  if (!definition) throw new Error(message);
  return definition;
}

const at = "2026-11-23T20:00:00Z";
const cols = acceptNames(create({ plural: "cols", kind: "Col", shortNames: ["cc"] }), [], NOW);

describe("acceptNames", () => {
  it("establishes a definition whose names are free, in upstream's words", () => {
    expect(cols.status).toEqual({
      conditions: [
        { type: "NamesAccepted", status: "True", lastTransitionTime: at, reason: "NoConflicts", message: "no conflicts found" },
        { type: "Established", status: "True", lastTransitionTime: at, reason: "InitialNamesAccepted", message: "the initial names have been accepted" },
      ],
      acceptedNames: { plural: "cols", singular: "col", shortNames: ["cc"], kind: "Col", listKind: "ColList" },
      storedVersions: ["v1"],
    });
    expect(isEstablished(cols)).toBe(true);
  });

  it("is idempotent: the same object comes back, whatever the time", () => {
    expect(acceptNames(cols, [cols], new Date(NOW.getTime() + 60_000))).toBe(cols);
  });

  it("accepts what it can of conflicting names and serves nothing", () => {
    const other = acceptNames(create({ plural: "cols2", kind: "Col", singular: "col", shortNames: ["cc", "cc2"] }), [cols], NOW);
    expect(other.status.conditions).toEqual([
      { type: "NamesAccepted", status: "False", lastTransitionTime: at, reason: "ListKindConflict", message: '"ColList" is already in use' },
      { type: "Established", status: "False", lastTransitionTime: at, reason: "NotAccepted", message: "not all names are accepted" },
    ]);
    expect(other.status.acceptedNames).toEqual({ plural: "cols2", kind: "" });
    expect(servedResources(other)).toEqual([]);
  });

  it("lets other groups use the same names", () => {
    expect(isEstablished(acceptNames(create({ plural: "cols", kind: "Col" }, {}, "other.example.com"), [cols], NOW))).toBe(true);
  });

  it("takes a freed name later", () => {
    const waiting = acceptNames(create({ plural: "cols2", kind: "Col" }), [cols], NOW);
    const later = acceptNames(waiting, [], new Date(NOW.getTime() + 1000));
    expect(isEstablished(later)).toBe(true);
    expect(later.status.acceptedNames.kind).toBe("Col");
  });

  it.each([
    ["unapproved, just testing", { status: "False", reason: "UnapprovedAnnotation", message: 'not approved: "unapproved, just testing"' }],
    [
      "https://github.com/kubernetes/kubernetes/pull/1",
      { status: "True", reason: "ApprovedAnnotation", message: "approved in https://github.com/kubernetes/kubernetes/pull/1" },
    ],
  ])("says of a protected group's approval %s", (annotation, condition) => {
    const definition = create({ plural: "apps1", kind: "App1" }, { annotations: { "api-approved.kubernetes.io": annotation } }, "foo.k8s.io");
    expect(acceptNames(definition, [], NOW).status.conditions[0]).toEqual({
      type: "KubernetesAPIApprovalPolicyConformant",
      lastTransitionTime: at,
      ...condition,
    });
  });
});

describe("termination", () => {
  it("keeps the definition with a finalizer until its resources are gone, reading only", () => {
    const dying = beginTermination(cols, NOW);
    expect(dying.metadata).toMatchObject({ deletionTimestamp: at, finalizers: [CLEANUP_FINALIZER] });
    expect(dying.metadata).not.toHaveProperty("deletionGracePeriodSeconds");
    expect(dying.status.conditions.at(-1)).toEqual({
      type: "Terminating",
      status: "True",
      lastTransitionTime: at,
      reason: "InstanceDeletionPending",
      message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    });
    expect(beginTermination(dying, NOW)).toBe(dying);
    expect(isTerminating(dying)).toBe(true);
    expect(servedResources(dying).map(({ deletable }) => deletable)).toEqual([false]);
    expect(terminationInProgress(dying, NOW).status.conditions.at(-1)?.reason).toBe("InstanceDeletionInProgress");
    const done = finishTermination(dying, NOW);
    expect(done.metadata.finalizers).toBeUndefined();
    expect(done.status.conditions.at(-1)).toMatchObject({ status: "False", reason: "InstanceDeletionCompleted" });
  });
});
