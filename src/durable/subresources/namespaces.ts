/** namespaces/finalize: the one door through which spec.finalizers change. */
import { cloneJson } from "../../kube/machinery/json.ts";
import type { Namespace } from "../../kube/schema/generated/types/core.v1.ts";
import type { UpdateRules } from "../verbs/update.ts";

/** Keeps all of the stored namespace but spec.finalizers. */
export const FINALIZE: UpdateRules = {
  prepare(object, old) {
    const namespace = object as Namespace;
    const before = cloneJson(old as Namespace);
    const { managedFields, resourceVersion } = namespace.metadata;
    const { finalizers } = namespace.spec;
    namespace.metadata = { ...before.metadata, managedFields, resourceVersion };
    namespace.status = before.status;
    namespace.spec = finalizers?.length ? { ...before.spec, finalizers } : {};
  },
  validate() {
    // Any list of finalizers is fine here: the decoder has checked the type, and nothing else can change.
  },
};
