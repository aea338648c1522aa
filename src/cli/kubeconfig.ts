/** Writing a kubeconfig: one cluster, one user, one context, as `kubectl config` would lay it out. */
import { stringify } from "yaml";

export interface KubeconfigOptions {
  /** Name of the cluster, the user and the context. */
  name: string;
  server: string;
  token: string;
  /** PEM; undefined for a plain-HTTP server. */
  caCertificate: string | undefined;
}

export function kubeconfig(options: KubeconfigOptions): string {
  const { name, server, token, caCertificate } = options;
  return stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { server, ...(caCertificate ? { "certificate-authority-data": Buffer.from(caCertificate).toString("base64") } : {}) } }],
      users: [{ name, user: { token } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      "current-context": name,
    },
    { lineWidth: 0 },
  );
}
