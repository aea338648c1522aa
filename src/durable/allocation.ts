/** What a write takes from the cluster's shared pools (Service IPs, node ports), by stored resource. */
import type { KubeObject } from "../kube/object.ts";

import { serviceAllocator } from "./allocators/service.ts";
import type { Transaction } from "./store/types.ts";
import type { WriteCall } from "./verbs/call.ts";

export interface AllocationContext {
  readonly transaction: Transaction;
  readonly random: () => number;
  readonly dryRun: boolean;
  readonly now: Date;
}

/** Allocates in place before validation. @throws StatusError 422 when what was asked for is taken or out of range. */
export interface Allocator {
  create(object: KubeObject, context: AllocationContext): void;
  update(object: KubeObject, old: KubeObject, context: AllocationContext): void;
  release(object: KubeObject, context: AllocationContext): void;
}

const ALLOCATORS: ReadonlyMap<string, Allocator> = new Map([["services", serviceAllocator]]);

function context(call: WriteCall): AllocationContext {
  return { transaction: call.transaction, random: call.environment.random, dryRun: call.dryRun, now: call.now };
}

export function allocateForCreate(call: WriteCall, object: KubeObject): void {
  ALLOCATORS.get(call.kind.storageResource)?.create(object, context(call));
}

export function allocateForUpdate(call: WriteCall, object: KubeObject, old: KubeObject): void {
  ALLOCATORS.get(call.kind.storageResource)?.update(object, old, context(call));
}

export function releaseForDelete(call: WriteCall, object: KubeObject): void {
  ALLOCATORS.get(call.kind.storageResource)?.release(object, context(call));
}
