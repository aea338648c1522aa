/** Validation of a whole PodSpec, in upstream's order of topics. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { validateLabels } from "../../machinery/label-selector.ts";
import { isInRange, nameIsDNSLabel, nameIsDNSSubdomain } from "../../machinery/names.ts";
import type { PodSpec, Volume } from "../../schema/generated/types/core.v1.ts";
import { INT32_MAX, invalidEach, labelName, unsupported } from "./checks.ts";
import { type PodContext, validateContainers, validateEphemeralContainers, validateInitContainers } from "./containers.ts";
import { validateDNSConfig, validateDNSPolicy, validateHostAliases, validateHostnameOverride, validateHostnames } from "./dns.ts";
import { internalResourceClaim } from "./internal.ts";
import { validateContainerResourceName } from "./resource-names.ts";
import { validatePodResources, validateResourceQuantity } from "./resources.ts";
import { validateAffinity, validateSchedulingGates, validateTolerations, validateTopologySpreadConstraints } from "./scheduling.ts";
import { validatePodSecurityContext } from "./security.ts";
import { validateVolumes } from "./volumes.ts";
import { validateHostProcess, validateOperatingSystem } from "./windows.ts";

const RESTART_POLICIES: readonly string[] = ["Always", "OnFailure", "Never"];
const PREEMPTION_POLICIES: readonly string[] = ["PreemptLowerPriority", "Never"];
const OPERATING_SYSTEMS: readonly string[] = ["linux", "windows"];

export interface PodSpecOptions {
  /** A pod, not a template. */
  isPod: boolean;
}

/** Collects everything wrong with the spec at `at`; defaults must have been applied. */
export function validatePodSpec(spec: PodSpec, options: PodSpecOptions, errors: FieldErrors, at: FieldPath): void {
  const volumes = validateVolumes(spec.volumes, options.isPod, errors, at.child("volumes"));
  const claimNames = new Set<string>();
  for (const claim of spec.resourceClaims ?? []) if (claim.name) claimNames.add(claim.name);
  const pod: PodContext = { spec, volumes, claimNames, isPod: options.isPod };
  if (spec.resourceClaims) validateResourceClaims(spec.resourceClaims, errors, at.child("resourceClaims"));
  validateContainers(pod, errors, at.child("containers"));
  if (spec.initContainers) validateInitContainers(pod, errors, at.child("initContainers"));
  if (spec.ephemeralContainers) validateEphemeralContainers(pod, errors, at.child("ephemeralContainers"));
  if (spec.resources) validatePodResources(spec, claimNames, errors, at);
  if (spec.hostNetwork) validateHostNetworkPorts(spec, errors, at);
  const restartPolicy = spec.restartPolicy;
  if (!restartPolicy) errors.required(at.child("restartPolicy"));
  else if (!RESTART_POLICIES.includes(restartPolicy)) unsupported(errors, at.child("restartPolicy"), restartPolicy, RESTART_POLICIES);
  validateDNSPolicy(spec.dnsPolicy, errors, at.child("dnsPolicy"));
  if (spec.nodeSelector) validateLabels(spec.nodeSelector, errors, at.child("nodeSelector"));
  validatePodSecurityContext(spec, errors, at);
  if (spec.affinity) validateAffinity(spec.affinity, errors, at.child("affinity"));
  validateDNSConfig(spec.dnsConfig, spec.dnsPolicy, errors, at.child("dnsConfig"));
  spec.readinessGates?.forEach(({ conditionType }, i) => {
    labelName(errors, at.child("readinessGates").index(i).child("conditionType"), conditionType);
  });
  validateSchedulingGates(spec.schedulingGates, errors, at.child("schedulingGates"));
  validateTopologySpreadConstraints(spec.topologySpreadConstraints, errors, at.child("topologySpreadConstraints"));
  validateHostProcess(spec, errors, at);
  validateHostUsers(spec, errors, at);
  if (spec.serviceAccountName) invalidEach(errors, at.child("serviceAccountName"), spec.serviceAccountName, nameIsDNSSubdomain(spec.serviceAccountName, false));
  if (spec.nodeName) invalidEach(errors, at.child("nodeName"), spec.nodeName, nameIsDNSSubdomain(spec.nodeName, false));
  if (spec.activeDeadlineSeconds !== undefined) {
    invalidEach(errors, at.child("activeDeadlineSeconds"), spec.activeDeadlineSeconds, isInRange(spec.activeDeadlineSeconds, 1, INT32_MAX));
  }
  validateHostnames(spec, errors, at);
  validateTolerations(spec.tolerations, errors, at.child("tolerations"));
  validateHostAliases(spec.hostAliases, errors, at.child("hostAliases"));
  if (spec.priorityClassName) invalidEach(errors, at.child("priorityClassName"), spec.priorityClassName, nameIsDNSSubdomain(spec.priorityClassName, false));
  if (spec.runtimeClassName !== undefined) {
    invalidEach(errors, at.child("runtimeClassName"), spec.runtimeClassName, nameIsDNSSubdomain(spec.runtimeClassName, false));
  }
  if (spec.preemptionPolicy && !PREEMPTION_POLICIES.includes(spec.preemptionPolicy)) {
    unsupported(errors, at.child("preemptionPolicy"), spec.preemptionPolicy, PREEMPTION_POLICIES);
  }
  if (spec.overhead) validateOverhead(spec.overhead, errors, at.child("overhead", "limits"));
  if (spec.os) validateOS(spec, errors, at);
  validateHostnameOverride(spec, errors, at);
  validateFileKeyVolumes(spec, volumes, errors, at);
}

function validateResourceClaims(claims: NonNullable<PodSpec["resourceClaims"]>, errors: FieldErrors, at: FieldPath): void {
  const seen = new Set<string>();
  claims.forEach((claim, i) => {
    const here = at.index(i);
    const { name, resourceClaimName, resourceClaimTemplateName } = claim;
    if (!name) errors.required(here.child("name"));
    else if (seen.has(name)) errors.duplicate(here.child("name"), name);
    else {
      invalidEach(errors, here.child("name"), name, nameIsDNSLabel(name, false));
      seen.add(name);
    }
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      errors.invalid(here, internalResourceClaim(claim), "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified");
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      errors.invalid(here, internalResourceClaim(claim), "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
    }
    if (resourceClaimName !== undefined) invalidEach(errors, here.child("resourceClaimName"), resourceClaimName, nameIsDNSSubdomain(resourceClaimName, false));
    if (resourceClaimTemplateName !== undefined) {
      invalidEach(errors, here.child("resourceClaimTemplateName"), resourceClaimTemplateName, nameIsDNSSubdomain(resourceClaimTemplateName, false));
    }
  });
}

/** On the host's network a container's ports are the host's. */
function validateHostNetworkPorts(spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  for (const field of ["containers", "initContainers"] as const) {
    spec[field]?.forEach((container, i) => {
      container.ports?.forEach((port, p) => {
        if (!port.hostPort || port.hostPort === port.containerPort) return;
        const here = at.child(field).index(i).child("ports").index(p).child("hostPort");
        errors.invalid(here, port.hostPort, "must match `containerPort` when `hostNetwork` is true");
      });
    });
  }
}

/** A user namespace (KEP-127) excludes the host's other namespaces. */
function validateHostUsers(spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  if (spec.hostUsers !== false) return;
  if (spec.hostNetwork) errors.forbidden(at.child("hostNetwork"), "when `hostUsers` is false");
  if (spec.hostPID) errors.forbidden(at.child("HostPID"), "when `hostUsers` is false");
  if (spec.hostIPC) errors.forbidden(at.child("HostIPC"), "when `hostUsers` is false");
}

function validateOverhead(overhead: NonNullable<PodSpec["overhead"]>, errors: FieldErrors, at: FieldPath): void {
  for (const name in overhead) {
    validateContainerResourceName(name, errors, at.key(name));
    validateResourceQuantity(name, overhead[name] as string, errors, at.key(name));
  }
}

function validateOS(spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  const name = spec.os?.name;
  if (!name) errors.required(at.child("os", "name"), "cannot be empty");
  else if (!OPERATING_SYSTEMS.includes(name)) unsupported(errors, at.child("os"), name, OPERATING_SYSTEMS);
  validateOperatingSystem(spec, errors, at);
}

/** Variables read from files (KEP-3721) need a volume of the pod. */
function validateFileKeyVolumes(spec: PodSpec, volumes: ReadonlyMap<string, Volume>, errors: FieldErrors, at: FieldPath): void {
  for (const field of ["initContainers", "containers"] as const) {
    spec[field]?.forEach((container, i) => {
      container.env?.forEach(({ valueFrom }, e) => {
        const ref = valueFrom?.fileKeyRef;
        if (!ref) return;
        const here = at.child(field).index(i).child("env").index(e).child("valueFrom", "fileKeyRef", "volumeName");
        const volume = volumes.get(ref.volumeName);
        if (!volume) errors.notFound(here, ref.volumeName);
        else if (!volume.emptyDir) errors.invalid(here, ref.volumeName, "referenced volume must be of type emptyDir");
      });
    });
  }
}
