/** ConfigMap (v1): configuration data of at most 1 MiB, optionally frozen. */
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { byteLength, isConfigMapKey } from "../machinery/names.ts";
import type { ConfigMap } from "../schema/generated/types/core.v1.ts";
import { sameJson } from "./equality.ts";
import { base64Bytes } from "./sizes.ts";
import { AGE, ageCell, column, NAME, nameCell } from "./table.ts";

const MAX_BYTES = 1024 * 1024;

export const configMap = defineKind<ConfigMap>({
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  scope: "Namespaced",
  validate: validateConfigMap,
  validateUpdate(object, old, errors, at) {
    if (!old.immutable) return;
    const detail = "field is immutable when `immutable` is set";
    if (!object.immutable) errors.forbidden(at.child("immutable"), detail);
    if (!sameJson(object.data, old.data)) errors.forbidden(at.child("data"), detail);
    if (!sameJson(object.binaryData, old.binaryData)) errors.forbidden(at.child("binaryData"), detail);
  },
  columns: [NAME, column("Data"), AGE],
  cells: (object, now) => [nameCell(object), Object.keys(object.data ?? {}).length + Object.keys(object.binaryData ?? {}).length, ageCell(object, now)],
});

function validateConfigMap(object: ConfigMap, errors: FieldErrors, at: FieldPath): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(object.data ?? {})) {
    for (const problem of isConfigMapKey(key)) errors.invalid(at.child("data").key(key), key, problem);
    if (object.binaryData && Object.hasOwn(object.binaryData, key)) errors.invalid(at.child("data").key(key), key, "duplicate of key present in binaryData");
    bytes += byteLength(value);
  }
  for (const [key, value] of Object.entries(object.binaryData ?? {})) {
    for (const problem of isConfigMapKey(key)) errors.invalid(at.child("binaryData").key(key), key, problem);
    bytes += base64Bytes(value);
  }
  // The whole object is at fault; this is how upstream writes its path.
  if (bytes > MAX_BYTES) errors.add("TooLong", "[]", undefined, `may not be more than ${MAX_BYTES} bytes`);
}
