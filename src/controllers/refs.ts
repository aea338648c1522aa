/** The resources that controllers name. */
import type { ResourceRef } from "./controller.ts";

function core(resource: string): ResourceRef {
  return { group: "", version: "v1", resource };
}

export const NAMESPACES = core("namespaces");
export const PODS = core("pods");
export const SERVICE_ACCOUNTS = core("serviceaccounts");
export const CONFIG_MAPS = core("configmaps");
export const CUSTOM_RESOURCE_DEFINITIONS: ResourceRef = { group: "apiextensions.k8s.io", version: "v1", resource: "customresourcedefinitions" };
