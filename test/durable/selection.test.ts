import { describe, expect, test } from "vitest";
import { compileSelection } from "../../src/durable/selection.ts";
import { parseFieldSelector } from "../../src/kube/machinery/field-selector.ts";
import { BUILT_IN_KINDS } from "../../src/kube/registry.ts";

const select = (group: string, version: string, plural: string, selector: string) => () => {
  const kind = BUILT_IN_KINDS.find((each) => each.group === group && each.version === version && each.plural === plural);
  if (!kind) throw new Error(`no ${plural}`);
  return compileSelection(kind, undefined, parseFieldSelector(selector));
};

// Measured on v1.36.3.
describe("a field that a kind does not select by is refused in the kind's words", () => {
  test.each([
    ["", "v1", "pods", "field label not supported: spec.unknown"],
    ["", "v1", "persistentvolumes", '"spec.unknown" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ["", "v1", "persistentvolumeclaims", '"spec.unknown" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ["apps", "v1", "replicasets", '"spec.unknown" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ["batch", "v1", "jobs", 'field label "spec.unknown" not supported for Job'],
    ["resource.k8s.io", "v1", "resourceslices", "field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: spec.unknown"],
  ])("%s/%s %s", (group, version, plural, message) => {
    expect(select(group, version, plural, "spec.unknown=1")).toThrow(message);
  });

  test("the namespace is refused by cluster-scoped kinds that have fields of their own, and only by them", () => {
    expect(select("", "v1", "nodes", "metadata.namespace=x")).toThrow("field label not supported: metadata.namespace");
    expect(select("", "v1", "persistentvolumes", "metadata.namespace=x")).not.toThrow();
    expect(select("", "v1", "pods", "metadata.namespace=x")).not.toThrow();
  });
});
