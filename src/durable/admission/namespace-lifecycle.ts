/** NamespaceLifecycle: nothing is created in a namespace that is missing or terminating, and the first three can't be deleted. */
import { forbidden, notFound } from "../../kube/machinery/status.ts";
import type { AdmissionPlugin } from "./admission.ts";

const IMMORTAL = new Set(["default", "kube-system", "kube-public"]);
/** Reviews answer about a namespace, they don't live in it. */
const EXEMPT = new Set(["localsubjectaccessreviews"]);

export const namespaceLifecycle: AdmissionPlugin = {
  name: "NamespaceLifecycle",
  mutate({ operation, kind, namespace, name, subresource, transaction }) {
    const target = { group: kind.group, resource: kind.plural };
    if (operation === "DELETE" && kind.group === "" && kind.plural === "namespaces" && IMMORTAL.has(name)) {
      throw forbidden(target, name, "this namespace may not be deleted");
    }
    if (operation !== "CREATE" || subresource !== "" || kind.scope !== "Namespaced" || EXEMPT.has(kind.plural)) return;
    const found = transaction.get({ resource: "namespaces", namespace: "", name: namespace });
    if (!found) throw notFound({ group: "", resource: "namespaces" }, namespace);
    if (found.object.metadata.deletionTimestamp) {
      throw forbidden(target, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
        { reason: "NamespaceTerminating", message: `namespace ${namespace} is being terminated`, field: "metadata.namespace" },
      ]);
    }
  },
};
