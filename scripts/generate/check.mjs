// Compares what the two packages and the fact tables say of every type. They are joined only when they agree, so
// that a package update which moves the API fails the install instead of shipping a mixture.
import { flatFields, splitId } from "./model.mjs";

/** Disagreements that are known and explained: "<id>.<field>" or "<id>" → why. */
const EXPLAINED = {};

const NUMBERS = { int32: "int32", int64: "int64", double: "double" };

/** Every disagreement, as a line of text. */
export function disagreements(model, structures, formats, definitionName) {
  const problems = [];
  for (const id of model.definitions) {
    const type = model.types.get(id);
    if (type.form || id === "meta.v1.Patch") continue;
    const structure = structures.get(id);
    if (!structure?.fields) {
      problems.push([id, "kubernetes-models has no such type"]);
      continue;
    }
    const fields = new Map(flatFields(model, id).map((field) => [field.name, field]));
    for (const name of structure.fields.keys()) {
      if (!fields.has(name) && !(type.root && (name === "apiVersion" || name === "kind")))
        problems.push([`${id}.${name}`, "only kubernetes-models has this field"]);
    }
    for (const field of fields.values()) {
      const at = `${id}.${field.name}`;
      const theirs = structure.fields.get(field.name);
      if (!theirs) {
        problems.push([at, "kubernetes-models lacks this field"]);
        continue;
      }
      if (theirs.required !== Boolean(field.required))
        problems.push([at, `kubernetes-models says ${theirs.required ? "required" : "optional"}, the table the opposite`]);
      const problem = typeProblem(model, field, theirs.type, definitionName);
      if (problem) problems.push([at, problem]);
      const format = formats.get(id)?.get(field.name);
      if (formats.has(id) && !format) problems.push([at, "client-node lacks this field"]);
      else if (format && field.type && NUMBERS[field.type] !== undefined && format.format !== NUMBERS[field.type])
        problems.push([at, `client-node's format is ${format.format}, the table's ${field.type}`]);
      else if (format && field.type === "bytes" && format.format !== "byte") problems.push([at, "client-node does not say that this is base64"]);
    }
  }
  return problems.filter(([at]) => !(at in EXPLAINED)).map(([at, problem]) => `${at}: ${problem}`);
}

function typeProblem(model, field, theirs, definitionName) {
  let item = theirs;
  if (field.repeated) {
    if (!theirs.list) return "not a list in kubernetes-models";
    item = theirs.list;
  } else if (field.map) {
    if (!theirs.map) return "not a map in kubernetes-models";
    item = theirs.map;
  }
  if (field.message) {
    if (model.types.get(field.message).form === "items") return item.list ? undefined : "not a list in kubernetes-models";
    if (item.inline) return undefined;
    const alias = `I${definitionName(field.message)
      .split(/[.-]/)
      .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
      .join("")}`;
    const self = `I${splitId(field.message)[1]}`;
    return item.reference === alias || item.reference === self
      ? undefined
      : `kubernetes-models refers to ${item.reference ?? JSON.stringify(item)}, the table to ${alias}`;
  }
  const wanted = { string: "string", bytes: "string", bool: "boolean", int32: "number", int64: "number", uint32: "number", double: "number" }[field.type];
  return item.scalar === wanted ? undefined : `${JSON.stringify(item)} in kubernetes-models, ${field.type} in the table`;
}

/** "GET /apis/apps/v1/deployments" → "/apis/apps/v1/"; undefined for paths above group versions. */
function groupVersionOf(key) {
  return / (\/api\/v1\/|\/apis\/[^/]+\/[^/]+\/)/.exec(key)?.[1];
}

/** Operations of served group versions that only one of client-node and the discovery table gives. Both are sets of "GET /path". */
export function operationDisagreements(ours, theirs) {
  const served = new Set([...ours].map(groupVersionOf));
  const problems = [];
  for (const key of ours) if (!theirs.has(key) && !isUnknownToClients(key)) problems.push(`${key}: client-node has no such operation`);
  for (const key of theirs.keys())
    if (groupVersionOf(key) && served.has(groupVersionOf(key)) && !ours.has(key)) problems.push(`${key}: only client-node has this operation`);
  return problems;
}

/** The watch paths are deprecated; client-node leaves them out, as it does trailing slashes. */
function isUnknownToClients(key) {
  return key.includes("/watch/") || key.endsWith("/");
}
