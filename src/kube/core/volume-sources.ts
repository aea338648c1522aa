/** The kinds of storage that a PersistentVolume can stand for, and what each needs to be told. */
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../machinery/names.ts";
import type { CSIPersistentVolumeSource, PersistentVolumeSpec, SecretReference } from "../schema/generated/types/core.v1.ts";

/** In the order in which upstream looks for them; the first one found is the volume's. */
export const SOURCES = [
  "hostPath",
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "glusterfs",
  "flocker",
  "nfs",
  "rbd",
  "quobyte",
  "cephfs",
  "iscsi",
  "cinder",
  "fc",
  "flexVolume",
  "azureFile",
  "vsphereVolume",
  "photonPersistentDisk",
  "portworxVolume",
  "azureDisk",
  "scaleIO",
  "local",
  "storageos",
  "csi",
] as const;

export type SourceName = (typeof SOURCES)[number];

const HOST_PATH_TYPES = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
const DRIVER_MAX = 63;

/** Rejects a source that lacks what it needs. */
export function validateSource(source: SourceName, spec: PersistentVolumeSpec, name: string, errors: FieldErrors, at: FieldPath): void {
  const required = (fields: Readonly<Record<string, unknown>>) => {
    for (const [field, value] of Object.entries(fields)) if (!value || (Array.isArray(value) && value.length === 0)) errors.required(at.child(field));
  };
  switch (source) {
    case "hostPath":
      required({ path: spec.hostPath?.path });
      if (spec.hostPath?.path) validateNoBackstep(spec.hostPath.path, errors, at.child("path"));
      if (spec.hostPath?.type !== undefined && !HOST_PATH_TYPES.includes(spec.hostPath.type)) {
        errors.add("NotSupported", at.child("type"), spec.hostPath.type, `supported values: ${HOST_PATH_TYPES.map((type) => JSON.stringify(type)).join(", ")}`);
      }
      break;
    case "gcePersistentDisk":
      required({ pdName: spec.gcePersistentDisk?.pdName });
      validatePartition(spec.gcePersistentDisk?.partition, errors, at);
      break;
    case "awsElasticBlockStore":
      required({ volumeID: spec.awsElasticBlockStore?.volumeID });
      validatePartition(spec.awsElasticBlockStore?.partition, errors, at);
      break;
    case "glusterfs": {
      required({ endpoints: spec.glusterfs?.endpoints, path: spec.glusterfs?.path });
      const namespace = spec.glusterfs?.endpointsNamespace;
      if (namespace !== undefined) for (const problem of isDNS1123Label(namespace)) errors.invalid(at.child("endpointsNamespace"), namespace, problem);
      break;
    }
    case "flocker":
      if (!spec.flocker?.datasetName && !spec.flocker?.datasetUUID) errors.required(at, "one of datasetName and datasetUUID is required");
      if (spec.flocker?.datasetName && spec.flocker.datasetUUID)
        errors.invalid(at, "resource", "datasetName and datasetUUID can not be specified simultaneously");
      if (spec.flocker?.datasetName?.includes("/")) errors.invalid(at.child("datasetName"), spec.flocker.datasetName, "must not contain '/'");
      break;
    case "nfs":
      required({ server: spec.nfs?.server, path: spec.nfs?.path });
      if (!spec.nfs?.path?.startsWith("/")) errors.invalid(at.child("path"), spec.nfs?.path ?? "", "must be an absolute path");
      break;
    case "rbd":
      required({ monitors: spec.rbd?.monitors, image: spec.rbd?.image });
      break;
    case "quobyte": {
      const registry = spec.quobyte?.registry ?? "";
      if (!registry) errors.required(at.child("registry"), "must be a host:port pair or multiple pairs separated by commas");
      else if (registry.length >= 65536)
        errors.invalid(at.child("registry"), registry, "registry must be a host:port pair or multiple pairs separated by commas");
      if (!spec.quobyte?.volume) errors.required(at.child("volume"));
      break;
    }
    case "cephfs":
      required({ monitors: spec.cephfs?.monitors });
      break;
    case "iscsi":
      validateIscsi(spec, name, errors, at);
      break;
    case "cinder":
      required({ volumeID: spec.cinder?.volumeID });
      validateSecretReference(spec.cinder?.secretRef, errors, at.child("secretRef"));
      break;
    case "fc":
      validateFibreChannel(spec, errors, at);
      break;
    case "flexVolume":
      required({ driver: spec.flexVolume?.driver });
      for (const key of Object.keys(spec.flexVolume?.options ?? {})) {
        if (/^(.*\.)?(kubernetes|k8s)\.io\//.test(key))
          errors.invalid(at.child("options").key(key), key, "keys in the kubernetes.io and k8s.io namespaces are reserved");
      }
      break;
    case "azureFile":
      required({ secretName: spec.azureFile?.secretName, shareName: spec.azureFile?.shareName });
      if (spec.azureFile?.secretNamespace === "") errors.required(at.child("secretNamespace"));
      break;
    case "vsphereVolume":
      required({ volumePath: spec.vsphereVolume?.volumePath });
      break;
    case "photonPersistentDisk":
      required({ pdID: spec.photonPersistentDisk?.pdID });
      break;
    case "portworxVolume":
      required({ volumeID: spec.portworxVolume?.volumeID });
      break;
    case "azureDisk":
      validateAzureDisk(spec, errors, at);
      break;
    case "scaleIO":
      required({ gateway: spec.scaleIO?.gateway, system: spec.scaleIO?.system, volumeName: spec.scaleIO?.volumeName });
      break;
    case "local":
      if (!spec.local?.path) errors.required(at.child("path"));
      else validateNoBackstep(spec.local.path, errors, at.child("path"));
      break;
    case "storageos":
      required({ volumeName: spec.storageos?.volumeName });
      if (spec.storageos?.secretRef) {
        for (const field of ["name", "namespace"] as const) if (!spec.storageos.secretRef[field]) errors.required(at.child("secretRef", field));
      }
      break;
    case "csi":
      if (spec.csi) validateCSI(spec.csi, errors, at);
      break;
  }
}

/** A path that can't climb out of its root. */
export function validateNoBackstep(path: string, errors: FieldErrors, at: FieldPath): void {
  if (path.split("/").includes("..")) errors.invalid(at, path, "must not contain '..'");
}

function validatePartition(partition: number | undefined, errors: FieldErrors, at: FieldPath): void {
  if (partition !== undefined && (partition < 0 || partition > 255)) errors.invalid(at.child("partition"), partition, "must be between 1 and 255, inclusive");
}

function validateIscsi(spec: PersistentVolumeSpec, name: string, errors: FieldErrors, at: FieldPath): void {
  const { iscsi } = spec;
  if (!iscsi) return;
  if (!iscsi.targetPortal) errors.required(at.child("targetPortal"));
  if (!iscsi.iqn) errors.required(at.child("iqn"));
  else if (!/^(iqn|eui|naa)\./.test(iscsi.iqn)) errors.invalid(at.child("iqn"), iscsi.iqn, "must be valid format");
  if (iscsi.lun < 0 || iscsi.lun > 255) errors.invalid(at.child("lun"), iscsi.lun, "must be between 0 and 255, inclusive");
  if ((iscsi.chapAuthDiscovery || iscsi.chapAuthSession) && !iscsi.secretRef) errors.required(at.child("secretRef"));
  if (iscsi.secretRef && !iscsi.secretRef.name) errors.required(at.child("secretRef", "name"));
  if (iscsi.initiatorName !== undefined && `${iscsi.iqn}:${name}`.length > 64)
    errors.invalid(
      at.child("targetportal"),
      `${iscsi.targetPortal}:${name}`,
      "Total length of <iqn>:<volume.name> must be under 64 characters if iscsi.initiatorName is specified.",
    );
}

function validateFibreChannel(spec: PersistentVolumeSpec, errors: FieldErrors, at: FieldPath): void {
  const { fc } = spec;
  const targets = fc?.targetWWNs?.length ?? 0;
  const wwids = fc?.wwids?.length ?? 0;
  if (targets === 0 && wwids === 0) errors.required(at.child("targetWWNs"), "must specify either targetWWNs or wwids, but not both");
  if (targets > 0 && wwids > 0) errors.invalid(at.child("targetWWNs"), fc?.targetWWNs, "targetWWNs and wwids can not be specified simultaneously");
  if (targets > 0) {
    if (fc?.lun === undefined) errors.required(at.child("lun"), "lun is required if targetWWNs is specified");
    else if (fc.lun < 0 || fc.lun > 255) errors.invalid(at.child("lun"), fc.lun, "must be between 0 and 255, inclusive");
  }
}

function validateAzureDisk(spec: PersistentVolumeSpec, errors: FieldErrors, at: FieldPath): void {
  const disk = spec.azureDisk;
  if (!disk) return;
  if (!disk.diskName) errors.required(at.child("diskName"));
  if (!disk.diskURI) errors.required(at.child("diskURI"));
  const caching = ["None", "ReadOnly", "ReadWrite"];
  if (disk.cachingMode !== undefined && !caching.includes(disk.cachingMode)) errors.notSupported(at.child("cachingMode"), disk.cachingMode, caching);
  const kinds = ["Dedicated", "Managed", "Shared"];
  if (disk.kind !== undefined && !kinds.includes(disk.kind)) errors.notSupported(at.child("kind"), disk.kind, kinds);
  if (disk.kind !== "Managed" && !disk.diskURI.startsWith("https://")) {
    errors.add(
      "NotSupported",
      at.child("diskURI"),
      disk.diskURI,
      'supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"',
    );
  }
  if (disk.kind === "Managed" && !disk.diskURI.startsWith("/subscriptions/")) {
    errors.add(
      "NotSupported",
      at.child("diskURI"),
      disk.diskURI,
      'supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"',
    );
  }
}

function validateCSI(csi: CSIPersistentVolumeSource, errors: FieldErrors, at: FieldPath): void {
  validateDriverName(csi.driver, errors, at.child("driver"));
  if (!csi.volumeHandle) errors.required(at.child("volumeHandle"));
  const references = ["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"] as const;
  for (const reference of references) validateSecretReference(csi[reference], errors, at.child(reference));
}

/** The name of a CSI driver: a DNS subdomain of at most 63 characters, in any case. */
export function validateDriverName(driver: string, errors: FieldErrors, at: FieldPath): void {
  if (!driver) errors.required(at);
  if (driver.length > DRIVER_MAX) errors.tooLong(at, DRIVER_MAX);
  if (driver) for (const problem of isDNS1123Subdomain(driver.toLowerCase())) errors.invalid(at, driver, problem);
}

function validateSecretReference(reference: SecretReference | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!reference) return;
  if (!reference.name) errors.required(at.child("name"));
  if (!reference.namespace) errors.required(at.child("namespace"));
}
