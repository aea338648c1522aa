/** VolumeAttachment (storage.k8s.io/v1): the wish to attach a volume to a node, and how far it is. */
import { sameJson } from "../core/equality.ts";
import { validateVolumeSpec } from "../core/persistent-volume-rules.ts";
import { AGE, ageCell, column, NAME, nameCell } from "../core/table.ts";
import { validateDriverName } from "../core/volume-sources.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { byteLength, isDNS1123Subdomain } from "../machinery/names.ts";
import type { VolumeAttachment, VolumeAttachmentStatus } from "../schema/generated/types/storage.v1.ts";

const MAX_METADATA_BYTES = 256 * 1024;
const MAX_ERROR_BYTES = 1024;

export const volumeAttachment = defineKind<VolumeAttachment>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttachment",
  plural: "volumeattachments",
  scope: "Cluster",
  subresources: { status: { keeps: { labels: false, annotations: false, finalizers: false, ownerReferences: false } } },
  returnsDeletedObject: true,
  allowUnconditionalUpdate: false,
  resetFields: { "": [["status"]], status: [["metadata"], ["spec"]] },
  validate: validateAttachment,
  validateUpdate(object, old, errors, at) {
    if (!sameJson(object.spec, old.spec)) errors.invalid(at.child("spec"), internalSpec(object.spec), "field is immutable");
  },
  columns: [NAME, { name: "Attacher", type: "string", format: "name" }, column("PV"), column("Node"), column("Attached", { type: "boolean" }), AGE],
  cells: (object, now) => [
    nameCell(object),
    object.spec?.attacher ?? "",
    object.spec?.source?.persistentVolumeName ?? "",
    object.spec?.nodeName ?? "",
    object.status?.attached ?? false,
    ageCell(object, now),
  ],
});

/** A spec the way upstream's messages print it: by its internal field names. */
function internalSpec({ attacher, source, nodeName }: VolumeAttachment["spec"]): unknown {
  return {
    Attacher: attacher,
    Source: { PersistentVolumeName: source.persistentVolumeName ?? null, InlineVolumeSpec: source.inlineVolumeSpec ?? null },
    NodeName: nodeName,
  };
}

function validateAttachment(object: VolumeAttachment, errors: FieldErrors, at: FieldPath): void {
  const specAt = at.child("spec");
  const spec = object.spec ?? { attacher: "", source: {}, nodeName: "" };
  validateDriverName(spec.attacher ?? "", errors, specAt.child("attacher"));
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = spec.source ?? {};
  if (!inline && name === undefined) errors.required(specAt.child("source"), "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
  if (inline && name !== undefined) errors.forbidden(specAt.child("source"), "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
  if (name !== undefined) {
    if (name === "") errors.required(specAt.child("source", "persistentVolumeName"), "must specify non empty persistentVolumeName");
    for (const problem of isDNS1123Subdomain(name)) errors.invalid(specAt.child("source", "persistentVolumeName"), name, problem);
  }
  if (inline) validateVolumeSpec(inline, "", errors, specAt.child("source", "inlineVolumeSpec"), true);
  for (const problem of isDNS1123Subdomain(spec.nodeName ?? "")) errors.invalid(specAt.child("nodeName"), spec.nodeName ?? "", problem);
  if (object.status) validateStatus(object.status, errors, at.child("status"));
}

function validateStatus(status: VolumeAttachmentStatus, errors: FieldErrors, at: FieldPath): void {
  const bytes = Object.entries(status.attachmentMetadata ?? {}).reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  if (bytes > MAX_METADATA_BYTES) errors.tooLong(at.child("attachmentMetadata"), MAX_METADATA_BYTES);
  for (const field of ["attachError", "detachError"] as const) {
    const message = status[field]?.message ?? "";
    if (byteLength(message) > MAX_ERROR_BYTES) errors.tooLong(at.child(field, "message"), MAX_ERROR_BYTES);
  }
}
