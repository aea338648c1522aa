import { describe, expect, test } from "vitest";
import { mergeTolerations, sameResources } from "../../../src/kube/node/runtime-class-scheduling.ts";
import type { Toleration } from "../../../src/kube/schema/generated/types/core.v1.ts";

describe("tolerations of a pod and its class", () => {
  const any: Toleration = { key: "t", operator: "Exists" };
  test.each<[string, Toleration[], Toleration[]]>([
    ["keep the first of two equal ones", [any, { ...any }], [any]],
    ["drop one that a wider one covers", [{ ...any, effect: "NoSchedule" }, any], [any]],
    [
      "keep both where only the values differ",
      [
        { key: "t", value: "a" },
        { key: "t", value: "b" },
      ],
      [
        { key: "t", value: "a" },
        { key: "t", value: "b" },
      ],
    ],
    ["know that Exists without a key covers all", [{ key: "t", value: "a" }, { operator: "Exists" }], [{ operator: "Exists" }]],
    [
      "take a longer stay for the wider one",
      [
        { ...any, effect: "NoExecute", tolerationSeconds: 5 },
        { ...any, effect: "NoExecute", tolerationSeconds: 6 },
      ],
      [{ ...any, effect: "NoExecute", tolerationSeconds: 6 }],
    ],
  ])("%s", (_name, given, merged) => {
    expect(mergeTolerations(given)).toEqual(merged);
  });
});

describe("overheads", () => {
  test.each([
    [{ cpu: "100m" }, { cpu: "0.1" }, true],
    [{ cpu: "100m" }, { cpu: "1" }, false],
    [{ cpu: "1" }, { memory: "1" }, false],
    [{}, { cpu: "1" }, false],
  ])("%j and %j: %s", (left, right, same) => {
    expect(sameResources(left, right)).toBe(same);
  });
});
