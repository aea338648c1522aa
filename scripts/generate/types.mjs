// Writes one TypeScript module per group version with an interface per message, from the wire-number table:
// src/kube/schema/generated/types/<group>.<version>.ts.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const scalars = {
  string: "string",
  bytes: "string",
  bool: "boolean",
  int32: "number",
  int64: "number",
  uint32: "number",
  double: "number",
};
const forms = {
  time: "string",
  microTime: "string",
  duration: "string",
  quantity: "string | number",
  intOrString: "number | string",
  rawJson: "unknown",
  rawJsonOrProto: "unknown",
  items: "string[]",
  oneOrMany: "unknown",
  schemaOrBool: "unknown",
  schemaOrStrings: "unknown",
};

/** Splits "core.v1.PodSpec" into its module "core.v1" and its name "PodSpec". */
function split(id) {
  const at = id.lastIndexOf(".");
  return [id.slice(0, at), id.slice(at + 1)];
}

export function resolveMessage(table, id) {
  const value = table[id];
  if (typeof value !== "string" || !value.startsWith("=")) return { fields: value, home: split(id)[0] };
  const home = value.slice(1);
  return { fields: table[`${home}.${split(id)[1]}`], home: split(id)[0] };
}

export function writeTypes(table, folder, model) {
  const modules = new Map();
  for (const id of Object.keys(table)) {
    if (id.startsWith("_")) continue;
    const [module, name] = split(id);
    if (!modules.has(module)) modules.set(module, []);
    modules.get(module).push([name, id]);
  }
  mkdirSync(folder, { recursive: true });
  for (const [module, messages] of modules) {
    const imports = new Set();
    const reference = (type, home) => {
      if (scalars[type]) return scalars[type];
      const id = type.includes(".") ? type : `${home}.${type}`;
      const [target, name] = split(id);
      const message = resolveMessage(table, id).fields;
      if (message?.["~"]) return forms[message["~"]] ?? "unknown";
      if (target === module) return name;
      imports.add(target);
      return `${target.replaceAll(".", "_")}.${name}`;
    };
    const bodies = [];
    for (const [name, id] of messages) {
      const { fields, home } = resolveMessage(table, id);
      if (typeof fields === "string" && fields.startsWith("[]")) {
        const item = reference(fields.slice(2), home);
        imports.add("meta.v1");
        bodies.push(
          `export interface ${name} {\n  apiVersion: string;\n  kind: string;\n  metadata: ${module === "meta.v1" ? "ListMeta" : "meta_v1.ListMeta"};\n  items: ${item}[];\n}`,
        );
        continue;
      }
      if (fields["~"]) continue;
      const lines = [];
      const emit = (fields, home) => {
        for (const [field, [, type, flags = ""]] of Object.entries(fields)) {
          if (field.startsWith("+")) {
            const inner = type.includes(".") ? type : `${home}.${type}`;
            emit(resolveMessage(table, inner).fields, split(inner)[0]);
            continue;
          }
          let text = reference(type, home);
          if (flags.includes("r")) text = text.includes("|") ? `(${text})[]` : `${text}[]`;
          if (flags.includes("m")) text = `{ [key: string]: ${text} }`;
          const always = flags.includes("k") && !flags.includes("p");
          lines.push(`  ${JSON.stringify(field)}${always ? "" : "?"}: ${text};`);
        }
      };
      const isObject = String(fields.metadata?.[1]).endsWith("ObjectMeta");
      if (model.types.has(id) ? model.types.get(id).root : isObject && !/Template(Spec)?$/.test(name)) {
        lines.push(`  apiVersion${isObject ? "" : "?"}: string;`, `  kind${isObject ? "" : "?"}: string;`);
      }
      emit(fields, home);
      bodies.push(`export interface ${name} {\n${lines.join("\n")}\n}`);
    }
    const header = [...imports]
      .filter((target) => target !== module)
      .sort()
      .map((target) => `import type * as ${target.replaceAll(".", "_")} from "./${target}.ts";`);
    writeFileSync(join(folder, `${module}.ts`), `// Generated at install time; do not edit.\n${header.join("\n")}\n\n${bodies.join("\n\n")}\n`);
  }
}
