/** certificatesigningrequests/approval: only the Approved and Denied conditions change. */
import { cloneJson } from "../../kube/machinery/json.ts";
import type { CertificateSigningRequest } from "../../kube/schema/generated/types/certificates.v1.ts";
import type { UpdateRules } from "../verbs/update.ts";

const DECISIONS = new Set(["Approved", "Denied"]);

export const APPROVAL: UpdateRules = {
  prepare(object, old) {
    const request = object as CertificateSigningRequest;
    const before = cloneJson(old as CertificateSigningRequest);
    const decided = (request.status.conditions ?? []).filter((condition) => DECISIONS.has(condition.type));
    const { managedFields, resourceVersion } = request.metadata;
    request.metadata = { ...before.metadata, managedFields, resourceVersion };
    request.spec = before.spec;
    const kept = (before.status.conditions ?? []).filter((condition) => !DECISIONS.has(condition.type));
    const conditions = [...kept, ...decided];
    request.status = conditions.length > 0 ? { ...before.status, conditions } : before.status;
  },
  validate(object, _old, errors) {
    const types = new Set(((object as CertificateSigningRequest).status.conditions ?? []).map((condition) => condition.type));
    if (types.has("Approved") && types.has("Denied")) {
      errors.add(
        "Invalid",
        "status.conditions",
        (object as CertificateSigningRequest).status.conditions,
        "Approved and Denied conditions are mutually exclusive",
      );
    }
  },
};
