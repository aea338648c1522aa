/** Names of compute resources and which of them a container may ask for. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { isQualifiedName } from "../../machinery/names.ts";
import { STANDARD_RESOURCES } from "../resources.ts";
import { invalidEach } from "./checks.ts";
import { isExtendedResource, isNativeResource } from "./resource-lists.ts";

const OF_CONTAINERS: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);

/** A quota counts devices under `requests.<name>`, so the name must stay qualified with that prefix. */
export function isFullyQualifiedExtendedName(name: string): boolean {
  return isQualifiedName(`requests.${name}`).length === 0;
}

/** Reports a name that no container can ask for. */
export function validateContainerResourceName(name: string, errors: FieldErrors, at: FieldPath): void {
  if (OF_CONTAINERS.has(name)) return;
  const problems = isQualifiedName(name);
  invalidEach(errors, at, name, problems);
  if (!name.includes("/")) {
    const huge = name.startsWith("hugepages-");
    if (problems.length === 0 && !huge && !STANDARD_RESOURCES.has(name)) errors.invalid(at, name, "must be a standard resource type or fully qualified");
    if (!huge) errors.invalid(at, name, "must be a standard resource for containers");
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.invalid(at, name, "doesn't follow extended resource name standard");
  }
}
