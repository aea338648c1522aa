// Writes the run-time schema table, src/kube/schema/generated/table.ts: one line of text per type, without descriptions,
// read lazily by src/kube/schema/table.ts (which documents the line format).
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { SCALARS, splitId } from "./model.mjs";

const LETTERS = { string: "s", bytes: "y", bool: "b", int32: "i", int64: "l", uint32: "u", double: "d" };

function line(type) {
  const [module] = splitId(type.id);
  const short = (id) => (splitId(id)[0] === module ? splitId(id)[1] : id);
  const parts = [];
  for (let at = 0; at <= type.fields.length; at++) {
    for (const inlined of type.inlined.filter((each) => each.at === at)) {
      parts.push(`+${inlined.name} ${inlined.number} ${short(inlined.message)}`);
      for (const [name, field] of inlined.overrides) parts.push(`=${name} ${mergeText(field)}`);
    }
    const field = type.fields[at];
    if (field) parts.push(fieldText(field, short));
  }
  const marks = `${type.root ? "r" : ""}${type.atomic ? "a" : ""}${type.form ? `~${type.form}` : ""}`;
  return `${marks}|${parts.join(";")}`;
}

function fieldText(field, short) {
  const flags = `${field.repeated ? "r" : ""}${field.map ? "m" : ""}${field.always ? "k" : ""}${field.presence ? "p" : ""}`;
  const implied = field.always && ['""', "0", "false", "{}"].includes(JSON.stringify(field.default));
  const showsDefault = field.default !== undefined && !implied;
  const merge = mergeText(field);
  const parts = [
    field.name,
    field.number,
    field.message ? short(field.message) : LETTERS[field.type],
    flags,
    merge,
    showsDefault ? JSON.stringify(field.default) : "",
    field.goType ?? "",
  ];
  while (parts.at(-1) === "") parts.pop();
  return parts.join(" ");
}

function mergeText(field) {
  let merge = "";
  if (field.list === "map") merge = `m:${field.keys.join(",")}`;
  else if (field.list === "set") merge = "s";
  else if (field.mapType) merge = field.mapType === "atomic" ? "A" : "G";
  else if (field.repeated && field.list === undefined) merge = "-";
  if (field.strategies?.length) merge += `/${field.strategies.join(",")}${field.mergeKey && field.mergeKey !== field.keys[0] ? `:${field.mergeKey}` : ""}`;
  return merge;
}

export function writeTable(model, file) {
  if (SCALARS.length !== Object.keys(LETTERS).length) throw new Error("a scalar has no letter in the schema table");
  const modules = new Map();
  for (const type of [...model.types.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const [module, name] = splitId(type.id);
    if (!modules.has(module)) modules.set(module, {});
    modules.get(module)[name] = line(type);
  }
  const groups = {};
  for (const module of modules.keys()) {
    const dir = module.slice(0, module.indexOf("."));
    if (model.groupOf(dir) !== dir) groups[model.groupOf(dir)] = dir;
  }
  const text = [
    "// Generated at install time; do not edit.",
    `export const GROUPS: Readonly<Record<string, string>> = ${JSON.stringify(groups)};`,
    `export const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = ${JSON.stringify(Object.fromEntries(modules), null, 1)};`,
    "",
  ].join("\n");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return text;
}
