/** Metrics between the shapes of autoscaling/v2 and of autoscaling/v1 (which lives on in annotations only). */
import type { MetricSpec as V1Spec, MetricStatus as V1Status } from "../schema/generated/types/autoscaling.v1.ts";
import type { MetricTarget, MetricValueStatus, MetricSpec as V2Spec, MetricStatus as V2Status } from "../schema/generated/types/autoscaling.v2.ts";

type Amount = string | number | undefined;

function given<T extends object>(fields: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]: NonNullable<T[K]> };
}

function target(type: string, value: Amount, averageValue: Amount, averageUtilization?: number): MetricTarget {
  return { type, ...given({ value, averageValue, averageUtilization }) };
}

export function specFromV1(metric: V1Spec): V2Spec {
  const { type, object, pods, resource, containerResource, external } = metric;
  const converted: V2Spec = { type };
  if (object) {
    const average = object.averageValue !== undefined;
    converted.object = {
      describedObject: object.target,
      metric: { name: object.metricName, ...given({ selector: object.selector }) },
      target: average ? target("AverageValue", undefined, object.averageValue) : target("Value", object.targetValue, undefined),
    };
  }
  if (pods)
    converted.pods = {
      metric: { name: pods.metricName, ...given({ selector: pods.selector }) },
      target: target("AverageValue", undefined, pods.targetAverageValue),
    };
  if (resource) converted.resource = { name: resource.name, target: resourceTarget(resource) };
  if (containerResource)
    converted.containerResource = { name: containerResource.name, container: containerResource.container, target: resourceTarget(containerResource) };
  if (external) {
    converted.external = {
      metric: { name: external.metricName, ...given({ selector: external.metricSelector }) },
      target: target(external.targetAverageValue !== undefined ? "AverageValue" : "Value", external.targetValue, external.targetAverageValue),
    };
  }
  return converted;
}

function resourceTarget({ targetAverageUtilization, targetAverageValue }: { targetAverageUtilization?: number; targetAverageValue?: Amount }): MetricTarget {
  return target(targetAverageUtilization === undefined ? "AverageValue" : "Utilization", undefined, targetAverageValue, targetAverageUtilization);
}

export function specToV1({ type, object, pods, resource, containerResource, external }: V2Spec): V1Spec {
  const converted: V1Spec = { type };
  if (object) {
    converted.object = {
      target: object.describedObject,
      metricName: object.metric.name,
      targetValue: object.target.value ?? "0",
      ...given({ selector: object.metric.selector, averageValue: object.target.averageValue }),
    };
  }
  if (pods)
    converted.pods = { metricName: pods.metric.name, targetAverageValue: pods.target.averageValue ?? "0", ...given({ selector: pods.metric.selector }) };
  if (resource) converted.resource = { name: resource.name, ...resourceTargetToV1(resource.target) };
  if (containerResource)
    converted.containerResource = { name: containerResource.name, ...resourceTargetToV1(containerResource.target), container: containerResource.container };
  if (external) {
    converted.external = {
      metricName: external.metric.name,
      ...given({ metricSelector: external.metric.selector, targetValue: external.target.value, targetAverageValue: external.target.averageValue }),
    };
  }
  return converted;
}

function resourceTargetToV1({ averageUtilization, averageValue }: MetricTarget): { targetAverageUtilization?: number; targetAverageValue?: string | number } {
  return given({ targetAverageUtilization: averageUtilization, targetAverageValue: averageValue });
}

export function statusFromV1({ type, object, pods, resource, containerResource, external }: V1Status): V2Status {
  const converted: V2Status = { type };
  if (object) {
    converted.object = {
      describedObject: object.target,
      metric: { name: object.metricName, ...given({ selector: object.selector }) },
      current: given({ value: object.currentValue, averageValue: object.averageValue }) as MetricValueStatus,
    };
  }
  if (pods) converted.pods = { metric: { name: pods.metricName, ...given({ selector: pods.selector }) }, current: { averageValue: pods.currentAverageValue } };
  if (resource) converted.resource = { name: resource.name, current: currentOf(resource) };
  if (containerResource)
    converted.containerResource = { name: containerResource.name, container: containerResource.container, current: currentOf(containerResource) };
  if (external) {
    converted.external = {
      metric: { name: external.metricName, ...given({ selector: external.metricSelector }) },
      current: given({ value: external.currentValue, averageValue: external.currentAverageValue }) as MetricValueStatus,
    };
  }
  return converted;
}

function currentOf({
  currentAverageUtilization,
  currentAverageValue,
}: {
  currentAverageUtilization?: number;
  currentAverageValue: string | number;
}): MetricValueStatus {
  return given({ averageUtilization: currentAverageUtilization, averageValue: currentAverageValue }) as MetricValueStatus;
}

export function statusToV1({ type, object, pods, resource, containerResource, external }: V2Status): V1Status {
  const converted: V1Status = { type };
  if (object) {
    converted.object = {
      target: object.describedObject,
      metricName: object.metric.name,
      currentValue: object.current.value ?? "0",
      ...given({ selector: object.metric.selector, averageValue: object.current.averageValue }),
    };
  }
  if (pods)
    converted.pods = { metricName: pods.metric.name, currentAverageValue: pods.current.averageValue ?? "0", ...given({ selector: pods.metric.selector }) };
  if (resource) converted.resource = { name: resource.name, ...currentToV1(resource.current) };
  if (containerResource)
    converted.containerResource = { name: containerResource.name, ...currentToV1(containerResource.current), container: containerResource.container };
  if (external) {
    converted.external = {
      metricName: external.metric.name,
      currentValue: external.current.value ?? "0",
      ...given({ metricSelector: external.metric.selector, currentAverageValue: external.current.averageValue }),
    };
  }
  return converted;
}

function currentToV1({ averageUtilization, averageValue }: MetricValueStatus): { currentAverageUtilization?: number; currentAverageValue: string | number } {
  return { ...given({ currentAverageUtilization: averageUtilization }), currentAverageValue: averageValue ?? "0" };
}
