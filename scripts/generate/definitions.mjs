// The schemas of the OpenAPI documents: one per definition, in the v2 and in the v3 dialect.
import { flatFields, splitId } from "./model.mjs";

/** "core.v1.PodSpec" → "io.k8s.api.core.v1.PodSpec". */
export function definitionName(model, id) {
  const prefixes = Object.entries(model.annotations.prefix).filter(([prefix]) => id.startsWith(prefix));
  prefixes.sort(([a], [b]) => b.length - a.length);
  return `${prefixes[0][1]}${id}`;
}

/** Makes the schema of a definition. `dialect` is 2 or 3. */
export function definitionSchema(model, { structures, typeMeta }, id, dialect, groupVersion) {
  const type = model.types.get(id);
  const structure = structures.get(id);
  const schema = {};
  const description = structure?.description ?? DESCRIPTIONS[id];
  if (description) schema.description = description;
  const form = model.annotations.forms[id];
  if (form !== undefined) Object.assign(schema, Array.isArray(form) ? form[dialect - 2] : form);
  else schema.type = "object";
  if (!type.form) {
    const fields = flatFields(model, id);
    const required = fields.filter((field) => field.required).map((field) => field.name);
    if (required.length > 0) schema.required = required;
    const properties = {};
    if (model.kindRoots.has(id)) for (const [name, text] of Object.entries(typeMeta)) properties[name] = { description: text, type: "string" };
    for (const field of fields) properties[field.name] = propertySchema(model, field, structure?.fields?.get(field.name), dialect);
    if (Object.keys(properties).length > 0) schema.properties = Object.fromEntries(Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  const kinds = kindsOf(model, id, dialect, groupVersion);
  if (kinds.length > 0) schema["x-kubernetes-group-version-kind"] = kinds;
  if (type.atomic) schema["x-kubernetes-map-type"] = "atomic";
  if (type.union) schema["x-kubernetes-unions"] = [unionOf(type.union)];
  return schema;
}

/** What the packages leave undescribed. */
const DESCRIPTIONS = {
  "resource.Quantity": "A fixed-point number in decimal or binary notation with an SI suffix, such as 100m, 1.5 or 64Mi.",
};

function propertySchema(model, field, structure, dialect) {
  const message = field.message && model.types.get(field.message);
  const item = itemSchema(model, field, structure?.type, dialect);
  const schema = {};
  if (structure?.description) schema.description = structure.description;
  if (field.repeated) {
    schema.type = "array";
    schema.items = withItemDefault(model, field, item, dialect);
  } else if (field.map) {
    schema.type = "object";
    schema.additionalProperties = withItemDefault(model, field, item, dialect);
  } else if (message?.form === "items") {
    Object.assign(schema, item);
  } else if (item.$ref && dialect === 3) {
    if (field.default !== undefined) schema.default = field.default;
    if (Object.keys(schema).length === 0 && !hasAnnotations(field)) schema.$ref = item.$ref;
    else schema.allOf = [item];
  } else {
    Object.assign(schema, item);
    if (dialect === 3 && field.default !== undefined) schema.default = field.default;
  }
  annotate(schema, field);
  return schema;
}

function hasAnnotations(field) {
  return field.strategies.length > 0 || field.mapType !== undefined;
}

function annotate(schema, field) {
  if (field.list) schema["x-kubernetes-list-type"] = field.list;
  if (field.keys.length > 0) schema["x-kubernetes-list-map-keys"] = field.keys;
  if (field.mapType) schema["x-kubernetes-map-type"] = field.mapType;
  if (field.mergeKey) schema["x-kubernetes-patch-merge-key"] = field.mergeKey;
  if (field.strategies.length > 0) schema["x-kubernetes-patch-strategy"] = field.strategies.join(",");
}

function itemSchema(model, field, type, dialect) {
  const given = field.repeated ? type?.list : field.map ? type?.map : type;
  if (!field.message) {
    const schema = { ...SCALAR_SCHEMAS[field.type] };
    if (given?.enum) schema.enum = given.enum;
    return schema;
  }
  if (model.types.get(field.message).form === "items") return { type: "array", items: dialect === 3 ? { type: "string", default: "" } : { type: "string" } };
  return { $ref: `#/${dialect === 3 ? "components/schemas" : "definitions"}/${definitionName(model, field.message)}` };
}

const SCALAR_SCHEMAS = {
  string: { type: "string" },
  bytes: { type: "string", format: "byte" },
  bool: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  uint32: { type: "integer", format: "int64" },
  double: { type: "number", format: "double" },
};

function withItemDefault(model, field, item, dialect) {
  if (dialect !== 3) return item;
  if (field.message) {
    const form = model.types.get(field.message).form;
    if (form === "items") return item;
    return form ? item : { default: {}, allOf: [item] };
  }
  if (field.type === "bytes") return item;
  return { ...item, default: field.type === "string" ? "" : field.type === "bool" ? false : 0 };
}

function kindsOf(model, id, dialect, groupVersion) {
  if (id === "meta.v1.DeleteOptions" || id === "meta.v1.WatchEvent") {
    const kind = splitId(id)[1];
    const all = [];
    for (const [group, versions] of Object.entries(model.annotations.optionsGroupVersions))
      for (const version of versions.split(" ")) all.push({ group, kind, version });
    if (dialect === 2) return all;
    return all.filter(({ group, version }) => (group === "" && version === "v1") || (group === groupVersion?.group && version === groupVersion?.version));
  }
  const kind = model.kindRoots.get(id);
  return kind ? [{ group: kind.group, kind: kind.kind, version: kind.version }] : [];
}

function unionOf([discriminator, fields]) {
  const names = fields.split(" ");
  const union = {};
  if (discriminator) union.discriminator = discriminator;
  union["fields-to-discriminateBy"] = Object.fromEntries(names.map((name) => [name, name.charAt(0).toUpperCase() + name.slice(1)]));
  return union;
}

/** Ids that a schema's properties refer to, as definition names. */
export function referencesOf(schema) {
  const found = new Set();
  for (const [, name] of JSON.stringify(schema).matchAll(/"\$ref":"#\/(?:components\/schemas|definitions)\/([^"]+)"/g)) found.add(name);
  return found;
}
