// What `npm install` generates: the built-in types' TypeScript interfaces, schema table and OpenAPI documents.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildModel } from "./model.mjs";
import { writeTable } from "./table.mjs";
import { writeTypes } from "./types.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (name) => JSON.parse(readFileSync(join(root, "data", name), "utf8"));
const generated = join(root, "src/kube/schema/generated");

const fields = read("protobuf-fields.json");
const model = buildModel({ fields, annotations: read("schema-annotations.json"), discovery: read("discovery.json"), goTypes: read("go-types.json") });

writeTypes(fields, join(generated, "types"));
writeTable(model, join(generated, "table.ts"));
