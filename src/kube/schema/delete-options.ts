import type { TypeSchema } from "./schema.ts";
import { typeSchema } from "./table.ts";

/** meta/v1 DeleteOptions, the body of a deletion in any group. */
export function deleteOptionsSchema(): TypeSchema {
  return typeSchema("meta.v1.DeleteOptions");
}
