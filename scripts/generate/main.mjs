// What `npm install` generates: the built-in types' TypeScript interfaces, schema table and OpenAPI documents.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { writeTypes } from "./types.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (name) => JSON.parse(readFileSync(join(root, "data", name), "utf8"));
const generated = join(root, "src/kube/schema/generated");

writeTypes(read("protobuf-fields.json"), join(generated, "types"));
