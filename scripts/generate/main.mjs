// What `npm install` generates: the built-in types' TypeScript interfaces, schema table, OpenAPI documents and column descriptions.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { disagreements, operationDisagreements } from "./check.mjs";
import { writeColumnDescriptions } from "./columns.mjs";
import { definitionName } from "./definitions.mjs";
import { buildModel } from "./model.mjs";
import { writeOpenApi } from "./openapi.mjs";
import { readFormats, readOperations, readStructures, readTypeMeta } from "./sources.mjs";
import { writeTable } from "./table.mjs";
import { writeTypes } from "./types.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (name) => JSON.parse(readFileSync(join(root, "data", name), "utf8"));
const generated = join(root, "src/kube/schema/generated");

const fields = read("protobuf-fields.json");
const model = buildModel({ fields, annotations: read("schema-annotations.json"), discovery: read("discovery.json"), goTypes: read("go-types.json") });
writeTypes(fields, join(generated, "types"), model);
writeTable(model, join(generated, "table.ts"));

const sources = { structures: readStructures(root, model), operations: readOperations(root), typeMeta: readTypeMeta(root) };
const problems = disagreements(model, sources.structures, await readFormats(root, model), (id) => definitionName(model, id));
const { operations, v2 } = writeOpenApi({
  model,
  sources,
  folder: join(root, "assets/generated/openapi"),
  indexFile: join(generated, "openapi-index.ts"),
  encodeV2: await protobufEncoder(),
});
problems.push(...operationDisagreements(operations, sources.operations));
problems.push(...writeColumnDescriptions(read("column-descriptions.json"), v2, join(generated, "column-descriptions.ts")));
if (problems.length > 0) {
  console.error(
    `The sources of the API's schema disagree in ${problems.length} places. Were packages updated without data/*.json?\n  ${problems.join("\n  ")}`,
  );
  process.exit(1);
}

/** The Worker's own encoder, so that the static file and a merged document come from one place. */
async function protobufEncoder() {
  const result = await build({
    entryPoints: [join(root, "src/kube/schema/openapi-v2-protobuf.ts")],
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "silent",
  });
  const code = Buffer.from(result.outputFiles[0].contents).toString("base64");
  return (await import(`data:text/javascript;base64,${code}`)).encodeOpenApiV2;
}
