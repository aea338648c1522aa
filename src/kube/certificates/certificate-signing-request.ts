/** CertificateSigningRequest (certificates.k8s.io/v1): asks a signer for a certificate; approval and certificate come through subresources. */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import { humanDuration } from "../machinery/duration.ts";
import type { CertificateSigningRequest } from "../schema/generated/types/certificates.v1.ts";
import { keepApproval, stampConditions, validateRequest, validateRequestUpdate } from "./request-rules.ts";

export const certificateSigningRequest = defineKind<CertificateSigningRequest>({
  group: "certificates.k8s.io",
  version: "v1",
  kind: "CertificateSigningRequest",
  plural: "certificatesigningrequests",
  shortNames: ["csr"],
  scope: "Cluster",
  subresources: {
    status: {
      keeps: { labels: true, annotations: true },
      prepareForUpdate(object, old, { now }) {
        keepApproval(object, old);
        stampConditions(object, old, `${now.toISOString().slice(0, 19)}Z`);
      },
      validateUpdate: (object, old, errors) => validateRequestUpdate(object, old, "status", errors),
    },
    others: { approval: { verbs: ["get", "patch", "update"] } },
  },
  // Requests are named as their makers like.
  validateName: () => [],
  resetFields: { "": [["spec"], ["status"]], status: [["spec"]], approval: [["spec"], ["status", "certificate"]] },
  applyDefaults(object) {
    object.spec ??= { request: "", signerName: "" };
  },
  prepareForCreate(object, { user }) {
    // Who asks is recorded by the server, whatever the request says.
    const { spec } = object;
    spec.username = user.username;
    spec.groups = [...user.groups];
    if (user.uid) spec.uid = user.uid;
    else delete spec.uid;
    if (user.extra && Object.keys(user.extra).length > 0) spec.extra = structuredClone(user.extra) as Record<string, string[]>;
    else delete spec.extra;
    object.status = {};
  },
  prepareForUpdate(object, old) {
    object.spec = old.spec;
  },
  validate: validateRequest,
  validateUpdate: (object, old, errors) => validateRequestUpdate(object, old, "", errors),
  columns: [NAME, AGE, column("SignerName"), column("Requestor"), column("RequestedDuration"), column("Condition")],
  cells(object, now) {
    const seconds = object.spec?.expirationSeconds;
    return [
      nameCell(object),
      ageCell(object, now),
      object.spec?.signerName || "<none>",
      object.spec?.username ?? "",
      seconds === undefined ? "<none>" : humanDuration(seconds * 1000),
      conditionCell(object),
    ];
  },
  selectableFields: { "spec.signerName": (object) => object.spec?.signerName ?? "" },
});

export { stampConditions };

function conditionCell(object: CertificateSigningRequest): string {
  const has = (type: string) => object.status?.conditions?.some((condition) => condition.type === type) ?? false;
  let text = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  if (has("Failed")) text += ",Failed";
  if (object.status?.certificate) text += ",Issued";
  return text;
}
