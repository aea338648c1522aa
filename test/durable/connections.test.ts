/** What a client is told that wants to reach something on a node, as v1.36.3 answered it. */
import { describe, expect, test } from "vitest";
import { connect, connectedName } from "../../src/durable/subresources/connections.ts";
import { StatusError } from "../../src/kube/machinery/status.ts";
import type { KubeObject } from "../../src/kube/object.ts";

function pod(nodeName?: string, ...containers: string[]): KubeObject {
  const spec = { nodeName, initContainers: [{ name: "i" }], containers: containers.map((name) => ({ name })) };
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec } as unknown as KubeObject;
}

function refusal(plural: string, subresource: string, query: Record<string, string>, object: KubeObject): { code: number; message: string } {
  try {
    connect(plural, "p", subresource, object, query);
  } catch (error) {
    if (error instanceof StatusError) return { code: error.code, message: error.message };
    throw error;
  }
  return expect.fail("it was answered");
}

describe("a connection to a pod without a node", () => {
  test.each([
    ["log", {}, 400, "a container name must be specified for pod p, choose one of: [i a b]"],
    ["exec", { container: "z" }, 400, "container z is not valid for pod p"],
    ["exec", { container: "i" }, 400, "pod p does not have a host assigned"],
    ["attach", { container: "a" }, 400, "pod p does not have a host assigned"],
    ["portforward", {}, 400, "pod p does not have a host assigned"],
    ["proxy", {}, 400, "address not allowed"],
    ["log", { container: "a", tailLines: "x" }, 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ["log", { container: "a", tailLines: "-1" }, 422, 'PodLogOptions "p" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0'],
    [
      "log",
      { container: "a", sinceSeconds: "1", sinceTime: "2026-01-01T00:00:00Z" },
      422,
      'PodLogOptions "p" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
  ])("%s with %o is refused", (subresource, query, code, message) => {
    expect(refusal("pods", subresource, query as Record<string, string>, pod(undefined, "a", "b"))).toEqual({ code, message });
  });

  test("has an empty log, of its only container when none is named", () => {
    expect(connect("pods", "p", "log", pod(undefined, "a"), {})).toEqual({ status: 204, body: "" });
  });
});

test("services and nodes that cannot be reached say so", () => {
  expect(refusal("services", "proxy", {}, pod())).toEqual({ code: 503, message: 'no endpoints available for service "p"' });
  expect(refusal("nodes", "proxy", {}, pod())).toEqual({ code: 400, message: "address not allowed" });
});

test("a proxy path names its object with or without scheme and port", () => {
  expect(["a", "a:http", "https:a:http", "https:a:"].map((name) => connectedName("proxy", name))).toEqual(["a", "a", "a", "a"]);
  expect(connectedName("log", "a:b")).toBe("a:b");
});
