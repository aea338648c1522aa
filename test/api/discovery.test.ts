import { describe, expect, it } from "vitest";
import { apiGroup, apiGroupList, apiResourceList, compareVersions, discoveryOf, discoveryPaths, storageVersionHash } from "../../src/api/discovery.ts";
import type { CustomResourceCatalog, ServedCustomResource } from "../../src/durable/protocol.ts";

const gizmo: ServedCustomResource = {
  group: "fd.example.com",
  version: "v1",
  plural: "gizmos",
  singular: "gizmo",
  kind: "Gizmo",
  listKind: "GizmoList",
  shortNames: ["gz"],
  categories: ["all", "toys"],
  scope: "Namespaced",
  storageVersion: "v1",
  hasStatus: true,
  hasScale: true,
  deletable: true,
  schema: {},
  selectableFields: [],
};
const catalog = (...resources: ServedCustomResource[]): CustomResourceCatalog => ({ revision: "1", resources });
const CUSTOM_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

describe("the built-in groups", () => {
  it("come in the original's order, each with its preferred version first", async () => {
    const { groups } = apiGroupList(await discoveryOf(catalog())) as {
      groups: { name: string; versions: { version: string }[]; preferredVersion: { version: string } }[];
    };
    expect(groups.map(({ name }) => name)).toEqual(
      (
        "apiregistration.k8s.io apps events.k8s.io authentication.k8s.io authorization.k8s.io autoscaling batch certificates.k8s.io networking.k8s.io policy " +
        "rbac.authorization.k8s.io storage.k8s.io admissionregistration.k8s.io apiextensions.k8s.io scheduling.k8s.io coordination.k8s.io node.k8s.io discovery.k8s.io " +
        "resource.k8s.io flowcontrol.apiserver.k8s.io"
      ).split(" "),
    );
    const autoscaling = groups.find(({ name }) => name === "autoscaling");
    expect(autoscaling?.versions.map(({ version }) => version)).toEqual(["v2", "v1"]);
    expect(autoscaling?.preferredVersion.version).toBe("v2");
  });

  it("name kinds of other groups on subresources only", async () => {
    const { resources } = apiResourceList(await discoveryOf(catalog()), "", "v1") as {
      resources: { name: string; group?: string; version?: string; kind: string }[];
    };
    const entry = (name: string) => resources.find((each) => each.name === name);
    expect(entry("pods/eviction")).toMatchObject({ group: "policy", version: "v1", kind: "Eviction", verbs: ["create"], singularName: "" });
    expect(entry("pods/binding")).not.toHaveProperty("group");
    expect(entry("pods")).toMatchObject({ shortNames: ["po"], categories: ["all"], storageVersionHash: "xPOwRZ+Yhw8=" });
    expect(entry("componentstatuses")).not.toHaveProperty("storageVersionHash");
  });

  it("are served as one aggregated document with an entity tag", async () => {
    const { aggregated } = await discoveryOf(catalog());
    expect(JSON.parse(aggregated.api.text).items).toMatchObject([{ metadata: {}, versions: [{ version: "v1", freshness: "Current" }] }]);
    expect(aggregated.apis.etag).toMatch(/^"[0-9A-F]{128}"$/);
  });
});

describe("custom resources", () => {
  it("appear in their group, as the original words them", async () => {
    const discovery = await discoveryOf(catalog(gizmo, { ...gizmo, version: "v1beta1", hasStatus: false, hasScale: false }));
    expect(apiGroup(discovery, "fd.example.com")).toEqual({
      kind: "APIGroup",
      apiVersion: "v1",
      name: "fd.example.com",
      versions: [
        { groupVersion: "fd.example.com/v1", version: "v1" },
        { groupVersion: "fd.example.com/v1beta1", version: "v1beta1" },
      ],
      preferredVersion: { groupVersion: "fd.example.com/v1", version: "v1" },
    });
    expect(apiResourceList(discovery, "fd.example.com", "v1")).toEqual({
      kind: "APIResourceList",
      apiVersion: "v1",
      groupVersion: "fd.example.com/v1",
      resources: [
        {
          name: "gizmos",
          singularName: "gizmo",
          namespaced: true,
          kind: "Gizmo",
          verbs: CUSTOM_VERBS,
          shortNames: ["gz"],
          categories: ["all", "toys"],
          storageVersionHash: "/yoJRBoUFmI=",
        },
        { name: "gizmos/status", singularName: "", namespaced: true, kind: "Gizmo", verbs: ["get", "patch", "update"] },
        { name: "gizmos/scale", singularName: "", namespaced: true, group: "autoscaling", version: "v1", kind: "Scale", verbs: ["get", "patch", "update"] },
      ],
    });
    const last = JSON.parse(discovery.aggregated.apis.text).items.at(-1);
    expect(last.metadata.name).toBe("fd.example.com");
    expect(last.versions[0].resources[0].responseKind).toEqual({ group: "fd.example.com", version: "v1", kind: "Gizmo" });
    expect(discoveryPaths(discovery)).toContain("/apis/fd.example.com/v1");
  });

  it("change the entity tag, and leave no trace in a cluster without them", async () => {
    const [without, withGizmo, again] = [await discoveryOf(catalog()), await discoveryOf(catalog(gizmo)), await discoveryOf(catalog())];
    expect(withGizmo.aggregated.apis.etag).not.toBe(without.aggregated.apis.etag);
    expect(again.aggregated.apis).toEqual(without.aggregated.apis);
    expect(apiGroup(without, "fd.example.com")).toBeUndefined();
  });

  it("can only be read and deleted while their definition is being deleted", async () => {
    const { resources } = apiResourceList(await discoveryOf(catalog({ ...gizmo, deletable: false })), "fd.example.com", "v1") as {
      resources: { verbs: string[] }[];
    };
    expect(resources[0]?.verbs).toEqual(["delete", "deletecollection", "get", "list", "watch"]);
  });
});

describe("versions", () => {
  it("are preferred by stability, then by number, and names last", () => {
    const versions = ["foo1", "v1alpha1", "v10beta3", "v2", "v11alpha2", "v1", "v3beta1", "foo10", "v12alpha1", "v10", "v11beta2", "v0"];
    expect(versions.sort(compareVersions)).toEqual([
      "v10",
      "v2",
      "v1",
      "v11beta2",
      "v10beta3",
      "v3beta1",
      "v12alpha1",
      "v11alpha2",
      "v1alpha1",
      "foo1",
      "foo10",
      "v0",
    ]);
  });

  it("are hashed as stored", async () => {
    expect(await storageVersionHash("", "v1", "ConfigMap")).toBe("qFsyl6wFWjQ=");
    expect(await storageVersionHash("fd.example.com", "v1", "Gizmo")).toBe("/yoJRBoUFmI=");
  });
});
