// Reads the published packages that describe the API: kubernetes-models (structure, descriptions, enums; parsed from its
// .d.ts files) and client-node
// 2.0.1, installed as kubernetes-client-schema (number formats, operations and their documentation). Only files are read.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript-parser";
import { splitId } from "./model.mjs";

/** Where kubernetes-models keeps a type: "core.v1.PodSpec" → v1/PodSpec.d.ts. */
function structureFile(root, model, id) {
  const [module, name] = splitId(id);
  const [dir, version] = module.split(".");
  const modules = join(root, "node_modules");
  if (dir === "meta") return join(modules, "@kubernetes-models/apimachinery/apis/meta", version, `${name}.d.ts`);
  if (dir === "resource" && name === "Quantity") return join(modules, "@kubernetes-models/apimachinery/api/resource/Quantity.d.ts");
  if (dir === "intstr") return join(modules, "@kubernetes-models/apimachinery/util/intstr", `${name}.d.ts`);
  if (dir === "runtime" || dir === "version") return join(modules, "@kubernetes-models/apimachinery", dir, `${name}.d.ts`);
  return join(modules, "kubernetes-models", model.groupOf(dir), version, `${name}.d.ts`);
}

/** Text of the last block comment before a node, without its frame; undefined when there is none. */
function documentation(text, node) {
  const comments = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
  const last = comments.at(-1);
  if (!last) return undefined;
  const body = text
    .slice(last.pos, last.end)
    .replace(/^\/\*\*/, "")
    .replace(/\*\/$/, "");
  const lines = body.split("\n").map((line) => line.replace(/^\s*\* ?/, ""));
  const plain = lines
    .join("\n")
    .trim()
    .replace(/\n*@deprecated$/, "")
    .replaceAll("*\\/", "*/")
    .replaceAll("\\*", "*");
  return plain === "" ? undefined : plain;
}

function describeType(node) {
  switch (node.kind) {
    case ts.SyntaxKind.StringKeyword:
      return { scalar: "string" };
    case ts.SyntaxKind.NumberKeyword:
      return { scalar: "number" };
    case ts.SyntaxKind.BooleanKeyword:
      return { scalar: "boolean" };
    case ts.SyntaxKind.ParenthesizedType:
      return describeType(node.type);
    case ts.SyntaxKind.LiteralType:
      return { scalar: "string", enum: [node.literal.text] };
    case ts.SyntaxKind.UnionType:
      return { scalar: "string", enum: node.types.map((each) => each.literal?.text) };
    case ts.SyntaxKind.ArrayType:
      return { list: describeType(node.elementType) };
    case ts.SyntaxKind.TypeReference: {
      const name = node.typeName.getText();
      return name === "Array" ? { list: describeType(node.typeArguments[0]) } : { reference: name };
    }
    case ts.SyntaxKind.TypeLiteral: {
      const index = node.members.find((member) => member.kind === ts.SyntaxKind.IndexSignature);
      return index ? { map: describeType(index.type) } : { inline: true };
    }
    default:
      return { any: true };
  }
}

/**
 * Structure of one type: { description, fields: Map<name, { description, required, type }> }; undefined when the package
 * has no such type, fields undefined for a type that is not an interface.
 */
function readStructure(file, name) {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  for (const statement of source.statements) {
    if (statement.kind !== ts.SyntaxKind.InterfaceDeclaration || statement.name.text !== `I${name}`) continue;
    const fields = new Map();
    for (const member of statement.members) {
      if (!member.name || !member.type) continue;
      fields.set(member.name.text ?? member.name.getText(), {
        description: documentation(text, member),
        required: member.questionToken === undefined,
        type: describeType(member.type),
      });
    }
    return { description: documentation(text, statement), fields };
  }
  const alias = source.statements.find((statement) => statement.kind === ts.SyntaxKind.TypeAliasDeclaration && statement.name.text === `I${name}`);
  return { description: alias && documentation(text, alias), fields: undefined };
}

/** Structures of all definitions of the model. */
export function readStructures(root, model) {
  return new Map(model.definitions.map((id) => [id, readStructure(structureFile(root, model, id), splitId(id)[1])]));
}

/** Number formats of client-node's classes: Map<id, Map<field, { type, format }>>, absent for types it has no class for. */
export async function readFormats(root, model) {
  const models = join(root, "node_modules/kubernetes-client-schema/dist/gen/models");
  const live = new Set([...readFileSync(join(models, "ObjectSerializer.js"), "utf8").matchAll(/from '\.\.\/models\/(\w+)\.js'/g)].map(([, name]) => name));
  const formats = new Map();
  await Promise.all(
    model.definitions.map(async (id) => {
      const [module, name] = splitId(id);
      const [dir, version = ""] = module.split(".");
      const pascal = (text) => text.charAt(0).toUpperCase() + text.slice(1);
      const candidates = [`${pascal(dir)}${pascal(version)}${name}`, `${pascal(version)}${name}`, `${pascal(dir)}${name}`, name];
      const found = candidates.find((candidate) => live.has(candidate));
      if (!found) return;
      const exports = await import(pathToFileURL(join(models, `${found}.js`)).href);
      formats.set(id, new Map(exports[found].attributeTypeMap.map(({ baseName, type, format }) => [baseName, { type, format }])));
    }),
  );
  return formats;
}

function withoutEntities(text) {
  return text
    .replaceAll("\\&#39;", "'")
    .replaceAll("&#39;", "'")
    .replaceAll("\\&quot;", '"')
    .replaceAll("&quot;", '"')
    .replaceAll("&#x60;", "`")
    .replaceAll("&#x3D;", "=")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replaceAll("*_/", "*/");
}

/**
 * client-node's operations: Map<"GET /api/v1/pods", { method, parameters: { query: string[], documentation: Map }, result: class name }>.
 */
export function readOperations(root) {
  const gen = join(root, "node_modules/kubernetes-client-schema/dist/gen");
  const apis = [...readFileSync(join(gen, "types/ObservableAPI.js"), "utf8").matchAll(/from ['"]\.\.\/apis\/(\w+)\.js['"]/g)].map(([, name]) => name);
  const operations = new Map();
  for (const api of new Set(apis)) {
    const code = readFileSync(join(gen, `apis/${api}.js`), "utf8");
    const documentationOf = new Map();
    const comment = /\/\*\*\n((?: *\*.*\n)*?) *\*\/\n *async (\w+)\(/g;
    for (const [, body, method] of code.matchAll(comment)) {
      const parameters = new Map([...body.matchAll(/\* @param (\w+) (.*)/g)].map(([, name, text]) => [name.replace(/^_/, ""), withoutEntities(text)]));
      documentationOf.set(method, parameters);
    }
    const results = new Map();
    for (const [, method, body] of code.matchAll(/async (\w+)WithHttpInfo\(response\) \{([\s\S]*?)\n {4}\}/g)) {
      results.set(method, /isCodeInRange\("200"[\s\S]*?ObjectSerializer\.deserialize\([\s\S]*?, "([^"]+)"/.exec(body)?.[1]);
    }
    for (const [, method, body] of code.matchAll(/async (\w+)\([^)]*\) \{\n {8}var _a;([\s\S]*?)\n {4}\}/g)) {
      const path = /localVarPath = '([^']+)'/.exec(body)?.[1];
      const verb = /HttpMethod\.(\w+)\)/.exec(body)?.[1];
      if (!path || !verb) continue;
      const query = [...body.matchAll(/setQueryParam\("(\w+)"/g)].map(([, name]) => name);
      operations.set(`${verb} ${path}`, { method, query, documentation: documentationOf.get(method) ?? new Map(), result: results.get(method) });
    }
  }
  return operations;
}

/** What the packages say of the two fields that every kind has: { apiVersion, kind }. */
export function readTypeMeta(root) {
  const text = readFileSync(join(root, "node_modules/kubernetes-client-schema/dist/gen/models/V1ConfigMap.d.ts"), "utf8");
  const of = (field) =>
    new RegExp(`/\\*\\*\\n((?: *\\*.*\\n)+?) *\\*/\\n *'${field}'\\?`)
      .exec(text)?.[1]
      .replace(/^ *\* ?/gm, "")
      .trim();
  return { apiVersion: of("apiVersion"), kind: of("kind") };
}
