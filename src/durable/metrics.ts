/** The cluster's own metrics as Prometheus text; a bounded set of series. */
import type { ControllerMetrics } from "../controllers/manager.ts";
import type { Store } from "./store/store.ts";

export interface MetricSources {
  store: Store;
  watchers: number;
  controllers: ReadonlyMap<string, ControllerMetrics> | undefined;
}

function metric(name: string, type: "counter" | "gauge", help: string, samples: readonly { labels?: string; value: number }[]): string {
  const lines = samples.map(({ labels, value }) => `${name}${labels ? `{${labels}}` : ""} ${value}`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("\n")}\n`;
}

export function renderMetrics({ store, watchers, controllers }: MetricSources): string {
  const perController = (read: (metrics: ControllerMetrics) => number) =>
    [...(controllers ?? [])].map(([name, metrics]) => ({ labels: `name=${JSON.stringify(name)}`, value: read(metrics) }));
  return [
    metric("perigee_store_revision", "gauge", "Latest revision of the cluster.", [{ value: store.revision }]),
    metric("perigee_store_compacted_revision", "gauge", "Oldest revision that can be read.", [{ value: store.compactedRevision }]),
    metric("perigee_store_bytes", "gauge", "Size of the database.", [{ value: store.size() }]),
    metric("apiserver_longrunning_requests", "gauge", "Open watches.", [{ labels: 'verb="WATCH"', value: watchers }]),
    metric(
      "workqueue_adds_total",
      "counter",
      "Reconciles per controller.",
      perController((each) => each.reconciles),
    ),
    metric(
      "workqueue_retries_total",
      "counter",
      "Retries per controller.",
      perController((each) => each.retries),
    ),
    metric(
      "workqueue_depth",
      "gauge",
      "Keys waiting per controller.",
      perController((each) => each.depth),
    ),
    metric(
      "workqueue_work_duration_seconds_total",
      "counter",
      "Time spent reconciling per controller.",
      perController((each) => each.elapsed / 1000),
    ),
  ].join("");
}
