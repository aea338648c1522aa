/** ServiceAccount (v1): an identity for pods. */
import { defineKind } from "../define.ts";
import type { ServiceAccount } from "../schema/generated/types/core.v1.ts";
import { AGE, ageCell, NAME, nameCell } from "./table.ts";

const MOUNTABLE_SECRETS = "kubernetes.io/enforce-mountable-secrets";
const MOUNTABLE_SECRETS_WARNING = `metadata.annotations[${MOUNTABLE_SECRETS}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`;

export const serviceAccount = defineKind<ServiceAccount>({
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  scope: "Namespaced",
  subresources: { others: { token: { verbs: ["create"], group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" } } },
  returnsDeletedObject: true,
  warnings: (object, old) => (usesMountableSecrets(object) && !(old && usesMountableSecrets(old)) ? [MOUNTABLE_SECRETS_WARNING] : []),
  columns: [NAME, AGE],
  cells: (object, now) => [nameCell(object), ageCell(object, now)],
});

function usesMountableSecrets(object: ServiceAccount): boolean {
  return object.metadata.annotations?.[MOUNTABLE_SECRETS] === "true";
}
