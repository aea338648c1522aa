// Writes the OpenAPI documents under assets/generated/openapi/ (v2 as JSON and protobuf, v3 as one JSON per group version)
// and the small module that the Worker holds of them: which there are, and their hashes.
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { definitionName, definitionSchema, referencesOf } from "./definitions.mjs";
import { makeOperations, parameterDescriptions, parameterType } from "./operations.mjs";

const INFO = { title: "Kubernetes", version: "1.36" };
const BEARER = { description: "Bearer Token authentication", type: "apiKey", name: "authorization", in: "header" };

/** Query and path parameters of an operation, in name order. Path-wide ones are hoisted by `pathItem`. */
function parametersOf(path, operation, describe) {
  const names = [...operation.query];
  if (!operation.bare && !operation.connects) names.push("pretty");
  const parameters = names.map((name) => ({ name, in: "query" }));
  for (const [, name] of path.matchAll(/\{(\w+)\}/g)) parameters.push({ name, in: "path", required: true });
  parameters.sort((a, b) => (a.name === b.name ? (a.in < b.in ? -1 : 1) : a.name < b.name ? -1 : 1));
  return parameters.map(({ name, ...place }) => {
    return { name, ...place, description: describe(name, place.in, operation, path), type: parameterType(name) };
  });
}

/** A path with its operations; parameters that all of them share stand beside them, as upstream does it. */
function pathItem(path, operations, describe, writeParameter, writeOperation) {
  const all = operations.map((operation) => parametersOf(path, operation, describe));
  const keyOf = (parameter) => `${parameter.in} ${parameter.name}`;
  const fingerprint = (parameter) => JSON.stringify(parameter);
  const shared = all[0].filter((parameter) => all.every((list) => list.some((other) => fingerprint(other) === fingerprint(parameter))));
  const sharedKeys = new Set(shared.map(keyOf));
  const item = {};
  operations.forEach((operation, at) => {
    item[operation.method] = writeOperation(operation, all[at].filter((parameter) => !sharedKeys.has(keyOf(parameter))).map(writeParameter));
  });
  if (shared.length > 0) item.parameters = shared.map(writeParameter);
  return item;
}

function extensions(operation) {
  const found = {};
  if (operation.action) found["x-kubernetes-action"] = operation.action;
  if (operation.kind) found["x-kubernetes-group-version-kind"] = { group: operation.kind.group, kind: operation.kind.kind, version: operation.kind.version };
  return found;
}

function v2Reference(schema) {
  return schema.$ref ? { $ref: `#/definitions/${schema.$ref}` } : schema;
}

function v2Operation(operation, parameters) {
  const body = operation.body
    ? [{ name: "body", in: "body", ...(isOptionalBody(operation) ? {} : { required: true }), schema: v2Reference(operation.body) }]
    : [];
  const all = [...body, ...parameters].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return {
    description: operation.description,
    ...(operation.consumes ? { consumes: operation.consumes } : {}),
    produces: operation.produces,
    schemes: ["https"],
    tags: [operation.tag],
    operationId: operation.id,
    ...(all.length > 0 ? { parameters: all } : {}),
    responses: {
      ...Object.fromEntries(operation.responses.map(([code, description, schema]) => [code, { description, schema: v2Reference(schema) }])),
      401: { description: "Unauthorized" },
    },
    ...extensions(operation),
  };
}

function isOptionalBody(operation) {
  return operation.method === "delete";
}

function v2Document(model, sources, paths, describe) {
  const writeParameter = ({ name, in: place, required, description, type }) => ({
    uniqueItems: true,
    type,
    description,
    name,
    in: place,
    ...(required ? { required } : {}),
  });
  const document = {
    swagger: "2.0",
    info: INFO,
    paths: Object.fromEntries([...paths].sort(byName).map(([path, operations]) => [path, pathItem(path, operations, describe, writeParameter, v2Operation)])),
    definitions: Object.fromEntries(model.definitions.map((id) => [definitionName(model, id), definitionSchema(model, sources, id, 2)]).sort(byName)),
    parameters: {},
    securityDefinitions: { BearerToken: BEARER },
    security: [{ BearerToken: [] }],
  };
  shareParameters(document);
  return document;
}

/** Parameters that no kind has for itself are written once and referred to. kubectl wants dryRun and fieldValidation in place. */
function shareParameters(document) {
  const names = new Map();
  const share = (parameter) => {
    if (parameter.$ref || parameter.name === "name" || parameter.name === "dryRun" || parameter.name === "fieldValidation") return parameter;
    if (parameter.in === "body" && !parameter.schema.$ref.includes("io.k8s.apimachinery")) return parameter;
    const text = JSON.stringify(parameter);
    if (!names.has(text)) {
      const name = `${parameter.name}-${createHash("sha256").update(text).digest("base64url").slice(0, 8)}`;
      names.set(text, name);
      document.parameters[name] = parameter;
    }
    return { $ref: `#/parameters/${names.get(text)}` };
  };
  for (const item of Object.values(document.paths)) {
    for (const holder of Object.values(item)) if (holder.parameters) holder.parameters = holder.parameters.map(share);
    if (item.parameters) item.parameters = item.parameters.map(share);
  }
  document.parameters = Object.fromEntries(Object.entries(document.parameters).sort(byName));
}

function byName([a], [b]) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function v3Reference(schema) {
  return schema.$ref ? { $ref: `#/components/schemas/${schema.$ref}` } : schema;
}

function v3Operation(operation, parameters) {
  const content = (types, schema) => ({ content: Object.fromEntries([...types].sort().map((type) => [type, { schema: v3Reference(schema) }])) });
  return {
    tags: [operation.tag],
    description: operation.description,
    operationId: operation.id,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(operation.body ? { requestBody: { ...content(operation.consumes, operation.body), ...(isOptionalBody(operation) ? {} : { required: true }) } } : {}),
    responses: {
      ...Object.fromEntries(operation.responses.map(([code, description, schema]) => [code, { description, ...content(operation.produces, schema) }])),
      401: { description: "Unauthorized" },
    },
    ...extensions(operation),
  };
}

function v3Documents(model, sources, paths, describe) {
  const writeParameter = ({ name, in: place, required, description, type }) => ({
    name,
    in: place,
    description,
    ...(required ? { required } : {}),
    schema: { type, uniqueItems: true },
  });
  const idOfName = new Map(model.definitions.map((id) => [definitionName(model, id), id]));
  const groups = new Map();
  for (const [path, operations] of [...paths].sort(byName)) {
    const key = operations[0].groupVersion;
    if (!groups.has(key)) groups.set(key, {});
    groups.get(key)[path] = pathItem(path, operations, describe, writeParameter, v3Operation);
  }
  const made = new Map();
  const schemaOf = (name, groupVersion, own) => {
    const key = own ? `${name} ${groupVersion.group}/${groupVersion.version}` : name;
    if (!made.has(key)) made.set(key, definitionSchema(model, sources, idOfName.get(name), 3, groupVersion));
    return made.get(key);
  };
  const documents = new Map();
  for (const [key, items] of groups) {
    const [, group, version] = key.startsWith("apis/") ? key.split("/") : ["", "", key.split("/")[1]];
    const schemas = {};
    const pending = [...referencesOf(items)];
    while (pending.length > 0) {
      const name = pending.pop();
      if (schemas[name]) continue;
      schemas[name] = schemaOf(name, { group, version }, /\.(DeleteOptions|WatchEvent)$/.test(name));
      pending.push(...referencesOf(schemas[name]));
    }
    const components = { securitySchemes: { BearerToken: BEARER } };
    if (Object.keys(schemas).length > 0) components.schemas = Object.fromEntries(Object.entries(schemas).sort(byName));
    documents.set(key, { openapi: "3.0.0", info: INFO, paths: items, components });
  }
  return documents;
}

/** Writes everything; `encodeV2` turns the v2 document into protobuf. Returns the operations' keys for checking. */
export function writeOpenApi({ model, sources, folder, indexFile, encodeV2 }) {
  const paths = makeOperations(model, definitionName, sources.operations);
  const describe = parameterDescriptions(sources.operations);
  const hash = (text) => createHash("sha512").update(text).digest("hex").toUpperCase();
  rmSync(folder, { recursive: true, force: true });
  const write = (name, content) => {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  const v2 = v2Document(model, sources, paths, describe);
  const v2Text = JSON.stringify(v2);
  write("v2.json", v2Text);
  write("v2.pb", encodeV2(v2));
  const hashes = {};
  for (const [key, document] of [...v3Documents(model, sources, paths, describe)].sort(byName)) {
    const text = JSON.stringify(document);
    write(`v3/${key}.json`, text);
    hashes[key] = hash(text);
  }
  writeFileSync(
    indexFile,
    [
      "// Generated at install time; do not edit. The documents are static files: openapi/v2.json, openapi/v2.pb, openapi/v3/<path>.json.",
      "/** SHA-512 of the v2 document, upper-case hex. */",
      `export const OPENAPI_V2_HASH: string = ${JSON.stringify(hash(v2Text))};`,
      "/** Path below /openapi/v3 → SHA-512 of its document, upper-case hex. */",
      `export const OPENAPI_V3_HASHES: Readonly<Record<string, string>> = ${JSON.stringify(hashes, null, 1)};`,
      "/** How the fields that every object has are described; custom resources are published with the same words. */",
      `export const OBJECT_DESCRIPTIONS: Readonly<Record<"apiVersion" | "kind" | "metadata" | "listMetadata", string>> = ${JSON.stringify(objectDescriptions(v2))};`,
      "",
    ].join("\n"),
  );
  return { operations: new Set([...paths].flatMap(([path, list]) => list.map(({ method }) => `${method.toUpperCase()} ${path}`))), v2 };
}

function objectDescriptions({ definitions }) {
  const { apiVersion, kind, metadata } = definitions["io.k8s.api.core.v1.Pod"].properties;
  const list = definitions["io.k8s.api.core.v1.PodList"].properties.metadata;
  return { apiVersion: apiVersion.description, kind: kind.description, metadata: metadata.description, listMetadata: list.description };
}
