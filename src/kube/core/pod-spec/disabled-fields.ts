/** Fields of pod specs that belong to features not on in v1.36 by default: what a client sends there is dropped. */
import type { Container, EphemeralContainer, PodSpec } from "../../schema/generated/types/core.v1.ts";

/** Drops them in place: the scheduling group, stop signals, and projections of trust bundles and pod certificates. */
export function dropDisabledFields(spec: PodSpec): void {
  delete spec.schedulingGroup;
  for (const container of spec.containers ?? []) dropStopSignal(container);
  if (spec.initContainers) for (const container of spec.initContainers) dropStopSignal(container);
  if (spec.ephemeralContainers) for (const container of spec.ephemeralContainers) dropStopSignal(container);
  if (!spec.volumes) return;
  for (const { projected } of spec.volumes) {
    for (const source of projected?.sources ?? []) {
      delete source.clusterTrustBundle;
      delete source.podCertificate;
    }
  }
}

function dropStopSignal(container: Container | EphemeralContainer): void {
  const { lifecycle } = container;
  if (lifecycle?.stopSignal === undefined) return;
  delete lifecycle.stopSignal;
  if (!lifecycle.postStart && !lifecycle.preStop) delete container.lifecycle;
}
