/**
 * Node ports: which are taken is read from the live Services themselves, so nothing can leak and nothing needs repair.
 * Only Services that ask for node ports pay for the look.
 */

import type { Transaction } from "../store/types.ts";
import { AllocationError } from "./cluster-ips.ts";

const FIRST = 30000;
const LAST = 32767;
const COUNT = LAST - FIRST + 1;
/** Dynamic allocation leaves the lower ports to named ones while others are free (KEP-3668): a thirty-second, 16 to 128. */
const LOWER_BLOCK = Math.min(Math.max(16, Math.floor(COUNT / 32)), 128);
/** A port number as a Service's JSON has it; inside annotations the quotes are escaped, so that these don't match. */
const PORTS_IN_TEXT = /"(?:nodePort|healthCheckNodePort)":(\d+)/g;

/** The node ports during one write. */
export interface NodePorts {
  /** @throws AllocationError when the port is taken or out of range. */
  take(port: number): void;
  /** @throws AllocationError when none is free. */
  takeAny(): number;
}

/** @param random uniform in [0, 1) */
export function nodePorts(transaction: Transaction, random: () => number): NodePorts {
  let taken: Set<number> | undefined;
  const used = () => {
    taken ??= portsInUse(transaction);
    return taken;
  };
  return {
    take(port) {
      if (port < FIRST || port > LAST) throw new AllocationError(`provided port is not in the valid range. The range of valid ports is ${FIRST}-${LAST}`);
      if (used().has(port)) throw new AllocationError("provided port is already allocated");
      used().add(port);
    },
    takeAny() {
      const port = freePort(FIRST + LOWER_BLOCK, LAST, used(), random) ?? freePort(FIRST, FIRST + LOWER_BLOCK - 1, used(), random);
      if (port === undefined) throw new AllocationError("range is full");
      used().add(port);
      return port;
    },
  };
}

/** As upstream answers dry runs: nothing is looked up, picks are numbers beyond the range. */
export function dryRunNodePorts(): NodePorts {
  const taken = new Set<number>();
  return {
    take(port) {
      if (taken.has(port)) throw new AllocationError("provided port is already allocated");
      taken.add(port);
    },
    takeAny() {
      let port = LAST + 2;
      while (taken.has(port)) port++;
      taken.add(port);
      return port;
    },
  };
}

function portsInUse(transaction: Transaction): Set<number> {
  const ports = new Set<number>();
  for (const { text } of transaction.list("services", "")) {
    for (const match of text.matchAll(PORTS_IN_TEXT)) ports.add(Number(match[1]));
  }
  return ports;
}

function freePort(from: number, to: number, used: ReadonlySet<number>, random: () => number): number | undefined {
  const count = to - from + 1;
  const start = Math.floor(random() * count);
  for (let step = 0; step < count; step++) {
    const port = from + ((start + step) % count);
    if (!used.has(port)) return port;
  }
  return undefined;
}
