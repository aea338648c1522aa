/** APIService (apiregistration.k8s.io/v1): where a group version is served, here or by an aggregated server. */
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isDNS1035Label, isDNS1123Subdomain, isValidPortNum, nameIsPathSegment } from "../machinery/names.ts";
import type { APIService } from "../schema/generated/types/apiregistration.v1.ts";

const MAX_PRIORITY = 20000;
const MAX_VERSION_PRIORITY = 1000;

export const apiService = defineKind<APIService>({
  group: "apiregistration.k8s.io",
  version: "v1",
  kind: "APIService",
  plural: "apiservices",
  categories: ["api-extensions"],
  scope: "Cluster",
  subresources: { status: { keeps: { labels: true, annotations: true, finalizers: true, ownerReferences: true } } },
  allowUnconditionalUpdate: false,
  resetFields: { "": [["status"]], status: [["spec"]] },
  validateName: nameIsPathSegment,
  applyDefaults(object) {
    if (object.spec?.service) object.spec.service.port ??= 443;
  },
  prepareForCreate(object) {
    // A local service is served by this very server.
    object.status = object.spec?.service ? {} : { conditions: [localCondition(object)] };
  },
  validate: validateAPIService,
  columns: [NAME, column("Service"), column("Available"), AGE],
  cells(object, now) {
    const { service } = object.spec ?? {};
    const condition = object.status?.conditions?.find((each) => each.type === "Available");
    const available = !condition ? "Unknown" : condition.status === "True" ? "True" : `${condition.status} (${condition.reason ?? ""})`;
    return [nameCell(object), service ? `${service.namespace}/${service.name}` : "Local", available, ageCell(object, now)];
  },
});

function localCondition(object: APIService): NonNullable<APIService["status"]["conditions"]>[number] {
  return {
    type: "Available",
    status: "True",
    lastTransitionTime: object.metadata.creationTimestamp ?? "",
    reason: "Local",
    message: "Local APIServices are always available",
  };
}

function validateAPIService(object: APIService, errors: FieldErrors, at: FieldPath): void {
  const { spec } = object;
  const specAt = at.child("spec");
  const required = `${spec.version ?? ""}.${spec.group ?? ""}`;
  const { name = "", generateName = "" } = object.metadata;
  const named = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(required)}`;
  if (generateName && generateName !== required) errors.invalid(at.child("metadata", "generateName"), generateName, named);
  if (name !== required) errors.invalid(at.child("metadata", "name"), name, named);
  if (!spec.group && spec.version !== "v1") errors.required(specAt.child("group"), "only v1 may have an empty group and it better be legacy kube");
  if (spec.group) for (const problem of isDNS1123Subdomain(spec.group)) errors.invalid(specAt.child("group"), spec.group, problem);
  for (const problem of isDNS1035Label(spec.version ?? "")) errors.invalid(specAt.child("version"), spec.version ?? "", problem);
  const priority = spec.groupPriorityMinimum ?? 0;
  if (priority <= 0 || priority > MAX_PRIORITY)
    errors.invalid(specAt.child("groupPriorityMinimum"), priority, `must be positive and less than ${MAX_PRIORITY}`);
  const versionPriority = spec.versionPriority ?? 0;
  if (versionPriority <= 0 || versionPriority > MAX_VERSION_PRIORITY)
    errors.invalid(specAt.child("versionPriority"), versionPriority, `must be positive and less than ${MAX_VERSION_PRIORITY}`);
  if (!spec.service) {
    if (spec.caBundle) errors.invalid(specAt.child("caBundle"), `${atobLength(spec.caBundle)} bytes`, "local APIServices may not have a caBundle");
    if (spec.insecureSkipTLSVerify) errors.invalid(specAt.child("insecureSkipTLSVerify"), true, "local APIServices may not have insecureSkipTLSVerify");
    return;
  }
  if (!spec.service.namespace) errors.required(specAt.child("service", "namespace"));
  if (!spec.service.name) errors.required(specAt.child("service", "name"));
  const port = spec.service.port ?? 0;
  for (const problem of isValidPortNum(port)) errors.invalid(specAt.child("service", "port"), port, `port is not valid: ${problem}`);
  if (spec.insecureSkipTLSVerify && spec.caBundle) errors.invalid(specAt.child("insecureSkipTLSVerify"), true, "may not be true if caBundle is present");
}

function atobLength(base64: string): number {
  return atob(base64).length;
}
