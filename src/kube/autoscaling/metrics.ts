/** Metrics of HorizontalPodAutoscalers (autoscaling/v2): validation. */
import { invalidEach, unsupported } from "../core/pod-spec/checks.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { entryOf } from "../machinery/json-value.ts";
import { isPathSegmentName } from "../machinery/names.ts";
import { quantity } from "../machinery/quantity.ts";
import type {
  ContainerResourceMetricSource,
  CrossVersionObjectReference,
  ExternalMetricSource,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
  ObjectMetricSource,
  PodsMetricSource,
  ResourceMetricSource,
} from "../schema/generated/types/autoscaling.v2.ts";

const TYPES: readonly string[] = ["ContainerResource", "External", "Object", "Pods", "Resource"];
const TARGET_TYPES: readonly string[] = ["Utilization", "Value", "AverageValue"];
const FIELD_OF: Readonly<Record<string, Source>> = {
  ContainerResource: "containerResource",
  External: "external",
  Object: "object",
  Pods: "pods",
  Resource: "resource",
};

type Source = "object" | "external" | "pods" | "resource" | "containerResource";

export function validateMetrics(metrics: readonly MetricSpec[], minReplicas: number | undefined, errors: FieldErrors, at: FieldPath): void {
  metrics.forEach((metric, i) => {
    validateMetric(metric, errors, at.index(i));
  });
  if (minReplicas === 0 && !metrics.some(({ type }) => type === "Object" || type === "External")) {
    errors.forbidden(at, "must specify at least one Object or External metric to support scaling to zero replicas");
  }
}

/** Of several sources only the first is looked into: the others are refused as such. */
function validateMetric(metric: MetricSpec, errors: FieldErrors, at: FieldPath): void {
  const typeAt = at.child("type");
  if (!metric.type) errors.required(typeAt, "must specify a metric source type");
  if (!TYPES.includes(metric.type)) unsupported(errors, typeAt, metric.type, TYPES);
  const given: Source[] = [];
  if (metric.object) {
    if (given.push("object") === 1) validateObjectSource(metric.object, errors, at.child("object"));
  }
  if (metric.external) {
    if (given.push("external") === 1) validateExternalSource(metric.external, errors, at.child("external"));
  }
  if (metric.pods) {
    if (given.push("pods") === 1) validatePodsSource(metric.pods, errors, at.child("pods"));
  }
  if (metric.resource) {
    if (given.push("resource") === 1) validateResourceSource(metric.resource, errors, at.child("resource"));
  }
  if (metric.containerResource) {
    if (given.push("containerResource") === 1) validateContainerResourceSource(metric.containerResource, errors, at.child("containerResource"));
  }
  const expected = entryOf(FIELD_OF, metric.type);
  if (!expected) unsupported(errors, typeAt, metric.type, TYPES);
  else if (!given.includes(expected)) errors.required(at.child(expected), "must populate information for the given metric source");
  if (given.length === 1) return;
  for (const source of given) if (source !== expected) errors.forbidden(at.child(source), "must populate the given metric source only");
}

function validateObjectSource(source: ObjectMetricSource, errors: FieldErrors, at: FieldPath): void {
  validateObjectReference(source.describedObject, errors, at.child("describedObject"));
  validateIdentifier(source.metric, errors, at.child("metric"));
  validateTarget(source.target, errors, at.child("target"));
  if (source.target.value === undefined && source.target.averageValue === undefined) {
    errors.required(at.child("target", "averageValue"), "must set either a target value or averageValue");
  }
}

function validateExternalSource(source: ExternalMetricSource, errors: FieldErrors, at: FieldPath): void {
  validateIdentifier(source.metric, errors, at.child("metric"));
  validateTarget(source.target, errors, at.child("target"));
  const { value, averageValue } = source.target;
  if (value === undefined && averageValue === undefined) {
    errors.required(at.child("target", "averageValue"), "must set either a target value for metric or a per-pod target");
  } else if (value !== undefined && averageValue !== undefined) {
    errors.forbidden(at.child("target", "value"), "may not set both a target value for metric and a per-pod target");
  }
}

function validatePodsSource(source: PodsMetricSource, errors: FieldErrors, at: FieldPath): void {
  validateIdentifier(source.metric, errors, at.child("metric"));
  validateTarget(source.target, errors, at.child("target"));
  if (source.target.averageValue === undefined) errors.required(at.child("target", "averageValue"), "must specify a positive target averageValue");
}

function validateResourceSource(source: ResourceMetricSource, errors: FieldErrors, at: FieldPath): void {
  if (!source.name) errors.required(at.child("name"), "must specify a resource name");
  validateResourceTarget(source.target, errors, at.child("target"));
}

function validateContainerResourceSource(source: ContainerResourceMetricSource, errors: FieldErrors, at: FieldPath): void {
  if (!source.name) errors.required(at.child("name"), "must specify a resource name");
  if (!source.container) errors.required(at.child("container"), "must specify a container");
  else invalidEach(errors, at.child("container"), source.container, isPathSegmentName(source.container));
  validateResourceTarget(source.target, errors, at.child("target"));
}

/** Resources are measured by utilization or by an average amount, never by both. */
function validateResourceTarget(target: MetricTarget, errors: FieldErrors, at: FieldPath): void {
  validateTarget(target, errors, at);
  if (target.averageUtilization === undefined && target.averageValue === undefined) {
    errors.required(at.child("averageUtilization"), "must set either a target raw value or a target utilization");
  }
  if (target.averageUtilization !== undefined && target.averageValue !== undefined) {
    errors.forbidden(at.child("averageValue"), "may not set both a target raw value and a target utilization");
  }
}

function validateTarget({ type, value, averageValue, averageUtilization }: MetricTarget, errors: FieldErrors, at: FieldPath): void {
  if (!type) errors.required(at.child("type"), "must specify a metric target type");
  if (!TARGET_TYPES.includes(type)) errors.invalid(at.child("type"), type, "must be either Utilization, Value, or AverageValue");
  if (value !== undefined && quantity(value).sign !== 1) errors.invalid(at.child("value"), quantity(value).toString(), "must be positive");
  if (averageValue !== undefined && quantity(averageValue).sign !== 1)
    errors.invalid(at.child("averageValue"), quantity(averageValue).toString(), "must be positive");
  if (averageUtilization !== undefined && averageUtilization < 1) errors.invalid(at.child("averageUtilization"), averageUtilization, "must be greater than 0");
}

function validateIdentifier({ name }: MetricIdentifier, errors: FieldErrors, at: FieldPath): void {
  if (!name) errors.required(at.child("name"), "must specify a metric name");
  else invalidEach(errors, at.child("name"), name, isPathSegmentName(name));
}

/** The kind and name of something in the same namespace. */
export function validateObjectReference({ kind, name }: CrossVersionObjectReference, errors: FieldErrors, at: FieldPath): void {
  if (!kind) errors.required(at.child("kind"));
  else invalidEach(errors, at.child("kind"), kind, isPathSegmentName(kind));
  if (!name) errors.required(at.child("name"));
  else invalidEach(errors, at.child("name"), name, isPathSegmentName(name));
}
