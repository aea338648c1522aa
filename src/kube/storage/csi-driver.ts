/** CSIDriver (storage.k8s.io/v1): how Kubernetes is to work with a CSI driver. */
import { sameJson } from "../core/equality.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { CSIDriver, CSIDriverSpec } from "../schema/generated/types/storage.v1.ts";

const MODES = ["Ephemeral", "Persistent"];
const GROUP_POLICIES = ["File", "None", "ReadWriteOnceWithFSType"];
const MIN_UPDATE_PERIOD = 10;
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;

const TOKEN_WARNING =
  "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes";

export const csiDriver = defineKind<CSIDriver>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIDriver",
  plural: "csidrivers",
  scope: "Cluster",
  returnsDeletedObject: true,
  allowUnconditionalUpdate: false,
  applyDefaults(object) {
    object.spec ??= {};
    const { spec } = object;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ["Persistent"];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  prepareForCreate(object) {
    // Its feature gate is off by default.
    delete object.spec.preventPodSchedulingIfMissing;
  },
  prepareForUpdate(object, old) {
    // Counted from the first change on, not from the creation.
    if (!sameJson(object.spec, old.spec)) object.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  warnings: ({ spec }) => (spec?.tokenRequests?.length && spec.serviceAccountTokenInSecrets === undefined ? [TOKEN_WARNING] : []),
  validate(object, errors, at) {
    validateSpec(object.spec, errors, at.child("spec"));
  },
  validateUpdate(object, old, errors, at) {
    const specAt = at.child("spec");
    if (object.spec.attachRequired !== old.spec.attachRequired)
      errors.invalid(specAt.child("attachedRequired"), object.spec.attachRequired ?? null, "field is immutable");
    if (!sameJson(object.spec.volumeLifecycleModes, old.spec.volumeLifecycleModes))
      errors.invalid(specAt.child("volumeLifecycleModes"), object.spec.volumeLifecycleModes, "field is immutable");
  },
  columns: [
    NAME,
    column("AttachRequired", { type: "boolean" }),
    column("PodInfoOnMount", { type: "boolean" }),
    column("StorageCapacity", { type: "boolean" }),
    column("TokenRequests"),
    column("RequiresRepublish", { type: "boolean" }),
    column("Modes"),
    AGE,
  ],
  cells(object, now) {
    const { spec } = object;
    return [
      nameCell(object),
      spec?.attachRequired ?? true,
      spec?.podInfoOnMount ?? false,
      spec?.storageCapacity ?? false,
      spec?.tokenRequests ? spec.tokenRequests.map((request) => request.audience).join(",") : "<unset>",
      spec?.requiresRepublish ?? false,
      (spec?.volumeLifecycleModes ?? []).join(",") || "<none>",
      ageCell(object, now),
    ];
  },
});

function validateSpec(spec: CSIDriverSpec, errors: FieldErrors, at: FieldPath): void {
  for (const field of ["attachRequired", "podInfoOnMount", "storageCapacity"] as const) {
    if (spec[field] === undefined) errors.required(at.child(field === "attachRequired" ? "attachedRequired" : field));
  }
  if (spec.fsGroupPolicy === undefined) errors.required(at.child("fsGroupPolicy"));
  else if (!GROUP_POLICIES.includes(spec.fsGroupPolicy)) {
    errors.notSupported(at.child("fsGroupPolicy"), spec.fsGroupPolicy, GROUP_POLICIES);
  }
  const audiences = new Set<string>();
  for (const [i, request] of (spec.tokenRequests ?? []).entries()) {
    const requestAt = at.child("tokenRequests").index(i);
    if (audiences.has(request.audience)) {
      errors.duplicate(requestAt.child("audience"), request.audience);
      continue;
    }
    audiences.add(request.audience);
    const seconds = request.expirationSeconds;
    if (seconds === undefined) continue;
    if (seconds < MIN_TOKEN_SECONDS) errors.invalid(requestAt.child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes");
    if (seconds > MAX_TOKEN_SECONDS) errors.invalid(requestAt.child("expirationSeconds"), seconds, "may not specify a duration larger than 2^32 seconds");
  }
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (!MODES.includes(mode)) errors.add("NotSupported", at.child("volumeLifecycleModes"), mode, 'supported values: "Persistent", "Ephemeral"');
  }
  if (spec.seLinuxMount === undefined) errors.required(at.child("seLinuxMount"));
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < MIN_UPDATE_PERIOD)
    errors.invalid(at.child("nodeAllocatableUpdatePeriodSeconds"), period, `must be greater than or equal to ${MIN_UPDATE_PERIOD} seconds`);
  if (spec.serviceAccountTokenInSecrets !== undefined && !spec.tokenRequests?.length) {
    errors.invalid(
      at.child("serviceAccountTokenInSecrets"),
      spec.serviceAccountTokenInSecrets,
      "serviceAccountTokenInSecrets is set but no tokenRequests are specified",
    );
  }
}
