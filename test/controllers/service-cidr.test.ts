import { describe, expect, it } from "vitest";
import type { Client, Context, ResourceRef } from "../../src/controllers/controller.ts";
import { serviceCIDRController } from "../../src/controllers/service-cidr.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import type { ServiceCIDR } from "../../src/kube/schema/generated/types/networking.v1.ts";

const FINALIZER = "networking.k8s.io/service-cidr-finalizer";

interface Fixture {
  cidrs: string[];
  deleting?: boolean;
  finalizers?: string[];
}

/** Ranges by name and addresses in use; the update that takes the last finalizer of a deleted range removes it. */
async function reconciled(fixtures: Record<string, Fixture>, addresses: string[] = []): Promise<{ ranges: Map<string, ServiceCIDR>; writes: number }> {
  const ranges = new Map(
    Object.entries(fixtures).map(([name, { cidrs, deleting, finalizers }]): [string, ServiceCIDR] => [
      name,
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "ServiceCIDR",
        metadata: { name, ...(finalizers && { finalizers }), ...(deleting && { deletionTimestamp: "2026-01-02T03:04:05Z" }) },
        spec: { cidrs },
        status: {},
      },
    ]),
  );
  let writes = 0;
  const client: Partial<Client> = {
    list: async <T extends KubeObject>(ref: ResourceRef) =>
      (ref.resource === "servicecidrs" ? [...ranges.values()] : addresses.map((name) => ({ metadata: { name } }))) as unknown as T[],
    update: async <T extends KubeObject>(_ref: ResourceRef, _namespace: string, object: T) => {
      writes++;
      const range = object as unknown as ServiceCIDR;
      const name = range.metadata.name ?? "";
      if (range.metadata.deletionTimestamp && !range.metadata.finalizers?.length) ranges.delete(name);
      else ranges.set(name, range);
      return object;
    },
  };
  const context = { client, now: () => Date.parse("2026-01-02T03:04:06Z") } as unknown as Context;
  await serviceCIDRController.reconcile("all", context);
  const first = writes;
  await serviceCIDRController.reconcile("all", context);
  expect(writes, "a second look writes nothing").toBe(first);
  return { ranges, writes };
}

describe("the service-cidr controller", () => {
  it("makes a new range ready and holds it", async () => {
    const { ranges } = await reconciled({ a: { cidrs: ["10.0.0.0/24"] } });
    expect(ranges.get("a")).toMatchObject({
      metadata: { finalizers: [FINALIZER] },
      status: {
        conditions: [{ type: "Ready", status: "True", reason: "", message: "Kubernetes Service CIDR is ready", lastTransitionTime: "2026-01-02T03:04:06Z" }],
      },
    });
  });

  it.each<[string, Record<string, Fixture>, string[], boolean]>([
    ["lets an unused range go", {}, [], false],
    ["lets go when the addresses in use lie elsewhere", {}, ["10.0.1.1", "fd00::1"], false],
    ["keeps a range with an address in use", {}, ["10.0.0.9"], true],
    ["lets go when a larger range covers it", { b: { cidrs: ["10.0.0.0/16"], finalizers: [FINALIZER] } }, ["10.0.0.9"], false],
    ["lets go when another range has each address in use", { b: { cidrs: ["10.0.0.0/28"], finalizers: [FINALIZER] } }, ["10.0.0.9"], false],
    ["keeps it when another range has only some of them", { b: { cidrs: ["10.0.0.0/28"], finalizers: [FINALIZER] } }, ["10.0.0.9", "10.0.0.99"], true],
    ["does not count on a range that goes too", { b: { cidrs: ["10.0.0.0/16"], finalizers: [FINALIZER], deleting: true } }, ["10.0.0.9"], true],
  ])("%s", async (_name, others, addresses, kept) => {
    const { ranges } = await reconciled({ a: { cidrs: ["10.0.0.0/24"], deleting: true, finalizers: [FINALIZER] }, ...others }, addresses);
    expect(ranges.has("a")).toBe(kept);
    if (kept) expect(ranges.get("a")?.status.conditions).toMatchObject([{ type: "Ready", status: "False", reason: "Terminating" }]);
  });

  it("needs every family of a range covered", async () => {
    const { ranges } = await reconciled(
      {
        a: { cidrs: ["10.0.0.0/24", "fd00::/64"], deleting: true, finalizers: [FINALIZER] },
        b: { cidrs: ["10.0.0.0/16"] },
      },
      ["fd00::9"],
    );
    expect(ranges.has("a")).toBe(true);
  });
});
