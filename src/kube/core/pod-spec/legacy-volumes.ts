/** Volume sources of in-tree drivers, most of them long without function; the API still checks their shape. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { isDNS1123Label } from "../../machinery/names.ts";
import type { FlockerVolumeSource, ISCSIVolumeSource, QuobyteVolumeSource, Volume } from "../../schema/generated/types/core.v1.ts";
import { invalidEach, unsupported } from "./checks.ts";

type Fields = Readonly<Record<string, unknown>>;
type Check<Source> = (source: Source, errors: FieldErrors, at: FieldPath) => void;

const IQN = /^iqn\.\d{4}-\d{2}\.([a-zA-Z0-9][-.a-zA-Z0-9]*[a-zA-Z0-9]|[a-zA-Z0-9])(:[^,;*&$|\s]+)$/;
const EUI = /^eui\.[0-9a-fA-F]{16}$/;
const NAA = /^naa\.[0-9a-fA-F]{32}$/;
const LUN_WRONG = "must be between 0 and 255, inclusive";

/** A check that wants nothing but these fields, in this order. */
function requires<Source extends object>(...fields: (keyof Source & string)[]): Check<Source> {
  return (source, errors, at) => {
    for (const field of fields) {
      const value = (source as Fields)[field];
      if (!value || (Array.isArray(value) && value.length === 0)) errors.required(at.child(field));
    }
  };
}

type Sources = Required<Omit<Volume, "name">>;

export const LEGACY_SOURCES = {
  gcePersistentDisk(source: Sources["gcePersistentDisk"], errors: FieldErrors, at: FieldPath): void {
    if (!source.pdName) errors.required(at.child("pdName"));
    validatePartition(source.partition, errors, at.child("partition"));
  },
  awsElasticBlockStore(source: Sources["awsElasticBlockStore"], errors: FieldErrors, at: FieldPath): void {
    if (!source.volumeID) errors.required(at.child("volumeID"));
    validatePartition(source.partition, errors, at.child("partition"));
  },
  iscsi: validateISCSI,
  glusterfs: requires<Sources["glusterfs"]>("endpoints", "path"),
  flocker: validateFlocker,
  rbd: requires<Sources["rbd"]>("monitors", "image"),
  cinder(source: Sources["cinder"], errors: FieldErrors, at: FieldPath): void {
    if (!source.volumeID) errors.required(at.child("volumeID"));
    if (source.secretRef && !source.secretRef.name) errors.required(at.child("secretRef", "name"));
  },
  cephfs: requires<Sources["cephfs"]>("monitors"),
  quobyte: validateQuobyte,
  fc(source: Sources["fc"], errors: FieldErrors, at: FieldPath): void {
    const { targetWWNs = [], wwids = [], lun } = source;
    if (targetWWNs.length === 0 && wwids.length === 0) errors.required(at.child("targetWWNs"), "must specify either targetWWNs or wwids, but not both");
    if (targetWWNs.length > 0 && wwids.length > 0) {
      errors.invalid(at.child("targetWWNs"), targetWWNs, "targetWWNs and wwids can not be specified simultaneously");
    }
    if (targetWWNs.length === 0) return;
    if (lun === undefined) errors.required(at.child("lun"), "lun is required if targetWWNs is specified");
    else if (lun < 0 || lun > 255) errors.invalid(at.child("lun"), lun, LUN_WRONG);
  },
  flexVolume(source: Sources["flexVolume"], errors: FieldErrors, at: FieldPath): void {
    if (!source.driver) errors.required(at.child("driver"));
    for (const key in source.options) {
      const domain = key.includes("/") ? key.slice(0, key.indexOf("/")) : "";
      if (`.${domain}`.endsWith(".kubernetes.io") || `.${domain}`.endsWith(".k8s.io")) {
        errors.invalid(at.child("options").key(key), key, "kubernetes.io and k8s.io namespaces are reserved");
      }
    }
  },
  azureFile: requires<Sources["azureFile"]>("secretName", "shareName"),
  vsphereVolume: requires<Sources["vsphereVolume"]>("volumePath"),
  photonPersistentDisk: requires<Sources["photonPersistentDisk"]>("pdID"),
  portworxVolume: requires<Sources["portworxVolume"]>("volumeID"),
  azureDisk: validateAzureDisk,
  storageos(source: Sources["storageos"], errors: FieldErrors, at: FieldPath): void {
    if (!source.volumeName) errors.required(at.child("volumeName"));
    else invalidEach(errors, at.child("volumeName"), source.volumeName, isDNS1123Label(source.volumeName));
    if (source.volumeNamespace) invalidEach(errors, at.child("volumeNamespace"), source.volumeNamespace, isDNS1123Label(source.volumeNamespace));
    if (source.secretRef && !source.secretRef.name) errors.required(at.child("secretRef", "name"));
  },
  scaleIO: requires<Sources["scaleIO"]>("gateway", "system", "volumeName"),
};

function validatePartition(partition: number | undefined, errors: FieldErrors, at: FieldPath): void {
  if (partition !== undefined && (partition < 0 || partition > 255)) errors.invalid(at, partition, "must be between 1 and 255, inclusive");
}

function validateISCSI(source: ISCSIVolumeSource, errors: FieldErrors, at: FieldPath): void {
  if (!source.targetPortal) errors.required(at.child("targetPortal"));
  if (!source.iqn) errors.required(at.child("iqn"));
  else validateQualifiedISCSIName(source.iqn, errors, at.child("iqn"));
  if (source.lun < 0 || source.lun > 255) errors.invalid(at.child("lun"), source.lun, LUN_WRONG);
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) errors.required(at.child("secretRef"));
  if (source.initiatorName !== undefined) validateQualifiedISCSIName(source.initiatorName, errors, at.child("initiatorname"));
}

function validateQualifiedISCSIName(name: string, errors: FieldErrors, at: FieldPath): void {
  const pattern = name.startsWith("iqn") ? IQN : name.startsWith("eui") ? EUI : name.startsWith("naa") ? NAA : undefined;
  if (!pattern) errors.invalid(at, name, "must be valid format starting with iqn, eui, or naa");
  else if (!pattern.test(name)) errors.invalid(at, name, "must be valid format");
}

function validateFlocker(source: FlockerVolumeSource, errors: FieldErrors, at: FieldPath): void {
  const { datasetName, datasetUUID } = source;
  if (!datasetName && !datasetUUID) errors.required(at, "one of datasetName and datasetUUID is required");
  if (datasetName && datasetUUID) errors.invalid(at, "resource", "datasetName and datasetUUID can not be specified simultaneously");
  if (datasetName?.includes("/")) errors.invalid(at.child("datasetName"), datasetName, "must not contain '/'");
}

function validateQuobyte(source: QuobyteVolumeSource, errors: FieldErrors, at: FieldPath): void {
  const detail = "must be a host:port pair or multiple pairs separated by commas";
  if (!source.registry) errors.required(at.child("registry"), detail);
  else if (source.tenant && source.tenant.length >= 65) errors.required(at.child("tenant"), "must be a UUID and may not exceed a length of 64 characters");
  else
    for (const pair of source.registry.split(","))
      if (!/^(\[[^[\]]*\]|[^:[\]]*):[^:]*$/.test(pair)) errors.invalid(at.child("registry"), source.registry, detail);
  if (!source.volume) errors.required(at.child("volume"));
}

const AZURE_DISK_URIS: Readonly<Record<string, { start: string; shape: string }>> = {
  managed: {
    start: "/subscriptions/",
    shape: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
  },
  blob: { start: "https://", shape: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd" },
};

function validateAzureDisk(source: Sources["azureDisk"], errors: FieldErrors, at: FieldPath): void {
  if (!source.diskName) errors.required(at.child("diskName"));
  if (!source.diskURI) errors.required(at.child("diskURI"));
  const cachingModes = ["None", "ReadOnly", "ReadWrite"];
  if (source.cachingMode !== undefined && !cachingModes.includes(source.cachingMode))
    unsupported(errors, at.child("cachingMode"), source.cachingMode, cachingModes);
  const kinds = ["Dedicated", "Managed", "Shared"];
  if (source.kind !== undefined && !kinds.includes(source.kind)) unsupported(errors, at.child("kind"), source.kind, kinds);
  const expected = AZURE_DISK_URIS[source.kind === "Managed" ? "managed" : "blob"] as { start: string; shape: string };
  if (!source.diskURI?.startsWith(expected.start)) unsupported(errors, at.child("diskURI"), source.diskURI, [expected.shape]);
}
