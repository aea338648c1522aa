/** certificatesigningrequests/approval: of spec and status only the conditions change, and a signer's failure stays. */
import { stampConditions, validateRequestUpdate } from "../../kube/certificates/request-rules.ts";
import { cloneJson } from "../../kube/machinery/json.ts";
import type { CertificateSigningRequest } from "../../kube/schema/generated/types/certificates.v1.ts";
import { timestamp } from "../verbs/create.ts";
import type { UpdateRules } from "../verbs/update.ts";

const FAILED = "Failed";

export const APPROVAL: UpdateRules = {
  prepare(object, old, { now }) {
    const request = object as CertificateSigningRequest;
    const before = cloneJson(old as CertificateSigningRequest);
    const failures = (before.status.conditions ?? []).filter((condition) => condition.type === FAILED);
    const conditions = [...failures, ...(request.status.conditions ?? []).filter((condition) => condition.type !== FAILED)];
    request.spec = before.spec;
    request.status = conditions.length > 0 ? { ...before.status, conditions } : { ...before.status, conditions: undefined };
    stampConditions(request, before, timestamp(now));
  },
  validate: (object, old, errors) => validateRequestUpdate(object as CertificateSigningRequest, old as CertificateSigningRequest, "approval", errors),
};
