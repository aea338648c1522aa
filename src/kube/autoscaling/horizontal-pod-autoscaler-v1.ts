/**
 * HorizontalPodAutoscaler (autoscaling/v1), stored as v2. What v1 has no fields for travels in annotations
 * as JSON, in the shapes of v1's own metric types.
 */
import { defineKind } from "../define.ts";
import { FieldPath } from "../machinery/field.ts";
import { isObject, type KubeObject } from "../object.ts";
import type {
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscaler as V1,
  MetricSpec as V1MetricSpec,
  MetricStatus as V1MetricStatus,
} from "../schema/generated/types/autoscaling.v1.ts";
import type { HPAScalingRules, HorizontalPodAutoscaler as V2 } from "../schema/generated/types/autoscaling.v2.ts";
import {
  applyHorizontalPodAutoscalerDefaults,
  HPA_COLUMNS,
  horizontalPodAutoscalerCells,
  validateHorizontalPodAutoscaler,
  validateHorizontalPodAutoscalerStatus,
} from "./horizontal-pod-autoscaler.ts";
import { specFromV1, specToV1, statusFromV1, statusToV1 } from "./metric-conversion.ts";

type Behavior = NonNullable<V2["spec"]["behavior"]>;

const METRICS = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior";
/** What an autoscaler goes by that names no metric. */
const DEFAULT_CPU_UTILIZATION = 80;
const CARRIED: readonly string[] = [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR];

export const horizontalPodAutoscalerV1 = defineKind<V1>({
  group: "autoscaling",
  version: "v1",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  shortNames: ["hpa"],
  categories: ["all"],
  scope: "Namespaced",
  subresources: { status: { validateUpdate: ({ status }, _old, errors) => validateHorizontalPodAutoscalerStatus(status, errors) } },
  applyDefaults({ metadata, spec }) {
    spec.minReplicas ??= 1;
    if (!metadata.annotations?.[METRICS]) spec.targetCPUUtilizationPercentage ??= DEFAULT_CPU_UTILIZATION;
  },
  validate: (object, errors, at) => validateHorizontalPodAutoscaler(toV2(object), errors, at ?? FieldPath.root),
  resetFields: { "": [["status"]], status: [["spec"]] },
  columns: HPA_COLUMNS,
  cells: (object, now) => horizontalPodAutoscalerCells(toV2(object), now),
  storage: { group: "autoscaling", version: "v2", toStorage: toV2, fromStorage: (object) => toV1(object as V2) },
});

/** The v2 form, complete with v2's defaults. The given object is left as it is. */
export function toV2(object: V1): V2 {
  const { annotations, carried } = unpackAnnotations(object.metadata.annotations);
  const { spec, status } = object;
  const metrics = (parse<V1MetricSpec[]>(carried[METRICS]) ?? []).map(specFromV1);
  if (spec.targetCPUUtilizationPercentage !== undefined) {
    metrics.unshift({ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: spec.targetCPUUtilizationPercentage } } });
  }
  const behavior = behaviorOf(carried[BEHAVIOR]);
  const currentMetrics = (parse<V1MetricStatus[]>(carried[CURRENT_METRICS]) ?? []).map(statusFromV1);
  if (status?.currentCPUUtilizationPercentage !== undefined) {
    currentMetrics.unshift({ type: "Resource", resource: { name: "cpu", current: { averageUtilization: status.currentCPUUtilizationPercentage } } });
  }
  const conditions = parse<HorizontalPodAutoscalerCondition[]>(carried[CONDITIONS]);
  const converted: V2 = {
    apiVersion: "autoscaling/v2",
    kind: object.kind,
    metadata: { ...object.metadata },
    spec: {
      scaleTargetRef: { ...spec.scaleTargetRef },
      ...defined({ minReplicas: spec.minReplicas }),
      maxReplicas: spec.maxReplicas,
      ...(metrics.length > 0 ? { metrics } : {}),
      ...defined({ behavior }),
    },
    status: {
      ...defined({
        observedGeneration: status?.observedGeneration,
        lastScaleTime: status?.lastScaleTime,
        currentReplicas: status?.currentReplicas || undefined,
      }),
      desiredReplicas: status?.desiredReplicas ?? 0,
      currentMetrics: (currentMetrics.length > 0 ? currentMetrics : null) as V2["status"]["currentMetrics"],
      ...(conditions?.length ? { conditions } : {}),
    },
  };
  setAnnotations(converted, annotations);
  applyHorizontalPodAutoscalerDefaults(converted);
  return converted;
}

/** The v1 form: the first cpu utilization becomes a field, all else annotations. The given object is left as it is. */
export function toV1(object: V2): V1 {
  const { spec, status } = object;
  const annotations: Record<string, string> = { ...object.metadata.annotations };
  const metrics = [...(spec.metrics ?? [])];
  const cpu = metrics.findIndex(
    (metric) => metric.type === "Resource" && metric.resource?.name === "cpu" && metric.resource.target.averageUtilization !== undefined,
  );
  const target = cpu < 0 ? undefined : metrics.splice(cpu, 1)[0]?.resource?.target.averageUtilization;
  if (metrics.length > 0) annotations[METRICS] = JSON.stringify(metrics.map(specToV1));
  if (spec.behavior) annotations[BEHAVIOR] = behaviorText(spec.behavior);
  const current = [...(status?.currentMetrics ?? [])];
  const currentCpu = current.findIndex(
    (metric) => metric.type === "Resource" && metric.resource?.name === "cpu" && metric.resource.current.averageUtilization !== undefined,
  );
  const utilization = currentCpu < 0 ? undefined : current[currentCpu]?.resource?.current.averageUtilization;
  if (current.length > 0) annotations[CURRENT_METRICS] = JSON.stringify(current.map(statusToV1));
  if (status?.conditions?.length) annotations[CONDITIONS] = JSON.stringify(status.conditions);
  const converted: V1 = {
    apiVersion: "autoscaling/v1",
    kind: object.kind,
    metadata: { ...object.metadata },
    spec: {
      scaleTargetRef: { ...spec.scaleTargetRef },
      ...defined({ minReplicas: spec.minReplicas }),
      maxReplicas: spec.maxReplicas,
      ...defined({ targetCPUUtilizationPercentage: target }),
    },
    status: {
      ...defined({ observedGeneration: status?.observedGeneration, lastScaleTime: status?.lastScaleTime }),
      currentReplicas: status?.currentReplicas ?? 0,
      desiredReplicas: status?.desiredReplicas ?? 0,
      ...defined({ currentCPUUtilizationPercentage: utilization }),
    },
  };
  setAnnotations(converted, annotations);
  return converted;
}

function unpackAnnotations(all: Readonly<Record<string, string>> = {}): { annotations: Record<string, string>; carried: Record<string, string> } {
  const annotations: Record<string, string> = {};
  const carried: Record<string, string> = {};
  for (const [key, value] of Object.entries(all)) (CARRIED.includes(key) ? carried : annotations)[key] = value;
  return { annotations, carried };
}

function setAnnotations(object: KubeObject, annotations: Record<string, string>): void {
  if (Object.keys(annotations).length > 0) object.metadata.annotations = annotations;
  else delete object.metadata.annotations;
}

/** Annotations are anyone's to write; what cannot be read counts as absent. */
function parse<T>(text: string | undefined, reviver?: (key: string, value: unknown) => unknown): T | undefined {
  if (!text) return undefined;
  try {
    return JSON.parse(text, reviver) as T;
  } catch {
    return undefined;
  }
}

/** The behavior's annotation has the capitalized names of upstream's internal type, and every field. */
function behaviorText({ scaleUp, scaleDown }: Behavior): string {
  return JSON.stringify({ ScaleUp: internalRules(scaleUp), ScaleDown: internalRules(scaleDown) });
}

function internalRules(rules: HPAScalingRules | undefined): object | null {
  if (!rules) return null;
  const { stabilizationWindowSeconds, selectPolicy, policies, tolerance } = rules;
  return {
    StabilizationWindowSeconds: stabilizationWindowSeconds ?? null,
    SelectPolicy: selectPolicy ?? null,
    Policies: policies?.map(({ type, value, periodSeconds }) => ({ Type: type, Value: value, PeriodSeconds: periodSeconds })) ?? null,
    Tolerance: tolerance ?? null,
  };
}

/** Reads it back whatever the case of its names, as upstream's decoder does. */
function behaviorOf(text: string | undefined): Behavior | undefined {
  return parse<Behavior>(text, (_key, value: unknown) => {
    if (!isObject(value)) return value;
    const fields = Object.entries(value).filter(([, field]) => field !== null);
    return Object.fromEntries(fields.map(([name, field]) => [name.charAt(0).toLowerCase() + name.slice(1), field]));
  });
}

function defined<T extends object>(fields: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]: NonNullable<T[K]> };
}
