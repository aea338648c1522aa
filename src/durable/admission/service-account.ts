/** ServiceAccount: pods run as an account that exists and get its token mounted. */

import { randomSuffix } from "../../kube/machinery/object-meta.ts";
import { forbidden, StatusError } from "../../kube/machinery/status.ts";
import type { Container, Pod, ServiceAccount, Volume } from "../../kube/schema/generated/types/core.v1.ts";
import type { AdmissionPlugin } from "./admission.ts";

const MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
const TOKEN_SECONDS = 3607;
const MIRROR = "kubernetes.io/config.mirror";
const DEFAULT = "default";

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        { downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] } },
      ],
    },
  };
}

/** Mounts the token into every container that has nothing there yet. Returns whether any needed it. */
function mountToken(containers: Container[], volumeName: string): boolean {
  let needed = false;
  for (const container of containers) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === MOUNT_PATH)) continue;
    container.volumeMounts = [...(container.volumeMounts ?? []), { name: volumeName, readOnly: true, mountPath: MOUNT_PATH }];
    needed = true;
  }
  return needed;
}

function automount(pod: Pod, account: ServiceAccount): boolean {
  return pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

export const serviceAccount: AdmissionPlugin = {
  name: "ServiceAccount",
  mutate({ operation, kind, subresource, object, name, namespace, transaction }) {
    if (operation !== "CREATE" || kind.storageResource !== "pods" || subresource !== "") return;
    const pod = object as Pod;
    if (pod.metadata.annotations?.[MIRROR] !== undefined) {
      if (pod.spec.serviceAccountName)
        throw new StatusError(403, "Forbidden", `pods ${JSON.stringify(name)} is forbidden: a mirror pod may not reference service accounts`);
      return;
    }
    if (!pod.spec.serviceAccountName) {
      pod.spec.serviceAccountName = DEFAULT;
      pod.spec.serviceAccount = DEFAULT;
    }
    const accountName = pod.spec.serviceAccountName;
    const found = transaction.get({ resource: "serviceaccounts", namespace, name: accountName });
    if (!found)
      throw forbidden(
        { group: "", resource: "pods" },
        name,
        `error looking up service account ${namespace}/${accountName}: serviceaccount ${JSON.stringify(accountName)} not found`,
      );
    const account = found.object as ServiceAccount;
    if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
      pod.spec.imagePullSecrets = account.imagePullSecrets.map((each) => ({ ...each }));
    if (!automount(pod, account)) return;
    const existing = pod.spec.volumes?.find(
      (volume) => volume.projected?.sources?.some((source) => source.serviceAccountToken) && volume.name.startsWith("kube-api-access-"),
    );
    const volumeName = existing?.name ?? `kube-api-access-${randomSuffix(Math.random)}`;
    const needed = [mountToken(pod.spec.initContainers ?? [], volumeName), mountToken(pod.spec.containers ?? [], volumeName)].some(Boolean);
    if (needed && !existing) pod.spec.volumes = [...(pod.spec.volumes ?? []), tokenVolume(volumeName)];
  },
};
