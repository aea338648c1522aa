import { describe, expect, it } from "vitest";
import type { Structure } from "../../../src/kube/machinery/structure.ts";
import { structureOf } from "../../../src/kube/schema/structure.ts";
import { typeSchema } from "../../../src/kube/schema/table.ts";

/** Follows field names; "[]" steps into a list map's item. */
function at(type: string, path: string): Structure | undefined {
  let structure: Structure | undefined = structureOf(typeSchema(type));
  for (const step of path.split(".").filter(Boolean)) {
    if (step === "[]") structure = structure?.kind === "list-map" ? structure.item : undefined;
    else structure = structure?.kind === "map" ? structure.field(step) : undefined;
  }
  return structure;
}

describe("the structure that server-side apply sees", () => {
  it.each<[type: string, path: string, kind: Structure["kind"] | undefined]>([
    ["core.v1.Pod", "", "map"],
    ["core.v1.Pod", "kind", "leaf"],
    ["core.v1.Pod", "nope", undefined],
    ["core.v1.Pod", "metadata.labels", "map"],
    ["core.v1.Pod", "metadata.labels.anything", "leaf"],
    ["core.v1.Pod", "metadata.finalizers", "set"],
    ["core.v1.Pod", "metadata.ownerReferences", "list-map"],
    ["core.v1.Pod", "metadata.ownerReferences.[]", "leaf"],
    ["core.v1.Pod", "metadata.creationTimestamp", "leaf"],
    ["core.v1.Pod", "spec.containers.[].resources.limits", "map"],
    ["core.v1.Pod", "spec.containers.[].resources.limits.cpu", "leaf"],
    ["core.v1.Pod", "spec.containers.[].args", "leaf"],
    ["core.v1.Pod", "spec.containers.[].livenessProbe.httpGet.port", "leaf"],
    ["core.v1.Pod", "spec.containers.[].env.[].valueFrom.configMapKeyRef", "leaf"],
    ["core.v1.Pod", "spec.volumes.[].emptyDir", "map"],
    ["core.v1.Pod", "spec.nodeSelector", "leaf"],
    ["core.v1.Pod", "spec.tolerations", "leaf"],
    ["core.v1.Pod", "spec.ephemeralContainers.[].ports", "list-map"],
    ["apps.v1.Deployment", "spec.selector", "leaf"],
    ["apps.v1.Deployment", "spec.strategy.rollingUpdate.maxSurge", "leaf"],
    ["apps.v1.StatefulSet", "spec.volumeClaimTemplates", "leaf"],
    ["apps.v1.ControllerRevision", "data", "leaf"],
    ["core.v1.Service", "spec.selector", "leaf"],
    ["core.v1.Service", "spec.ports", "list-map"],
    ["core.v1.PersistentVolume", "spec.claimRef", "map"],
    ["discovery.v1.EndpointSlice", "endpoints", "leaf"],
    ["certificates.v1.CertificateSigningRequest", "spec.extra", "map"],
    ["certificates.v1.CertificateSigningRequest", "spec.extra.a", "leaf"],
    ["apiextensions.v1.CustomResourceDefinition", "spec.versions", "leaf"],
    ["apiextensions.v1.CustomResourceDefinition", "status.conditions", "list-map"],
  ])("%s %s: %s", (type, path, kind) => {
    expect(at(type, path)?.kind).toBe(kind);
  });

  it("names the keys of list maps and what stands for an absent one", () => {
    expect(at("core.v1.Pod", "spec.containers.[].ports")).toMatchObject({
      keys: ["containerPort", "protocol"],
      defaults: { containerPort: 0, protocol: "TCP" },
    });
    expect(at("core.v1.Service", "spec.ports")).toMatchObject({ keys: ["port", "protocol"], defaults: { protocol: "TCP" } });
    expect(at("core.v1.Pod", "spec.imagePullSecrets")).toMatchObject({ keys: ["name"], defaults: { name: "" } });
  });

  it("is made once per type", () => {
    expect(structureOf(typeSchema("core.v1.Pod"))).toBe(structureOf(typeSchema("core.v1.Pod")));
  });
});
