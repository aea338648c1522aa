/** namespaces/finalize: the one door through which spec.finalizers change. */
import { cloneJson } from "../../kube/machinery/json.ts";
import type { Namespace } from "../../kube/schema/generated/types/core.v1.ts";
import type { UpdateRules } from "../verbs/update.ts";

/** Keeps the status; finalizers and metadata are the writer's. */
export const FINALIZE: UpdateRules = {
  prepare(object, old) {
    const namespace = object as Namespace;
    namespace.status = cloneJson((old as Namespace).status);
  },
  validate() {
    // Any list of finalizers is fine here: the decoder has checked the type, and nothing else can change.
  },
};
