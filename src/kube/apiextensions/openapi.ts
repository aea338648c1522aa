/**
 * The OpenAPI of custom resources: paths and definitions to merge into the cluster's v2 document, and a whole v3
 * document per group version. v2 says less: what Swagger 2.0 can't say, clients must not be told wrongly.
 */

import { isObject, type JsonObject } from "../object.ts";
import { OBJECT_DESCRIPTIONS } from "../schema/generated/openapi-index.ts";
import type { ServedResource } from "./served-resources.ts";

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";
const SCALE = "io.k8s.api.autoscaling.v1.Scale";
const BODY_TYPES = ["application/json", "application/yaml"];
const PATCH_TYPES = ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];

/** `definitions` and `paths` of all resources, for a Swagger 2.0 document that has the built-in types. */
export function publishV2(resources: readonly ServedResource[]): { definitions: Record<string, JsonObject>; paths: Record<string, JsonObject> } {
  const definitions: Record<string, JsonObject> = {};
  const paths: Record<string, JsonObject> = {};
  for (const resource of resources) {
    definitions[definitionName(resource)] = rootSchema(resource, 2);
    definitions[definitionName(resource, "List")] = listSchema(resource, 2);
    for (const [path, operations] of operationsOf(resource)) paths[path] = pathItem(path, operations, 2);
  }
  return { definitions, paths };
}

/**
 * The OpenAPI 3.0 document of one group version; all `resources` are of it.
 * @param builtIn component schemas of a document that has the built-in types, by name
 */
export function publishV3(resources: readonly ServedResource[], builtIn: Readonly<Record<string, JsonObject>>): JsonObject {
  const schemas: Record<string, JsonObject> = {};
  const paths: Record<string, JsonObject> = {};
  for (const resource of resources) {
    schemas[definitionName(resource)] = rootSchema(resource, 3);
    schemas[definitionName(resource, "List")] = listSchema(resource, 3);
    for (const [path, operations] of operationsOf(resource)) paths[path] = pathItem(path, operations, 3);
  }
  for (const name of ["DeleteOptions", "ListMeta", "ObjectMeta", "Patch", "Status"]) addBuiltIn(schemas, `${META}.${name}`, builtIn);
  if (resources.some(({ hasScale }) => hasScale)) addBuiltIn(schemas, SCALE, builtIn);
  return { openapi: "3.0.0", info: { title: "Kubernetes CRD Swagger", version: "v0.1.0" }, paths: sorted(paths), components: { schemas: sorted(schemas) } };
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `example.com`, `v1`, `Widget` → `com.example.v1.Widget`. */
function definitionName({ group, version, kind, listKind }: ServedResource, which: "" | "List" = ""): string {
  return [...group.split(".").reverse(), version, which ? listKind : kind].join(".");
}

type Version = 2 | 3;

function reference(name: string, version: Version): JsonObject {
  return { $ref: `${version === 2 ? "#/definitions/" : "#/components/schemas/"}${name}` };
}

/** A reference with a description of its own. */
function described(name: string, version: Version, description: string): JsonObject {
  return version === 2 ? { description, ...reference(name, 2) } : { description, allOf: [reference(name, 3)] };
}

function groupVersionKind({ group, version }: ServedResource, kind: string): JsonObject {
  return { group, kind, version };
}

function typeAndMeta(version: Version): JsonObject {
  return {
    apiVersion: { description: OBJECT_DESCRIPTIONS.apiVersion, type: "string" },
    kind: { description: OBJECT_DESCRIPTIONS.kind, type: "string" },
    metadata: described(`${META}.ObjectMeta`, version, OBJECT_DESCRIPTIONS.metadata),
  };
}

function selectable(resource: ServedResource): JsonObject {
  return resource.selectableFields.length > 0
    ? { "x-kubernetes-selectable-fields": resource.selectableFields.map((path) => ({ fieldPath: path.replace(/^\./, "") })) }
    : {};
}

function rootSchema(resource: ServedResource, version: Version): JsonObject {
  const marks = { "x-kubernetes-group-version-kind": [groupVersionKind(resource, resource.kind)], ...selectable(resource) };
  if (!isObject(resource.schema)) return { type: "object", ...marks };
  const schema = resource.schema;
  // In v2 a root that keeps unknown fields is an open object: kubectl would refuse its fields otherwise.
  if (version === 2 && schema["x-kubernetes-preserve-unknown-fields"]) {
    return { ...(typeof schema.description === "string" ? { description: schema.description } : {}), type: "object", ...marks };
  }
  const converted = version === 2 ? toV2(schema) : toV3(schema);
  return { ...converted, properties: { ...typeAndMeta(version), ...withoutTypeAndMeta(converted.properties) }, ...marks };
}

function withoutTypeAndMeta(properties: unknown): JsonObject {
  if (!isObject(properties)) return {};
  const { apiVersion: _, kind: __, metadata: ___, ...rest } = properties;
  return rest;
}

function listSchema(resource: ServedResource, version: Version): JsonObject {
  return {
    description: `${resource.listKind} is a list of ${resource.kind}`,
    type: "object",
    required: ["items"],
    properties: {
      apiVersion: { description: OBJECT_DESCRIPTIONS.apiVersion, type: "string" },
      items: { description: `List of ${resource.plural}.`, type: "array", items: reference(definitionName(resource), version) },
      kind: { description: OBJECT_DESCRIPTIONS.kind, type: "string" },
      metadata: described(`${META}.ListMeta`, version, OBJECT_DESCRIPTIONS.listMetadata),
    },
    "x-kubernetes-group-version-kind": [groupVersionKind(resource, resource.listKind)],
    ...selectable(resource),
  };
}

/** A copy of a schema with `change` applied to every schema in it, innermost first. */
function mapSchema(schema: JsonObject, change: (schema: JsonObject) => JsonObject): JsonObject {
  const copy: JsonObject = { ...schema };
  const below = (value: unknown) => (isObject(value) ? mapSchema(value, change) : value);
  if (isObject(schema.properties)) copy.properties = Object.fromEntries(Object.entries(schema.properties).map(([name, property]) => [name, below(property)]));
  if (isObject(schema.additionalProperties)) copy.additionalProperties = below(schema.additionalProperties);
  if (isObject(schema.items)) copy.items = below(schema.items);
  return change(copy);
}

function toV3(schema: JsonObject): JsonObject {
  return mapSchema(schema, (node) => (node["x-kubernetes-embedded-resource"] ? withTypeAndMeta(node, 3) : node));
}

function withTypeAndMeta(node: JsonObject, version: Version): JsonObject {
  const required = Array.isArray(node.required) ? (node.required as string[]) : [];
  return {
    ...node,
    required: [...required, ...["kind", "apiVersion"].filter((name) => !required.includes(name))],
    properties: { ...typeAndMeta(version), ...withoutTypeAndMeta(node.properties) },
  };
}

/** Swagger 2.0 has no nullable, no oneOf, anyOf and not, and kubectl refuses fields beside declared ones. */
function toV2(schema: JsonObject): JsonObject {
  return mapSchema(schema, (node) => {
    const { nullable, default: _, oneOf: __, anyOf: ___, allOf: ____, not: _____, ...rest } = node;
    let kept: JsonObject = rest;
    if (nullable || rest["x-kubernetes-preserve-unknown-fields"] || rest["x-kubernetes-int-or-string"]) {
      const { type: _1, items: _2, properties: _3, additionalProperties: _4, required: _5, ...open } = rest;
      kept = nullable ? { ...open, [WAS_NULLABLE]: true } : open;
    } else if (rest["x-kubernetes-embedded-resource"]) kept = withTypeAndMeta(rest, 2);
    return withoutNullableRequired(kept);
  });
}

/** Marks, until its parent has been converted, a property that may be null. */
const WAS_NULLABLE = "\u0000nullable";

function withoutNullableRequired(node: JsonObject): JsonObject {
  if (!isObject(node.properties)) return node;
  const nullable = new Set<string>();
  const properties: JsonObject = {};
  for (const [name, property] of Object.entries(node.properties)) {
    if (isObject(property) && property[WAS_NULLABLE]) {
      nullable.add(name);
      const { [WAS_NULLABLE]: _, ...rest } = property;
      properties[name] = rest;
    } else properties[name] = property;
  }
  const { required, ...rest } = node;
  const kept = Array.isArray(required) ? required.filter((name) => !nullable.has(String(name))) : [];
  return { ...rest, properties, ...(kept.length > 0 ? { required: kept } : {}) };
}

/** Adds the built-in type `name` and all that it refers to, as `builtIn` describes them. */
function addBuiltIn(schemas: Record<string, JsonObject>, name: string, builtIn: Readonly<Record<string, JsonObject>>): void {
  const schema = builtIn[name];
  if (!schema || schemas[name]) return;
  schemas[name] = schema;
  for (const [, referred = ""] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) addBuiltIn(schemas, referred, builtIn);
}

interface Operation {
  readonly method: "get" | "put" | "post" | "delete" | "patch";
  readonly action: string;
  readonly description: string;
  readonly id: string;
  readonly query: readonly string[];
  readonly body: string | undefined;
  readonly answer: string;
  readonly codes: readonly (readonly [string, string])[];
  readonly resource: ServedResource;
}

const LIST_QUERY = [
  "allowWatchBookmarks",
  "continue",
  "fieldSelector",
  "labelSelector",
  "limit",
  "resourceVersion",
  "resourceVersionMatch",
  "sendInitialEvents",
  "shardSelector",
  "timeoutSeconds",
  "watch",
];
const WRITE_QUERY = ["dryRun", "fieldManager", "fieldValidation"];
const DELETE_QUERY = ["dryRun", "gracePeriodSeconds", "ignoreStoreReadErrorWithClusterBreakingPotential", "orphanDependents", "propagationPolicy"];
const QUERY_TYPES: Readonly<Record<string, string>> = {
  allowWatchBookmarks: "boolean",
  force: "boolean",
  gracePeriodSeconds: "integer",
  ignoreStoreReadErrorWithClusterBreakingPotential: "boolean",
  limit: "integer",
  orphanDependents: "boolean",
  sendInitialEvents: "boolean",
  timeoutSeconds: "integer",
  watch: "boolean",
};

const OK = ["200", "OK"] as const;
const CREATED = ["201", "Created"] as const;
const ACCEPTED = ["202", "Accepted"] as const;

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `ref.example.com`, `v1` → `RefExampleComV1`. */
function operationGroup({ group, version }: ServedResource): string {
  return group.split(/[.-]/).map(upperFirst).join("") + upperFirst(version);
}

function article(kind: string): string {
  return /^[AEIOU]/i.test(kind) ? "an" : "a";
}

function operationsOf(resource: ServedResource): [string, Operation[]][] {
  const { group, version, plural, kind, listKind } = resource;
  const namespaced = resource.scope === "Namespaced";
  const base = `/apis/${group}/${version}`;
  const collection = `${base}${namespaced ? "/namespaces/{namespace}" : ""}/${plural}`;
  const object = `${collection}/{name}`;
  const own = definitionName(resource);
  const list = definitionName(resource, "List");
  const where = namespaced ? "Namespaced" : "";
  const make = (
    method: Operation["method"],
    action: string,
    verb: string,
    description: string,
    query: readonly string[],
    body: string | undefined,
    answer: string,
    codes: Operation["codes"],
    suffix = "",
    middle = where,
  ): Operation => ({ method, action, description, id: `${verb}${operationGroup(resource)}${middle}${kind}${suffix}`, query, body, answer, codes, resource });

  const patchBody = `${META}.Patch`;
  const reading = make("get", "get", "read", `read the specified ${kind}`, ["resourceVersion"], undefined, own, [OK]);
  const listing = make("get", "list", "list", `list objects of kind ${listKind.replace(/List$/, "")}`, LIST_QUERY, undefined, list, [OK]);
  const paths: [string, Operation[]][] = [
    [
      collection,
      resource.deletable
        ? [
            listing,
            make("post", "post", "create", `create ${article(kind)} ${kind}`, WRITE_QUERY, own, own, [OK, CREATED, ACCEPTED]),
            make(
              "delete",
              "deletecollection",
              "delete",
              `delete collection of ${kind}`,
              LIST_QUERY,
              undefined,
              `${META}.Status`,
              [OK],
              "",
              `Collection${where}`,
            ),
          ]
        : [listing],
    ],
    [
      object,
      resource.deletable
        ? [
            reading,
            make("put", "put", "replace", `replace the specified ${kind}`, WRITE_QUERY, own, own, [OK, CREATED]),
            make("delete", "delete", "delete", `delete ${article(kind)} ${kind}`, DELETE_QUERY, `${META}.DeleteOptions`, `${META}.Status`, [OK, ACCEPTED]),
            make("patch", "patch", "patch", `partially update the specified ${kind}`, [...WRITE_QUERY, "force"], patchBody, own, [OK]),
          ]
        : [reading],
    ],
  ];
  const subresource = (name: string, type: string) => {
    const suffix = upperFirst(name);
    paths.push([
      `${object}/${name}`,
      [
        make("get", "get", "read", `read ${name} of the specified ${kind}`, ["resourceVersion"], undefined, type, [OK], suffix),
        make("put", "put", "replace", `replace ${name} of the specified ${kind}`, WRITE_QUERY, type, type, [OK, CREATED], suffix),
        make("patch", "patch", "patch", `partially update ${name} of the specified ${kind}`, [...WRITE_QUERY, "force"], patchBody, type, [OK], suffix),
      ],
    ]);
  };
  if (resource.hasScale) subresource("scale", SCALE);
  if (resource.hasStatus) subresource("status", own);
  if (namespaced)
    paths.push([`${base}/${plural}`, [make("get", "list", "list", `list objects of kind ${kind}`, LIST_QUERY, undefined, list, [OK], "ForAllNamespaces", "")]]);
  return paths;
}

function parameter(name: string, place: "query" | "path", version: Version): JsonObject {
  const type = QUERY_TYPES[name] ?? "string";
  const required = place === "path" ? { required: true } : {};
  return version === 2 ? { uniqueItems: true, type, name, in: place, ...required } : { name, in: place, ...required, schema: { type, uniqueItems: true } };
}

function pathItem(path: string, operations: readonly Operation[], version: Version): JsonObject {
  const item: JsonObject = {};
  // What all operations share stands beside them; a single operation shares all that is no body.
  const [single] = operations.length === 1 ? operations : [];
  for (const operation of operations) {
    const written = single ? { ...operation, query: [] } : operation;
    item[operation.method] = version === 2 ? operationV2(written) : operationV3(written);
  }
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const shared = [...names.map((name) => [name, "path"] as const), ...[...(single?.query ?? []), "pretty"].map((name) => [name, "query"] as const)];
  item.parameters = shared.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, place]) => parameter(name, place, version));
  return item;
}

function marksOf({ action, resource }: Operation): JsonObject {
  return { "x-kubernetes-action": action, "x-kubernetes-group-version-kind": groupVersionKind(resource, resource.kind) };
}

function tagOf({ resource: { group, version } }: Operation): string {
  const name = group.split(/[.-]/).map(upperFirst).join("");
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}_${version}`;
}

function operationV2(operation: Operation): JsonObject {
  const schema = reference(operation.answer, 2);
  const body = operation.body
    ? [{ name: "body", in: "body", ...(operation.method === "delete" ? {} : { required: true }), schema: reference(operation.body, 2) }]
    : [];
  return {
    description: operation.description,
    consumes: operation.method === "patch" ? ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"] : BODY_TYPES,
    produces: BODY_TYPES,
    schemes: ["https"],
    tags: [tagOf(operation)],
    operationId: operation.id,
    ...(body.length + operation.query.length > 0 ? { parameters: [...body, ...operation.query.map((name) => parameter(name, "query", 2))] } : {}),
    responses: { ...Object.fromEntries(operation.codes.map(([code, description]) => [code, { description, schema }])), 401: { description: "Unauthorized" } },
    ...marksOf(operation),
  };
}

function content(types: readonly string[], name: string): JsonObject {
  return Object.fromEntries(types.map((type) => [type, { schema: reference(name, 3) }]));
}

function operationV3(operation: Operation): JsonObject {
  const { body, method } = operation;
  return {
    tags: [tagOf(operation)],
    description: operation.description,
    operationId: operation.id,
    ...(operation.query.length > 0 ? { parameters: operation.query.map((name) => parameter(name, "query", 3)) } : {}),
    ...(body
      ? { requestBody: { content: content(method === "patch" ? PATCH_TYPES : BODY_TYPES, body), ...(method === "delete" ? {} : { required: true }) } }
      : {}),
    responses: {
      ...Object.fromEntries(operation.codes.map(([code, description]) => [code, { description, content: content(BODY_TYPES, operation.answer) }])),
      401: { description: "Unauthorized" },
    },
    ...marksOf(operation),
  };
}
