/** Namespace (v1): the scope of names. Deletion is two-step: `kubernetes` in spec.finalizers goes last, through /finalize. */
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isQualifiedName, nameIsDNSLabel } from "../machinery/names.ts";
import type { Namespace } from "../schema/generated/types/core.v1.ts";
import { AGE, ageCell, column, NAME, nameCell } from "./table.ts";

/** The immutable label that selectors use to name a namespace. */
export const NAME_LABEL = "kubernetes.io/metadata.name";
const FINALIZER = "kubernetes";

export const namespace = defineKind<Namespace>({
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  scope: "Cluster",
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  subresources: {
    status: { keeps: { labels: true, annotations: true }, validateUpdate: validateStatusUpdate },
    others: { finalize: { verbs: ["update"] } },
  },
  specFinalizers: true,
  beginDeletion: (namespace) => ({ ...namespace, status: { ...namespace.status, phase: "Terminating" } }),
  returnsDeletedObject: true,
  resetFields: { "": [["status"]], status: [["spec"]] },
  validateName: nameIsDNSLabel,
  applyDefaults(object) {
    label(object);
    object.status ??= {};
    object.status.phase ||= "Active";
  },
  prepareForCreate(object) {
    label(object);
    object.status = { phase: "Active" };
    // `kubernetes` holds the namespace until the namespace controller has emptied it.
    object.spec ??= {};
    const finalizers = object.spec.finalizers ?? [];
    if (!finalizers.includes(FINALIZER)) object.spec.finalizers = [...finalizers, FINALIZER];
  },
  prepareForUpdate(object, old) {
    // Only /finalize changes the finalizers of the spec.
    object.spec ??= {};
    if (old.spec?.finalizers) object.spec.finalizers = old.spec.finalizers;
    else delete object.spec.finalizers;
  },
  validate(object, errors, at) {
    validateFinalizers(object, errors, at);
  },
  columns: [NAME, column("Status"), AGE],
  cells: (object, now) => [nameCell(object), object.status?.phase ?? "", ageCell(object, now)],
  selectableFields: { "status.phase": (object) => object.status?.phase ?? "" },
});

/** Every namespace carries its name as a label, so that selectors can name it (KEP-2161). */
function label(object: Namespace): void {
  const { name } = object.metadata;
  if (name) object.metadata.labels = { ...object.metadata.labels, [NAME_LABEL]: name };
}

function validateFinalizers(object: Namespace, errors: FieldErrors, at: FieldPath): void {
  for (const finalizer of object.spec?.finalizers ?? []) {
    const field = at.child("spec", "finalizers");
    const problems = isQualifiedName(finalizer);
    for (const problem of problems) errors.invalid(field, finalizer, problem);
    if (problems.length === 0 && !finalizer.includes("/") && finalizer !== FINALIZER && finalizer !== "orphan") {
      errors.invalid(field, finalizer, "name is neither a standard finalizer name nor is it fully qualified");
    }
  }
}

function validateStatusUpdate(object: Namespace, old: Namespace, errors: FieldErrors): void {
  void old;
  const phase = object.status?.phase;
  if (!object.metadata.deletionTimestamp) {
    if (phase !== "Active") errors.add("Invalid", "status.Phase", phase ?? "", "may only be 'Active' if `deletionTimestamp` is empty");
  } else if (phase !== "Terminating") {
    errors.add("Invalid", "status.Phase", phase ?? "", "may only be 'Terminating' if `deletionTimestamp` is not empty");
  }
}
