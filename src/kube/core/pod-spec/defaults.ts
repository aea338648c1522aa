/** Defaults of PodSpec and everything in it (core/v1), for pods and for templates. */
import type {
  Container,
  EphemeralContainer,
  HTTPGetAction,
  LifecycleHandler,
  PodSpec,
  PodTemplateSpec,
  Probe,
  Volume,
} from "../../schema/generated/types/core.v1.ts";
import { imagePullPolicyFor } from "./image.ts";
import { roundUpToMilli } from "./resource-lists.ts";
import { applyVolumeDefaults } from "./volume-defaults.ts";

/** Fills a pod template's defaults in place. */
export function applyPodTemplateDefaults(template: PodTemplateSpec | undefined): void {
  if (template?.spec) applyPodSpecDefaults(template.spec);
}

/** Fills in place what every PodSpec gets; a pod gets more (core/pod-defaults). Idempotent. */
export function applyPodSpecDefaults(spec: PodSpec): void {
  if (spec.volumes) for (const volume of spec.volumes) applyVolumeDefaults(volume as Volume);
  if (spec.initContainers) for (const container of spec.initContainers) applyContainerDefaults(container);
  if (spec.containers) for (const container of spec.containers) applyContainerDefaults(container);
  if (spec.ephemeralContainers) for (const container of spec.ephemeralContainers) applyContainerDefaults(container);
  if (!spec.dnsPolicy) spec.dnsPolicy = "ClusterFirst";
  if (!spec.restartPolicy) spec.restartPolicy = "Always";
  if (!spec.securityContext) spec.securityContext = {};
  if (spec.terminationGracePeriodSeconds === undefined) spec.terminationGracePeriodSeconds = 30;
  if (!spec.schedulerName) spec.schedulerName = "default-scheduler";
  if (spec.overhead) roundUpToMilli(spec.overhead);
  if (spec.resources?.limits) roundUpToMilli(spec.resources.limits);
  if (spec.resources?.requests) roundUpToMilli(spec.resources.requests);
  mirrorServiceAccount(spec);
}

/** `serviceAccount` is the deprecated name of `serviceAccountName`; both always say the same. */
function mirrorServiceAccount(spec: PodSpec): void {
  if (!spec.serviceAccountName && spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount;
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName;
}

export function applyContainerDefaults(container: Container | EphemeralContainer): void {
  if (!container.imagePullPolicy) container.imagePullPolicy = imagePullPolicyFor(container.image ?? "");
  if (!container.terminationMessagePath) container.terminationMessagePath = "/dev/termination-log";
  if (!container.terminationMessagePolicy) container.terminationMessagePolicy = "File";
  if (container.ports) for (const port of container.ports) if (!port.protocol) port.protocol = "TCP";
  if (container.env) {
    for (const { valueFrom } of container.env) {
      if (!valueFrom) continue;
      if (valueFrom.fieldRef && !valueFrom.fieldRef.apiVersion) valueFrom.fieldRef.apiVersion = "v1";
      if (valueFrom.resourceFieldRef && valueFrom.resourceFieldRef.divisor === undefined) valueFrom.resourceFieldRef.divisor = "0";
      if (valueFrom.fileKeyRef && valueFrom.fileKeyRef.optional === undefined) valueFrom.fileKeyRef.optional = false;
    }
  }
  if (container.resources?.limits) roundUpToMilli(container.resources.limits);
  if (container.resources?.requests) roundUpToMilli(container.resources.requests);
  if (container.livenessProbe) applyProbeDefaults(container.livenessProbe);
  if (container.readinessProbe) applyProbeDefaults(container.readinessProbe);
  if (container.startupProbe) applyProbeDefaults(container.startupProbe);
  if (container.lifecycle) {
    applyHandlerDefaults(container.lifecycle.postStart);
    applyHandlerDefaults(container.lifecycle.preStop);
  }
}

function applyProbeDefaults(probe: Probe): void {
  if (!probe.timeoutSeconds) probe.timeoutSeconds = 1;
  if (!probe.periodSeconds) probe.periodSeconds = 10;
  if (!probe.successThreshold) probe.successThreshold = 1;
  if (!probe.failureThreshold) probe.failureThreshold = 3;
  if (probe.httpGet) applyHTTPGetDefaults(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= "";
}

function applyHandlerDefaults(handler: LifecycleHandler | undefined): void {
  if (handler?.httpGet) applyHTTPGetDefaults(handler.httpGet);
}

function applyHTTPGetDefaults(action: HTTPGetAction): void {
  if (!action.path) action.path = "/";
  if (!action.scheme) action.scheme = "HTTP";
}
