import { expect, test } from "vitest";
import { validateDefinition } from "../../../src/kube/apiextensions/definition-validation.ts";
import { apiService } from "../../../src/kube/apiregistration/api-service.ts";
import { FieldErrors, FieldPath } from "../../../src/kube/machinery/field.ts";
import type { CustomResourceDefinition } from "../../../src/kube/schema/generated/types/apiextensions.v1.ts";

const names = { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" };

function definition(metadata: object, type = "object"): CustomResourceDefinition {
  const versions = [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type } } }];
  const spec = { group: "example.com", scope: "Namespaced", names, versions };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata,
    spec,
    status: { storedVersions: ["v1"] },
  } as CustomResourceDefinition;
}

function judged(object: CustomResourceDefinition): [string, string][] {
  const errors = new FieldErrors();
  validateDefinition(object, errors, FieldPath.root);
  return errors.list.map((error) => [error.field, error.body()]);
}

test("a definition's generated name is judged with what it was generated from", () => {
  expect(judged(definition({ generateName: "g-", name: "g-12345" })).slice(0, 2)).toEqual([
    ["metadata.generateName", 'Invalid value: "g-": must be spec.names.plural+"."+spec.group'],
    ["metadata.name", 'Invalid value: "g-12345": must be spec.names.plural+"."+spec.group'],
  ]);
});

test("a schema of an unknown type is no object either", () => {
  expect(judged(definition({ name: "things.example.com" }, "nonsense"))).toEqual([
    ["spec.validation.openAPIV3Schema.type", 'Invalid value: "nonsense": must be object at the root'],
    ["spec.validation.openAPIV3Schema.type", 'Unsupported value: "nonsense": supported values: "array", "boolean", "integer", "number", "object", "string"'],
  ]);
});

test("an API service's generated name is judged with what it was generated from", () => {
  const object = apiService.decode(
    { apiVersion: "apiregistration.k8s.io/v1", kind: "APIService", metadata: { generateName: "g-", name: "g-12345" }, spec: { group: "a.b", version: "v1" } },
    { strict: [] },
  );
  const errors = new FieldErrors();
  apiService.validate?.(object, errors, FieldPath.root);
  expect(errors.list.slice(0, 2).map(({ field }) => field)).toEqual(["metadata.generateName", "metadata.name"]);
});
