/** The Targets cell of a HorizontalPodAutoscaler: current and wanted value of each metric. */
import { quantity } from "../machinery/quantity.ts";
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from "../schema/generated/types/autoscaling.v2.ts";

const UNKNOWN = "<unknown>";
const SHOWN = 2;

/** The first two metrics, and how many more there are. */
export function targetsCell({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec.metrics ?? [];
  if (metrics.length === 0) return "<none>";
  const texts = metrics.slice(0, SHOWN).map((metric, i) => metricText(metric, status?.currentMetrics?.[i]));
  const more = metrics.length > SHOWN ? ` + ${metrics.length - SHOWN} more...` : "";
  return `${texts.join(", ")}${more}`;
}

function metricText(metric: MetricSpec, current: MetricStatus | undefined): string {
  switch (metric.type) {
    case "External":
      return metric.external ? averageOrValue(metric.external.target, current?.external?.current) : UNKNOWN;
    case "Pods":
      return metric.pods ? `${text(current?.pods?.current.averageValue)}/${text(metric.pods.target.averageValue)}` : UNKNOWN;
    case "Object":
      return metric.object ? averageOrValue(metric.object.target, current?.object?.current) : UNKNOWN;
    case "Resource":
      return metric.resource ? `${metric.resource.name}: ${resourceText(metric.resource.target, current?.resource?.current)}` : UNKNOWN;
    case "ContainerResource":
      return metric.containerResource
        ? `${metric.containerResource.name}: ${resourceText(metric.containerResource.target, current?.containerResource?.current)}`
        : UNKNOWN;
    default:
      return "<unknown type>";
  }
}

function averageOrValue(target: MetricTarget, current: MetricValueStatus | undefined): string {
  if (target.averageValue !== undefined) return `${text(current?.averageValue)}/${text(target.averageValue)} (avg)`;
  return `${text(current?.value)}/${text(target.value)}`;
}

function resourceText(target: MetricTarget, current: MetricValueStatus | undefined): string {
  if (target.averageValue !== undefined) return `${text(current?.averageValue)}/${text(target.averageValue)}`;
  const now = current?.averageUtilization === undefined ? UNKNOWN : `${current.averageUtilization}%`;
  const wanted = target.averageUtilization === undefined ? "<auto>" : `${target.averageUtilization}%`;
  return `${now}/${wanted}`;
}

function text(value: string | number | undefined): string {
  return value === undefined ? UNKNOWN : quantity(value).toString();
}
