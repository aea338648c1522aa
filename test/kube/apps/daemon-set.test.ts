import { describe, expect, test } from "vitest";
import { daemonSet } from "../../../src/kube/apps/daemon-set.ts";
import { FieldErrors, FieldPath } from "../../../src/kube/machinery/field.ts";
import type { DaemonSet } from "../../../src/kube/schema/generated/types/apps.v1.ts";

const CONTEXT = { now: new Date("2026-01-02T03:04:05Z"), user: { username: "tester", groups: [] } };
const GENERATION = "deprecated.daemonset.template.generation";

function decoded(annotations: Record<string, string>, image = "nginx"): DaemonSet {
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "a", image }] } };
  const body = { apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name: "d", annotations }, spec: { selector: { matchLabels: { a: "b" } }, template } };
  const made = daemonSet.decode(body, { strict: [] }) as DaemonSet;
  daemonSet.applyDefaults?.(made);
  return made;
}

describe("a DaemonSet counts its template's changes", () => {
  test("from 0 as it is sent, which its writer owns, and from 1 as it is stored", () => {
    const made = decoded({ mine: "kept" });
    expect(made.metadata.annotations).toEqual({ mine: "kept", [GENERATION]: "0" });
    daemonSet.prepareForCreate?.(made, CONTEXT);
    expect(made.metadata.annotations).toEqual({ mine: "kept", [GENERATION]: "1" });
  });

  test.each([
    ["nginx", "4"],
    ["other", "5"],
  ])("on an update to image %s", (image, generation) => {
    const made = decoded({}, image);
    daemonSet.prepareForUpdate?.(made, decoded({ [GENERATION]: "4" }), CONTEXT);
    expect(made.metadata.annotations?.[GENERATION]).toBe(generation);
  });
});

test("an update that changes the selector is told so before anything else", () => {
  const old = decoded({});
  const changed = structuredClone(old);
  changed.spec.selector = { matchLabels: { a: "c" } };
  const errors = new FieldErrors();
  daemonSet.validateUpdate?.(changed, old, errors, FieldPath.root);
  expect(errors.list.map(({ field }) => field)).toEqual(["spec.selector", "spec.template.metadata.labels"]);
});
