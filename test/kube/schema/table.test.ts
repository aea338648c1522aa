import { describe, expect, it } from "vitest";
import type { FieldSchema } from "../../../src/kube/schema/schema.ts";
import { hasType, typeIdOf, typeIds, typeSchema } from "../../../src/kube/schema/table.ts";

function field(type: string, name: string): FieldSchema {
  const found = typeSchema(type).fields.get(name);
  if (!found) throw new Error(`${type} has no field ${name}`);
  return found;
}

describe("a kind's type", () => {
  it.each([
    ["", "v1", "Pod", "core.v1.Pod"],
    ["", "v1", "PodList", "core.v1.PodList"],
    ["apps", "v1", "Deployment", "apps.v1.Deployment"],
    ["rbac.authorization.k8s.io", "v1", "Role", "rbac.v1.Role"],
    ["flowcontrol.apiserver.k8s.io", "v1", "FlowSchema", "flowcontrol.v1.FlowSchema"],
    ["autoscaling", "v1", "Scale", "autoscaling.v1.Scale"],
    ["policy", "v1", "Eviction", "policy.v1.Eviction"],
    ["authentication.k8s.io", "v1", "TokenRequest", "authentication.v1.TokenRequest"],
    ["", "v1", "DeleteOptions", "meta.v1.DeleteOptions"],
    ["apps", "v1", "DeleteOptions", "meta.v1.DeleteOptions"],
    ["meta.k8s.io", "v1", "PartialObjectMetadata", "meta.v1.PartialObjectMetadata"],
    ["", "v1", "Status", "meta.v1.Status"],
  ])("of %s/%s %s is %s", (group, version, kind, id) => {
    expect(typeIdOf(group, version, kind)).toBe(id);
    expect(typeSchema(id).id).toBe(id);
  });

  it.each([
    ["", "v1", "Foo"],
    ["__proto__", "v1", "Pod"],
    ["constructor", "v1", "name"],
    ["example.com", "v1", "toString"],
    ["apps", "v1beta1", "Deployment"],
  ])("of %s/%s %s is not built in", (group, version, kind) => {
    expect(hasType(typeIdOf(group, version, kind))).toBe(false);
  });
});

describe("fields", () => {
  it("every type expands, and refers to types that exist", () => {
    for (const id of typeIds())
      for (const { type } of typeSchema(id).fields.values()) if (typeof type === "object") expect(hasType(type.message), type.message).toBe(true);
  });

  it.each<[type: string, name: string, facts: Partial<FieldSchema>]>([
    [
      "core.v1.PodSpec",
      "containers",
      { number: 2, repeated: true, always: true, listType: "map", listMapKeys: ["name"], patchStrategies: ["merge"], patchMergeKey: "name" },
    ],
    ["core.v1.PodSpec", "volumes", { patchStrategies: ["merge", "retainKeys"], patchMergeKey: "name" }],
    ["core.v1.Container", "ports", { listMapKeys: ["containerPort", "protocol"], patchMergeKey: "containerPort" }],
    ["core.v1.EphemeralContainer", "ports", { listMapKeys: ["containerPort", "protocol"], inlined: [{ name: "EphemeralContainerCommon", number: 1 }] }],
    ["core.v1.Container", "args", { listType: "atomic", type: "string" }],
    ["core.v1.ContainerPort", "protocol", { default: "TCP", goType: "v1.Protocol" }],
    ["core.v1.Volume", "emptyDir", { inlined: [{ name: "VolumeSource", number: 2 }], type: { message: "core.v1.EmptyDirVolumeSource" } }],
    ["core.v1.PodList", "items", { repeated: true, listType: undefined, type: { message: "core.v1.Pod" } }],
    ["apps.v1.DeploymentSpec", "strategy", { patchStrategies: ["retainKeys"], patchMergeKey: undefined }],
    ["batch.v1.JobStatus", "conditions", { listType: "atomic", patchMergeKey: "type" }],
    ["core.v1.ServiceSpec", "selector", { map: true, mapType: "atomic" }],
    ["core.v1.PersistentVolumeSpec", "claimRef", { mapType: "granular" }],
    ["meta.v1.ObjectMeta", "finalizers", { listType: "set", patchStrategies: ["merge"], patchMergeKey: undefined }],
    ["apiextensions.v1.JSONSchemaProps", "x-kubernetes-validations", { listMapKeys: ["rule"] }],
  ])("%s.%s", (type, name, facts) => {
    expect(field(type, name)).toMatchObject(facts);
  });

  it("top-level types have kind and apiVersion, embedded ones not", () => {
    expect(typeSchema("core.v1.Pod").root).toBe(true);
    expect(typeSchema("core.v1.Pod").fields.has("kind")).toBe(true);
    expect(typeSchema("core.v1.PodTemplateSpec").fields.has("kind")).toBe(false);
  });

  it("atomic definitions", () => {
    expect(typeSchema("meta.v1.LabelSelector").atomic).toBe(true);
    expect(typeSchema("core.v1.PodSpec").atomic).toBe(false);
  });
});
