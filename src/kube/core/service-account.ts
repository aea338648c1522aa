/** ServiceAccount (v1): an identity for pods. */
import { defineKind } from "../define.ts";
import type { ServiceAccount } from "../schema/generated/types/core.v1.ts";
import { AGE, NAME, ageCell, nameCell } from "./table.ts";

export const serviceAccount = defineKind<ServiceAccount>({
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  scope: "Namespaced",
  subresources: { others: { token: { verbs: ["create"], group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" } } },
  returnsDeletedObject: true,
  columns: [NAME, AGE],
  cells: (object, now) => [nameCell(object), ageCell(object, now)],
});
