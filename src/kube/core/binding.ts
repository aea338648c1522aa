/** Binding (v1): assigns a pod to a node; create-only, the same act as pods/binding. */
import { defineKind } from "../define.ts";
import type { Binding } from "../schema/generated/types/core.v1.ts";

export const binding = defineKind<Binding>({
  group: "",
  version: "v1",
  kind: "Binding",
  plural: "bindings",
  scope: "Namespaced",
  verbs: ["create"],
  validate(object, errors, at) {
    const { target } = object;
    if (target?.kind && target.kind !== "Node") errors.notSupported(at.child("target", "kind"), target.kind, ["Node", "<empty>"]);
    if (!target?.name) errors.required(at.child("target", "name"));
  },
});
