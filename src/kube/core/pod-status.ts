/** What a kubelet (or anyone) may write through /status of a Pod. */
import { type FieldErrors, FieldPath } from "../machinery/field.ts";
import { nameIsDNSSubdomain } from "../machinery/names.ts";
import type { ContainerStatus, Pod } from "../schema/generated/types/core.v1.ts";
import { invalidEach, isIPAddress } from "./pod-spec/checks.ts";

/** `podIP` and the first of `podIPs` are one and the same; a class of service once set stays. */
export function preparePodStatusUpdate({ status }: Pod, old: Pod): void {
  if (!status.qosClass && old.status?.qosClass) status.qosClass = old.status.qosClass;
  const first = status.podIPs?.[0]?.ip;
  if (status.podIP && first !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  else if (!status.podIP && first) status.podIP = first;
}

export function validatePodStatusUpdate(pod: Pod, old: Pod, errors: FieldErrors): void {
  const at = FieldPath.of("status");
  const { status, spec } = pod;
  if (status.nominatedNodeName) {
    invalidEach(errors, at.child("nominatedNodeName"), status.nominatedNodeName, nameIsDNSSubdomain(status.nominatedNodeName, false));
  }
  if (spec.nodeName !== old.spec.nodeName) errors.forbidden(at.child("nodeName"), "may not be changed directly");
  if (old.status?.qosClass && status.qosClass !== old.status.qosClass) errors.invalid(at.child("qosClass"), status.qosClass ?? "", "field is immutable");
  validateTransitions(status.containerStatuses, old.status?.containerStatuses, spec.restartPolicy, new Set(), errors, at.child("containerStatuses"));
  const sidecars = new Set((spec.initContainers ?? []).filter((container) => container.restartPolicy === "Always").map((container) => container.name));
  validateTransitions(status.initContainerStatuses, old.status?.initContainerStatuses, spec.restartPolicy, sidecars, errors, at.child("initContainerStatuses"));
  validateIPs(status.podIPs, errors, at.child("podIPs"));
  validateIPs(status.hostIPs, errors, at.child("hostIPs"));
}

/** A container that has ended for good stays ended. */
function validateTransitions(
  now: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  restartPolicy: string | undefined,
  sidecars: ReadonlySet<string>,
  errors: FieldErrors,
  at: FieldPath,
): void {
  if (restartPolicy === "Always" && sidecars.size === 0) return;
  for (const before of old ?? []) {
    const { terminated } = before.state ?? {};
    if (!terminated || sidecars.has(before.name)) continue;
    if (restartPolicy === "Always" || (restartPolicy === "OnFailure" && terminated.exitCode !== 0)) continue;
    const i = (now ?? []).findIndex((status) => status.name === before.name);
    if (i >= 0 && !now?.[i]?.state?.terminated) errors.forbidden(at.index(i).child("state"), "may not be transitioned to non-terminated state");
  }
}

/** At most one address of each family, each a real one. */
function validateIPs(ips: readonly { ip: string }[] | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!ips) return;
  ips.forEach(({ ip }, i) => {
    if (!isIPAddress(ip)) errors.invalid(at.index(i), ip, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
  });
  if (ips.length <= 1) return;
  const six = ips.filter(({ ip }) => ip.includes(":")).length;
  const texts = ips.map(({ ip }) => ip);
  if (ips.length > 2 || six !== 1) errors.invalid(at, texts, "may specify no more than one IP for each IP family");
}
