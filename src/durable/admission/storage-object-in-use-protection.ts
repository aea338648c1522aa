/** StorageObjectInUseProtection: claims, volumes and attribute classes are not deleted while they are in use. */
import { PROTECTION_FINALIZERS } from "../../kube/core/protection-finalizers.ts";
import type { AdmissionPlugin } from "./admission.ts";

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  mutate({ operation, kind, subresource, object }) {
    const finalizer = PROTECTION_FINALIZERS[kind.storageResource];
    if (operation !== "CREATE" || subresource !== "" || !finalizer || !object) return;
    const finalizers = object.metadata.finalizers ?? [];
    if (!finalizers.includes(finalizer)) object.metadata.finalizers = [...finalizers, finalizer];
  },
};
