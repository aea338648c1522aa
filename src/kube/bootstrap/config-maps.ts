/** The ConfigMaps through which the API server tells other components about itself. */
import type { ConfigMap } from "../schema/generated/types/core.v1.ts";

/** How aggregated API servers learn whom to trust (requestheader authentication). */
export function authenticationConfigMap(clientCA: string | undefined): ConfigMap {
  const data: Record<string, string> = {
    "requestheader-allowed-names": '["front-proxy-client"]',
    "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
    "requestheader-group-headers": '["X-Remote-Group"]',
    "requestheader-username-headers": '["X-Remote-User"]',
  };
  if (clientCA) {
    data["client-ca-file"] = clientCA;
    data["requestheader-client-ca-file"] = clientCA;
  }
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "extension-apiserver-authentication", namespace: "kube-system" }, data };
}

/** Since when uses of token Secrets are tracked (KEP-2799). */
export function tokenTrackingConfigMap(now: Date): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "kube-apiserver-legacy-service-account-token-tracking", namespace: "kube-system" },
    data: { since: now.toISOString().slice(0, 10) },
  };
}
