/** Probes and lifecycle handlers of containers. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { isHTTPHeaderName, isValidPortName, isValidPortNum } from "../../machinery/names.ts";
import type { ExecAction, GRPCAction, HTTPGetAction, Lifecycle, Probe, SleepAction, TCPSocketAction } from "../../schema/generated/types/core.v1.ts";
import { invalidEach, nonNegative, unsupported } from "./checks.ts";

const SCHEMES: readonly string[] = ["HTTP", "HTTPS"];

export function validateLivenessProbe(probe: Probe | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!probe) return;
  validateProbe(probe, errors, at);
  if (probe.successThreshold !== 1) errors.invalid(at.child("successThreshold"), probe.successThreshold ?? 0, "must be 1");
}

export const validateStartupProbe = validateLivenessProbe;

export function validateReadinessProbe(probe: Probe | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!probe) return;
  validateProbe(probe, errors, at);
  if (probe.terminationGracePeriodSeconds !== undefined) {
    errors.invalid(at.child("terminationGracePeriodSeconds"), probe.terminationGracePeriodSeconds, "must not be set for readinessProbes");
  }
}

function validateProbe(probe: Probe, errors: FieldErrors, at: FieldPath): void {
  validateHandler(probe, undefined, errors, at);
  nonNegative(errors, at.child("initialDelaySeconds"), probe.initialDelaySeconds);
  nonNegative(errors, at.child("timeoutSeconds"), probe.timeoutSeconds);
  nonNegative(errors, at.child("periodSeconds"), probe.periodSeconds);
  nonNegative(errors, at.child("successThreshold"), probe.successThreshold);
  nonNegative(errors, at.child("failureThreshold"), probe.failureThreshold);
  if (probe.terminationGracePeriodSeconds !== undefined && probe.terminationGracePeriodSeconds <= 0) {
    errors.invalid(at.child("terminationGracePeriodSeconds"), probe.terminationGracePeriodSeconds, "must be greater than 0");
  }
}

/** `gracePeriod` is the pod's terminationGracePeriodSeconds: no sleep hook may outlast it. */
export function validateLifecycle(lifecycle: Lifecycle | undefined, gracePeriod: number, errors: FieldErrors, at: FieldPath): void {
  if (!lifecycle) return;
  if (lifecycle.postStart) validateHandler(lifecycle.postStart, gracePeriod, errors, at.child("postStart"));
  if (lifecycle.preStop) validateHandler(lifecycle.preStop, gracePeriod, errors, at.child("preStop"));
}

interface Handler {
  exec?: ExecAction;
  httpGet?: HTTPGetAction;
  tcpSocket?: TCPSocketAction;
  grpc?: GRPCAction;
  sleep?: SleepAction;
}

function validateHandler(handler: Handler, gracePeriod: number | undefined, errors: FieldErrors, at: FieldPath): void {
  let handlers = 0;
  const only = (name: string): boolean => {
    if (handlers++ === 0) return true;
    errors.forbidden(at.child(name), "may not specify more than 1 handler type");
    return false;
  };
  if (handler.exec && only("exec") && !handler.exec.command?.length) errors.required(at.child("exec", "command"));
  if (handler.httpGet && only("httpGet")) validateHTTPGet(handler.httpGet, errors, at.child("httpGet"));
  if (handler.tcpSocket && only("tcpSocket")) validatePort(handler.tcpSocket.port, errors, at.child("tcpSocket", "port"));
  if (handler.grpc && only("grpc")) invalidEach(errors, at.child("grpc", "port"), handler.grpc.port, isValidPortNum(handler.grpc.port));
  if (handler.sleep && gracePeriod !== undefined && only("sleep")) {
    const { seconds } = handler.sleep;
    if (seconds < 0 || seconds > gracePeriod) {
      errors.invalid(at.child("sleep"), seconds, `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`);
    }
  }
  if (handlers === 0) errors.required(at, "must specify a handler type");
}

function validateHTTPGet(action: HTTPGetAction, errors: FieldErrors, at: FieldPath): void {
  if (!action.path) errors.required(at.child("path"));
  validatePort(action.port, errors, at.child("port"));
  if (!SCHEMES.includes(action.scheme ?? "")) unsupported(errors, at.child("scheme"), action.scheme, SCHEMES);
  for (const header of action.httpHeaders ?? []) invalidEach(errors, at.child("httpHeaders"), header.name, isHTTPHeaderName(header.name));
}

function validatePort(port: number | string, errors: FieldErrors, at: FieldPath): void {
  invalidEach(errors, at, port, typeof port === "number" ? isValidPortNum(port) : isValidPortName(port));
}
