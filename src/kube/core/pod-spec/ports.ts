/** Container ports and the host ports that they claim. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { isValidPortName, isValidPortNum } from "../../machinery/names.ts";
import type { Container, ContainerPort } from "../../schema/generated/types/core.v1.ts";
import { invalidEach, unsupported } from "./checks.ts";

const PROTOCOLS: readonly string[] = ["SCTP", "TCP", "UDP"];

export function validateContainerPorts(ports: readonly ContainerPort[] | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!ports) return;
  const names = new Set<string>();
  for (let i = 0; i < ports.length; i++) {
    const port = ports[i] as ContainerPort;
    const here = at.index(i);
    if (port.name) {
      const messages = isValidPortName(port.name);
      if (messages.length > 0) invalidEach(errors, here.child("name"), port.name, messages);
      else if (names.has(port.name)) errors.duplicate(here.child("name"), port.name);
      else names.add(port.name);
    }
    if (!port.containerPort) errors.required(here.child("containerPort"));
    else invalidEach(errors, here.child("containerPort"), port.containerPort, isValidPortNum(port.containerPort));
    if (port.hostPort) invalidEach(errors, here.child("hostPort"), port.hostPort, isValidPortNum(port.hostPort));
    if (!port.protocol) errors.required(here.child("protocol"));
    else if (!PROTOCOLS.includes(port.protocol)) unsupported(errors, here.child("protocol"), port.protocol, PROTOCOLS);
  }
}

/** Each protocol, address and host port may be claimed once per pod; `claimed` is shared among the lists that run together. */
export function validateHostPortConflicts(containers: readonly Pick<Container, "ports">[], claimed: Set<string>, errors: FieldErrors, at: FieldPath): void {
  for (let i = 0; i < containers.length; i++) {
    const ports = containers[i]?.ports;
    if (!ports) continue;
    for (let p = 0; p < ports.length; p++) {
      const port = ports[p] as ContainerPort;
      if (!port.hostPort) continue;
      const claim = `${port.protocol}/${port.hostIP ?? ""}/${port.hostPort}`;
      if (claimed.has(claim)) errors.duplicate(at.index(i).child("ports").index(p).child("hostPort"), claim);
      else claimed.add(claim);
    }
  }
}
