/** What a kubelet (or anyone) may write through /status of a Pod. */
import { type FieldErrors, FieldPath } from "../machinery/field.ts";
import { isQualifiedName, nameIsDNSSubdomain } from "../machinery/names.ts";
import type { Container, ContainerStatus, Pod, PodSpec } from "../schema/generated/types/core.v1.ts";
import { invalidEach, isIPAddress } from "./pod-spec/checks.ts";

/** `podIP` and the first of `podIPs` are one and the same; a class of service once set stays. */
export function preparePodStatusUpdate({ metadata, status }: Pod, old: Pod): void {
  // A kubelet sends back what it knows; only a DELETE begins a deletion.
  if (!old.metadata.deletionTimestamp) delete metadata.deletionTimestamp;
  if (!status.qosClass && old.status?.qosClass) status.qosClass = old.status.qosClass;
  const first = status.podIPs?.[0]?.ip;
  if (status.podIP && first !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  else if (!status.podIP && first) status.podIP = first;
}

export function validatePodStatusUpdate(pod: Pod, old: Pod, errors: FieldErrors): void {
  const at = FieldPath.of("status");
  const { status, spec } = pod;
  status.conditions?.forEach(({ type }, i) => {
    invalidEach(errors, at.child("conditions").index(i).child("Type"), type, isQualifiedName(type));
  });
  validateNominatedNode(pod, old, errors, at.child("nominatedNodeName"));
  if ((status.observedGeneration ?? 0) < 0) errors.invalid(at.child("observedGeneration"), status.observedGeneration, "must be a non-negative integer");
  if (old.status?.qosClass && status.qosClass !== old.status.qosClass) errors.invalid(at.child("qosClass"), status.qosClass ?? "", "field is immutable");
  validateTransitions(status.containerStatuses, old.status?.containerStatuses, spec, "containers", errors, at.child("containerStatuses"));
  validateTransitions(status.initContainerStatuses, old.status?.initContainerStatuses, spec, "initContainers", errors, at.child("initContainerStatuses"));
  validateClaimStatuses(pod, errors, at.child("resourceClaimStatuses"));
  validateIPs(status.podIPs, errors, at.child("podIPs"));
  const hostIP = status.hostIPs?.[0]?.ip;
  if (hostIP !== undefined && hostIP !== (status.hostIP ?? "")) errors.invalid(at.child("hostIPs").index(0).child("ip"), hostIP, "must be equal to `hostIP`");
  validateIPs(status.hostIPs, errors, at.child("hostIPs"));
}

function validateNominatedNode({ status, spec }: Pod, old: Pod, errors: FieldErrors, at: FieldPath): void {
  const name = status.nominatedNodeName;
  if (!name || name === old.status?.nominatedNodeName) return;
  invalidEach(errors, at, name, nameIsDNSSubdomain(name, false));
  if (spec.nodeName) errors.forbidden(at, "may not be set on pods that are already bound to a node");
}

function validateClaimStatuses({ status, spec }: Pod, errors: FieldErrors, at: FieldPath): void {
  status.resourceClaimStatuses?.forEach(({ name, resourceClaimName }, i) => {
    const here = at.index(i);
    if (!spec.resourceClaims?.some((claim) => claim.name === name))
      errors.invalid(here.child("name"), name, "must match the name of an entry in `spec.resourceClaims`");
    if (resourceClaimName) invalidEach(errors, here.child("resourceClaimName"), resourceClaimName, nameIsDNSSubdomain(resourceClaimName, false));
  });
}

/** A container that has ended for good stays ended. */
function validateTransitions(
  now: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  spec: PodSpec,
  list: "containers" | "initContainers",
  errors: FieldErrors,
  at: FieldPath,
): void {
  for (const before of old ?? []) {
    const exitCode = before.state?.terminated?.exitCode;
    const container = spec[list]?.find((each) => each.name === before.name);
    if (exitCode === undefined || !container || mayRestart(container, spec, list, exitCode)) continue;
    const i = (now ?? []).findIndex((status) => status.name === before.name);
    if (i >= 0 && !now?.[i]?.state?.terminated) errors.forbidden(at.index(i).child("state"), "may not be transitioned to non-terminated state");
  }
}

/** The container's own restart policy and rules (KEP-5307) come before the pod's. */
function mayRestart(container: Container, spec: PodSpec, list: "containers" | "initContainers", exitCode: number): boolean {
  for (const { action, exitCodes } of container.restartPolicyRules ?? []) {
    const listed = exitCodes?.values?.includes(exitCode) ?? false;
    if (action && listed === (exitCodes?.operator === "In")) return true;
  }
  const policy = container.restartPolicy ?? spec.restartPolicy;
  // Init containers that failed are tried again unless the pod never restarts.
  if (policy === "Always") return true;
  return policy === "OnFailure" && (exitCode !== 0 || list === "initContainers");
}

/** At most one address of each family, each a real one. */
function validateIPs(ips: readonly { ip: string }[] | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!ips) return;
  ips.forEach(({ ip }, i) => {
    if (!isIPAddress(ip)) errors.invalid(at.index(i), ip, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
  });
  if (ips.length <= 1) return;
  const six = ips.filter(({ ip }) => ip.includes(":")).length;
  const shown = ips.map(({ ip }) => ({ IP: ip }));
  if (ips.length > 2 || six !== 1) errors.invalid(at, shown, "may specify no more than one IP for each IP family");
}
