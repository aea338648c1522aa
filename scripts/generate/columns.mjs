// Writes what the columns of Tables say of themselves: data/column-descriptions.json with the fields' own descriptions looked up.
import { writeFileSync } from "node:fs";

const AFTER_ENUMS = "\n\nPossible enum values:";

/** `document` is the OpenAPI v2 document. Returns what refers to nothing. */
export function writeColumnDescriptions({ columns }, { definitions }, file) {
  const problems = [];
  const fieldText = (reference) => {
    const [path, leftOut = ""] = reference.split(" - ");
    const at = path.lastIndexOf(".");
    const id = path.slice(0, at);
    const definition = definitions[`io.k8s.api.${id}`] ?? definitions[`io.k8s.apimachinery.pkg.apis.${id}`];
    const description = definition?.properties?.[path.slice(at + 1)]?.description;
    if (description === undefined) problems.push(`column-descriptions: no field ${path}`);
    const [text] = (description ?? "").split(AFTER_ENUMS);
    return leftOut ? text.replace(` ${leftOut}`, "") : text;
  };
  const resolved = {};
  for (const [resource, texts] of Object.entries(columns)) {
    resolved[resource] = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, text.startsWith("=") ? fieldText(text.slice(1)) : text]));
  }
  const common = { name: fieldText("meta.v1.ObjectMeta.name"), creationTimestamp: fieldText("meta.v1.ObjectMeta.creationTimestamp") };
  writeFileSync(
    file,
    [
      "// Generated at install time; do not edit.",
      "/** Of the name and of the age, in every table. */",
      `export const OBJECT_COLUMN_DESCRIPTIONS: Readonly<Record<"name" | "creationTimestamp", string>> = ${JSON.stringify(common, null, 1)};`,
      '/** "[group/]version/resource" → column → what it says of itself. */',
      `export const COLUMN_DESCRIPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = ${JSON.stringify(resolved, null, 1)};`,
      "",
    ].join("\n"),
  );
  return problems;
}
