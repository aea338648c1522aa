/** Containers, init containers (sidecars among them) and ephemeral containers of a pod spec. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { nameIsDNSLabel } from "../../machinery/names.ts";
import type { Container, ContainerRestartRule, EphemeralContainer, PodSpec, Volume } from "../../schema/generated/types/core.v1.ts";
import { invalidEach, unsupported } from "./checks.ts";
import { validateEnv, validateEnvFrom } from "./env.ts";
import { validateVolumeDevices, validateVolumeMounts } from "./mounts.ts";
import { validateContainerPorts, validateHostPortConflicts } from "./ports.ts";
import { validateLifecycle, validateLivenessProbe, validateReadinessProbe, validateStartupProbe } from "./probes.ts";
import { validateResizePolicy, validateResourceRequirements } from "./resources.ts";
import { validateSecurityContext } from "./security.ts";

/** What the validation of one container needs to know of its pod. */
export interface PodContext {
  readonly spec: PodSpec;
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly claimNames: ReadonlySet<string>;
  /** A pod, not a template: images must not be padded. */
  readonly isPod: boolean;
}

const PULL_POLICIES: readonly string[] = ["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES: readonly string[] = ["File", "FallbackToLogsOnError"];
const RESTART_POLICIES: readonly string[] = ["Always", "Never", "OnFailure"];
const RULE_ACTIONS: readonly string[] = ["Restart", "RestartAllContainers"];
const RULE_OPERATORS: readonly string[] = ["In", "NotIn"];
const MAX_RULES = 20;
const MAX_EXIT_CODES = 255;

export function validateContainers(pod: PodContext, errors: FieldErrors, at: FieldPath): void {
  const containers = pod.spec.containers ?? [];
  if (containers.length === 0) {
    errors.required(at);
    return;
  }
  const names = new Set<string>();
  for (let i = 0; i < containers.length; i++) {
    const container = containers[i] as Container;
    const here = at.index(i);
    validateContainer(container, pod, errors, here);
    if (names.has(container.name)) errors.duplicate(here.child("name"), container.name);
    else names.add(container.name);
    validateHooks(container, pod.spec, errors, here);
    validateRestartRules(container, errors, here);
  }
  validateHostPortConflicts(containers, new Set(), errors, at);
}

export function validateInitContainers(pod: PodContext, errors: FieldErrors, at: FieldPath): void {
  const containers = pod.spec.initContainers;
  if (!containers) return;
  const names = new Set((pod.spec.containers ?? []).map((container) => container.name));
  for (let i = 0; i < containers.length; i++) {
    const container = containers[i] as Container;
    const here = at.index(i);
    validateContainer(container, pod, errors, here);
    validateRestartRules(container, errors, here);
    if (names.has(container.name)) errors.duplicate(here.child("name"), container.name);
    else if (container.name) names.add(container.name);
    validateHostPortConflicts([container], new Set(), errors, at);
    if (container.restartPolicy === "Always") validateHooks(container, pod.spec, errors, here);
    else {
      for (const field of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const) {
        if (container[field]) errors.forbidden(here.child(field), "may not be set for init containers without restartPolicy=Always");
      }
    }
  }
}

function validateHooks(container: Container, spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  if (container.lifecycle) validateLifecycle(container.lifecycle, spec.terminationGracePeriodSeconds ?? 30, errors, at.child("lifecycle"));
  if (container.livenessProbe) validateLivenessProbe(container.livenessProbe, errors, at.child("livenessProbe"));
  if (container.readinessProbe) validateReadinessProbe(container.readinessProbe, errors, at.child("readinessProbe"));
  if (container.startupProbe) validateStartupProbe(container.startupProbe, errors, at.child("startupProbe"));
}

const FORBIDDEN_FOR_EPHEMERAL = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "restartPolicyRules",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
] as const;

/** Ephemeral containers (KEP-277) have neither guarantees nor hooks, and may name a container to join. */
export function validateEphemeralContainers(pod: PodContext, errors: FieldErrors, at: FieldPath): void {
  const { spec } = pod;
  if (!spec.ephemeralContainers) return;
  const others = new Set<string>();
  for (const container of spec.containers ?? []) others.add(container.name);
  for (const container of spec.initContainers ?? []) others.add(container.name);
  const names = new Set(others);
  spec.ephemeralContainers.forEach((container, i) => {
    const here = at.index(i);
    validateContainer(container, pod, errors, here);
    if (names.has(container.name)) errors.duplicate(here.child("name"), container.name);
    else if (container.name) names.add(container.name);
    if (container.targetContainerName && !others.has(container.targetContainerName)) {
      errors.notFound(here.child("targetContainerName"), container.targetContainerName);
    }
    for (const field of FORBIDDEN_FOR_EPHEMERAL) {
      const value: unknown = container[field];
      const set = Array.isArray(value)
        ? value.length > 0
        : typeof value === "object" && value !== null
          ? Object.keys(value).length > 0 || field !== "resources"
          : Boolean(value);
      if (set) errors.forbidden(here.child(field), "cannot be set for an Ephemeral Container");
    }
    container.volumeMounts?.forEach((mount, m) => {
      if (mount.subPath) errors.forbidden(here.child("volumeMounts").index(m).child("subPath"), "cannot be set for an Ephemeral Container");
      if (mount.subPathExpr) errors.forbidden(here.child("volumeMounts").index(m).child("subPathExpr"), "cannot be set for an Ephemeral Container");
    });
  });
}

/** The rules that all three kinds of containers share. */
function validateContainer(container: Container | EphemeralContainer, pod: PodContext, errors: FieldErrors, at: FieldPath): void {
  if (!container.name) errors.required(at.child("name"));
  else {
    const messages = nameIsDNSLabel(container.name, false);
    if (messages.length > 0) invalidEach(errors, at.child("name"), container.name, messages);
  }
  const image = container.image ?? "";
  if (image === "") errors.required(at.child("image"));
  else if (pod.isPod && image !== image.trim()) errors.invalid(at.child("image"), image, "must not have leading or trailing whitespace");
  const policy = container.terminationMessagePolicy;
  if (!policy) errors.required(at.child("terminationMessagePolicy"));
  else if (!MESSAGE_POLICIES.includes(policy)) unsupported(errors, at.child("terminationMessagePolicy"), policy, MESSAGE_POLICIES);
  if (container.ports) validateContainerPorts(container.ports, errors, at.child("ports"));
  if (container.env) validateEnv(container.env, errors, at.child("env"));
  if (container.envFrom) validateEnvFrom(container.envFrom, errors, at.child("envFrom"));
  if (container.volumeMounts) validateVolumeMounts(container, pod.volumes, errors, at.child("volumeMounts"));
  if (container.volumeDevices) validateVolumeDevices(container, pod.volumes, errors, at.child("volumeDevices"));
  if (!container.imagePullPolicy) errors.required(at.child("imagePullPolicy"));
  else if (!PULL_POLICIES.includes(container.imagePullPolicy)) unsupported(errors, at.child("imagePullPolicy"), container.imagePullPolicy, PULL_POLICIES);
  if (container.resources) validateResourceRequirements(container.resources, pod.claimNames, errors, at.child("resources"));
  if (container.resizePolicy) validateResizePolicy(container.resizePolicy, pod.spec.restartPolicy ?? "Always", errors, at.child("resizePolicy"));
  if (container.securityContext) validateSecurityContext(container, pod.spec.hostUsers !== false, errors, at.child("securityContext"));
}

/** A container's own restart policy and rules (KEP-5307). */
function validateRestartRules(container: Container, errors: FieldErrors, at: FieldPath): void {
  const { restartPolicy, restartPolicyRules: rules } = container;
  if (restartPolicy !== undefined && !RESTART_POLICIES.includes(restartPolicy)) unsupported(errors, at.child("restartPolicy"), restartPolicy, RESTART_POLICIES);
  if (!rules?.length) return;
  if (restartPolicy === undefined) errors.required(at.child("restartPolicy"), "must specify restartPolicy when restart rules are used");
  if (rules.length > MAX_RULES) errors.tooMany(at.child("restartPolicyRules"), rules.length, MAX_RULES);
  rules.forEach((rule, i) => {
    validateRestartRule(rule, errors, at.child("restartPolicyRules").index(i));
  });
}

function validateRestartRule(rule: ContainerRestartRule, errors: FieldErrors, at: FieldPath): void {
  if (!RULE_ACTIONS.includes(rule.action ?? "")) unsupported(errors, at.child("action"), rule.action, RULE_ACTIONS);
  const codes = rule.exitCodes;
  if (!codes) {
    errors.required(at.child("exitCodes"), "must be specified");
    return;
  }
  if (!RULE_OPERATORS.includes(codes.operator ?? "")) unsupported(errors, at.child("exitCodes", "operator"), codes.operator, RULE_OPERATORS);
  const count = codes.values?.length ?? 0;
  if (count > MAX_EXIT_CODES) errors.tooMany(at.child("exitCodes", "values"), count, MAX_EXIT_CODES);
}
