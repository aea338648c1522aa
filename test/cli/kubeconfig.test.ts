import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { kubeconfig } from "../../src/cli/kubeconfig.ts";

describe("a kubeconfig", () => {
  test("has one context with the server, the token and the authority", () => {
    const text = kubeconfig({ name: "demo/main", server: "https://127.0.0.1:8787/clusters/demo/main", token: "t", caCertificate: "PEM" });
    expect(parse(text)).toEqual({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "demo/main", cluster: { server: "https://127.0.0.1:8787/clusters/demo/main", "certificate-authority-data": "UEVN" } }],
      users: [{ name: "demo/main", user: { token: "t" } }],
      contexts: [{ name: "demo/main", context: { cluster: "demo/main", user: "demo/main" } }],
      "current-context": "demo/main",
    });
  });

  test("of a plain-HTTP server names no authority", () => {
    expect(kubeconfig({ name: "n", server: "http://127.0.0.1:1", token: "t", caCertificate: undefined })).not.toContain("certificate-authority");
  });
});
