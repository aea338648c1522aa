import { describe, expect, test } from "vitest";
import { horizontalPodAutoscalerV1, toV1, toV2 } from "../../../src/kube/autoscaling/horizontal-pod-autoscaler-v1.ts";
import type { HorizontalPodAutoscaler as V2 } from "../../../src/kube/schema/generated/types/autoscaling.v2.ts";

const PREFIX = "autoscaling.alpha.kubernetes.io";
const cpu = { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } };
const others: V2["spec"]["metrics"] = [
  { type: "Resource", resource: { name: "memory", target: { type: "AverageValue", averageValue: "1Gi" } } },
  { type: "Pods", pods: { metric: { name: "q", selector: { matchLabels: { a: "b" } } }, target: { type: "AverageValue", averageValue: "5" } } },
  {
    type: "Object",
    object: { describedObject: { kind: "Service", name: "s", apiVersion: "v1" }, metric: { name: "x" }, target: { type: "Value", value: "10" } },
  },
  { type: "External", external: { metric: { name: "e" }, target: { type: "AverageValue", averageValue: "3" } } },
  { type: "ContainerResource", containerResource: { name: "cpu", container: "a", target: { type: "Utilization", averageUtilization: 30 } } },
];

function autoscaler(spec: Partial<V2["spec"]>, status: Partial<V2["status"]> = {}): V2 {
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "h", annotations: { mine: "kept" } },
    spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" }, minReplicas: 1, maxReplicas: 3, ...spec },
    status: { desiredReplicas: 0, currentMetrics: null, ...status } as V2["status"],
  };
}

describe("a v2 autoscaler read as v1", () => {
  test("has its cpu utilization as a field and everything else in annotations", () => {
    const converted = toV1(autoscaler({ metrics: [cpu, ...others] }));
    expect(converted.spec.targetCPUUtilizationPercentage).toBe(50);
    expect(JSON.parse(converted.metadata.annotations?.[`${PREFIX}/metrics`] ?? "")).toEqual([
      { type: "Resource", resource: { name: "memory", targetAverageValue: "1Gi" } },
      { type: "Pods", pods: { metricName: "q", targetAverageValue: "5", selector: { matchLabels: { a: "b" } } } },
      { type: "Object", object: { target: { kind: "Service", name: "s", apiVersion: "v1" }, metricName: "x", targetValue: "10" } },
      { type: "External", external: { metricName: "e", targetAverageValue: "3" } },
      { type: "ContainerResource", containerResource: { name: "cpu", targetAverageUtilization: 30, container: "a" } },
    ]);
  });

  test("writes the behavior with the internal type's names", () => {
    const behavior = { scaleDown: { selectPolicy: "Max", policies: [{ type: "Pods", value: 1, periodSeconds: 5 }], tolerance: "100m" } };
    expect(toV1(autoscaler({ metrics: [cpu], behavior })).metadata.annotations?.[`${PREFIX}/behavior`]).toBe(
      '{"ScaleUp":null,"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":5}],"Tolerance":"100m"}}',
    );
  });

  test.each<[string, V2]>([
    ["one metric", autoscaler({ metrics: [cpu] })],
    ["all metrics", autoscaler({ metrics: [cpu, ...others] })],
    ["no cpu metric", autoscaler({ metrics: others })],
    [
      "a behavior",
      autoscaler({
        metrics: [cpu],
        behavior: {
          scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: "Max", policies: [{ type: "Pods", value: 4, periodSeconds: 15 }] },
          scaleDown: { selectPolicy: "Max", policies: [{ type: "Pods", value: 1, periodSeconds: 5 }] },
        },
      }),
    ],
    [
      "conditions",
      autoscaler(
        { metrics: [cpu] },
        { conditions: [{ type: "AbleToScale", status: "False", lastTransitionTime: "2026-01-01T00:00:00Z", reason: "r", message: "m" }] },
      ),
    ],
  ])("comes back whole: %s", (_what, object) => {
    expect(toV2(toV1(object))).toEqual(object);
  });
});

describe("a v1 autoscaler stored as v2", () => {
  const v1 = toV1(autoscaler({ metrics: [cpu] }));

  test("without a target scales at 80 % of the cpu", () => {
    const bare = structuredClone(v1);
    delete bare.spec.targetCPUUtilizationPercentage;
    expect(toV1(toV2(bare)).spec.targetCPUUtilizationPercentage).toBe(80);
  });

  test("takes annotations that it cannot read for absent", () => {
    const broken = structuredClone(v1);
    broken.metadata.annotations = { [`${PREFIX}/behavior`]: "{", [`${PREFIX}/metrics`]: "x" };
    expect(toV2(broken).spec.metrics).toEqual([cpu]);
  });
});

describe("a v1 autoscaler", () => {
  const targetOf = (annotations: Record<string, string> | undefined, spec: object = {}) => {
    const object = horizontalPodAutoscalerV1.decode(
      {
        apiVersion: "autoscaling/v1",
        kind: "HorizontalPodAutoscaler",
        metadata: { name: "h", ...(annotations && { annotations }) },
        spec: { scaleTargetRef: { kind: "Deployment", name: "d" }, maxReplicas: 3, ...spec },
      },
      { strict: [] },
    );
    horizontalPodAutoscalerV1.applyDefaults?.(object);
    return (object as unknown as { spec: { targetCPUUtilizationPercentage?: number } }).spec.targetCPUUtilizationPercentage;
  };

  test("goes by 80 % of the requested CPU when it names no metric", () => {
    expect(targetOf(undefined)).toBe(80);
    expect(targetOf(undefined, { targetCPUUtilizationPercentage: 50 })).toBe(50);
    expect(targetOf({ [`${PREFIX}/metrics`]: "[]" })).toBeUndefined();
  });
});
