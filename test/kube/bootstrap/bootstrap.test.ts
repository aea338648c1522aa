import { expect, test } from "vitest";
import { type BootstrapOptions, bootstrapObjects } from "../../../src/kube/bootstrap/index.ts";
import type { KubeObject } from "../../../src/kube/object.ts";
import type { ClusterRole } from "../../../src/kube/schema/generated/types/rbac.v1.ts";
import { create, kindOf } from "../platform/pipeline.ts";

const OPTIONS: BootstrapOptions = { host: "192.0.2.2", port: 16443, now: new Date("2026-11-23T20:18:45Z"), clientCA: "PEM" };

function find<T = KubeObject>(kind: string, name: string, namespace?: string, options = OPTIONS): T {
  const found = bootstrapObjects(options).find((object) => object.kind === kind && object.metadata.name === name && object.metadata.namespace === namespace);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found as unknown as T;
}

test("a new cluster starts with as many objects of each kind as upstream's", () => {
  const counts: Record<string, number> = {};
  for (const { kind } of bootstrapObjects(OPTIONS)) counts[kind] = (counts[kind] ?? 0) + 1;
  expect(counts).toEqual({
    Namespace: 4,
    PriorityClass: 2,
    ClusterRole: 69,
    ClusterRoleBinding: 50,
    Role: 7,
    RoleBinding: 7,
    PriorityLevelConfiguration: 8,
    FlowSchema: 11,
    APIService: 21,
    ServiceCIDR: 1,
    Service: 1,
    Endpoints: 1,
    EndpointSlice: 1,
    ConfigMap: 2,
  });
});

test("every start object passes the validation of its kind and is left as it is by defaulting", () => {
  for (const object of bootstrapObjects(OPTIONS)) {
    // The allocator of a dry run has no addresses to give; the Service is checked below.
    if (object.kind === "Service") continue;
    const answer = create(object, object.metadata.namespace ?? "");
    expect(answer.causes, `${object.kind} ${object.metadata.name}`).toBeUndefined();
    const { status: _status, ...wanted } = JSON.parse(JSON.stringify(object));
    const { status: _defaulted, ...made } = answer.object ?? {};
    expect(made, `${object.kind} ${object.metadata.name}`).toEqual(wanted);
  }
});

test("aggregated roles are complete from the start", () => {
  const [admin, edit, view] = ["admin", "edit", "view"].map((name) => find<ClusterRole>("ClusterRole", name));
  const texts = (role: ClusterRole | undefined) => new Set(role?.rules.map((rule) => JSON.stringify(rule)));
  expect(texts(view).size).toBeGreaterThan(10);
  expect([...texts(view)].filter((rule) => !texts(edit).has(rule))).toEqual([]);
  expect([...texts(edit)].filter((rule) => !texts(admin).has(rule))).toEqual([]);
});

test("the kubernetes Service has the first address of the range", () => {
  expect(find("Service", "kubernetes", "default")).toMatchObject({ spec: { clusterIP: "10.96.0.1", ports: [{ port: 443, targetPort: 16443 }] } });
  expect(find("Service", "kubernetes", "default", { ...OPTIONS, serviceCIDR: "fd00:10::/108" })).toMatchObject({
    spec: { clusterIP: "fd00:10::1", ipFamilies: ["IPv6"] },
  });
});

test.each([
  ["192.0.2.9", "192.0.2.9"],
  ["127.0.0.1", "192.0.2.1"],
  ["api.example.com", "192.0.2.1"],
  ["[2001:db8::5]", "2001:db8::5"],
])("a server at %s is endpoint %s", (host, ip) => {
  const options = { ...OPTIONS, host };
  expect(find("Endpoints", "kubernetes", "default", options)).toMatchObject({ subsets: [{ addresses: [{ ip }], ports: [{ port: 16443 }] }] });
  expect(find("EndpointSlice", "kubernetes", "default", options)).toMatchObject({ endpoints: [{ addresses: [ip] }] });
});

test("every start object is of a kind that is served", () => {
  for (const object of bootstrapObjects(OPTIONS)) expect(() => kindOf(object)).not.toThrow();
});
