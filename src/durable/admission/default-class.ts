/** DefaultStorageClass and DefaultIngressClass: claims and ingresses that name no class get the annotated default, the newest one. */

import { forbidden } from "../../kube/machinery/status.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { PersistentVolumeClaim } from "../../kube/schema/generated/types/core.v1.ts";
import type { Ingress } from "../../kube/schema/generated/types/networking.v1.ts";
import type { Transaction } from "../store/types.ts";
import type { AdmissionPlugin } from "./admission.ts";

const LEGACY_INGRESS_CLASS = "kubernetes.io/ingress.class";

function annotated(transaction: Transaction, resource: string, annotations: readonly string[]): KubeObject[] {
  const found: KubeObject[] = [];
  for (const { object } of transaction.list(resource, "")) {
    if (annotations.some((annotation) => object.metadata.annotations?.[annotation] === "true")) found.push(object);
  }
  return found.sort(
    (a, b) =>
      (b.metadata.creationTimestamp ?? "").localeCompare(a.metadata.creationTimestamp ?? "") || (a.metadata.name ?? "").localeCompare(b.metadata.name ?? ""),
  );
}

export const defaultStorageClass: AdmissionPlugin = {
  name: "DefaultStorageClass",
  mutate({ operation, kind, subresource, object, transaction }) {
    if (operation !== "CREATE" || kind.storageResource !== "persistentvolumeclaims" || subresource !== "") return;
    const claim = object as PersistentVolumeClaim;
    if (claim.spec.storageClassName !== undefined || claim.metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] !== undefined) return;
    const [newest] = annotated(transaction, "storageclasses.storage.k8s.io", [
      "storageclass.kubernetes.io/is-default-class",
      "storageclass.beta.kubernetes.io/is-default-class",
    ]);
    if (newest) claim.spec.storageClassName = newest.metadata.name;
  },
};

export const defaultIngressClass: AdmissionPlugin = {
  name: "DefaultIngressClass",
  mutate({ operation, kind, subresource, object, name, transaction }) {
    if (operation !== "CREATE" || kind.storageResource !== "ingresses.networking.k8s.io" || subresource !== "") return;
    const ingress = object as Ingress;
    if (ingress.spec.ingressClassName !== undefined || ingress.metadata.annotations?.[LEGACY_INGRESS_CLASS] !== undefined) return;
    const defaults = annotated(transaction, "ingressclasses.networking.k8s.io", ["ingressclass.kubernetes.io/is-default-class"]);
    const [newest, second] = defaults;
    if (newest && second && newest.metadata.creationTimestamp === second.metadata.creationTimestamp) {
      throw forbidden({ group: "networking.k8s.io", resource: "ingresses" }, name, `${defaults.length} default IngressClasses were found, only 1 allowed`);
    }
    if (newest) ingress.spec.ingressClassName = newest.metadata.name;
  },
};
