/** Warnings about container ports that are declared twice in a pod, or of which one claims a part of another. */
import type { Container, ContainerPort } from "../../schema/generated/types/core.v1.ts";

interface Declared {
  at: string;
  port: ContainerPort;
}

/** Compares the ports of a pod's containers, noted one container after another. */
export class PortWarnings {
  readonly #byNumber = new Map<string, Declared[]>();
  readonly #byName = new Map<string, string>();

  note(container: Container, containerAt: string, warnings: string[]): void {
    const names = new Map<string, string>();
    container.ports?.forEach((port, i) => {
      const at = `${containerAt}.ports[${i}]`;
      if (port.hostIP && !port.hostPort) warnings.push(`${at}: hostIP set without hostPort: ${internalPort(port)}`);
      const key = `${port.containerPort}/${port.protocol ?? "TCP"}`;
      const earlier = this.#byNumber.get(key) ?? [];
      for (const other of earlier) {
        const how = relation(port, other.port);
        if (how) warnings.push(`${at}: ${how} port definition with ${other.at}`);
      }
      earlier.push({ at, port });
      this.#byNumber.set(key, earlier);
      if (!port.name) return;
      const first = this.#byName.get(port.name);
      if (first) warnings.push(`${at}: duplicate port name "${port.name}" with ${first}, services and probes that select ports by name will use ${first}`);
      else names.set(port.name, at);
    });
    for (const [name, at] of names) this.#byName.set(name, at);
  }
}

function relation(port: ContainerPort, other: ContainerPort): string | undefined {
  const [own, others] = [port.hostPort ?? 0, other.hostPort ?? 0];
  if (own === others) {
    if ((port.hostIP ?? "") === (other.hostIP ?? "")) return "duplicate";
    return !port.hostIP || !other.hostIP ? "dangerously ambiguous" : undefined;
  }
  return own === 0 || others === 0 ? "overlapping" : undefined;
}

/** Upstream prints the struct as Go does. */
function internalPort({ name = "", hostPort = 0, containerPort, protocol = "TCP", hostIP = "" }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}
