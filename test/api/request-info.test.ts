import { describe, expect, it } from "vitest";
import { decodePath, isTruthy, MalformedPath, parseQuery, parseRequestInfo, type RequestInfo, verbOf } from "../../src/api/request-info.ts";

const info = (fields: Partial<RequestInfo>): RequestInfo => ({
  group: "",
  version: "v1",
  resource: "",
  subresource: "",
  namespace: "",
  name: "",
  rest: undefined,
  watchPrefix: false,
  ...fields,
});

describe("a URL path names a resource", () => {
  it.each<[string, Partial<RequestInfo>]>([
    ["/api/v1/pods", { resource: "pods" }],
    ["/api/v1/pods/", { resource: "pods" }],
    ["/api/v1/namespaces", { resource: "namespaces" }],
    ["/api/v1/namespaces/default", { resource: "namespaces", name: "default" }],
    ["/api/v1/namespaces/default/", { resource: "namespaces", name: "default" }],
    ["/api/v1/namespaces/default/status", { resource: "namespaces", name: "default", subresource: "status" }],
    ["/api/v1/namespaces/default/finalize", { resource: "namespaces", name: "default", subresource: "finalize" }],
    ["/api/v1/namespaces/default/pods", { resource: "pods", namespace: "default" }],
    ["/api/v1/namespaces//pods", { resource: "pods" }],
    ["/api/v1/namespaces/default/pods/web", { resource: "pods", namespace: "default", name: "web" }],
    ["/api/v1/namespaces/default/pods/web/log", { resource: "pods", namespace: "default", name: "web", subresource: "log" }],
    ["/api/v1/namespaces/default/pods/web/log/x", { resource: "pods", namespace: "default", name: "web", subresource: "log", rest: "x" }],
    ["/api/v1/namespaces/default/pods/web/proxy/a/b/c", { resource: "pods", namespace: "default", name: "web", subresource: "proxy", rest: "a/b/c" }],
    ["/api/v1/nodes/one/status", { resource: "nodes", name: "one", subresource: "status" }],
    ["/api/v1//pods", { resource: "", name: "pods" }],
    ["/apis/apps/v1/deployments", { group: "apps", resource: "deployments" }],
    ["/apis/apps/v1/namespaces/a/deployments/b/scale", { group: "apps", resource: "deployments", namespace: "a", name: "b", subresource: "scale" }],
    ["/apis/example.com/v1beta1/namespaces/a/widgets", { group: "example.com", version: "v1beta1", resource: "widgets", namespace: "a" }],
    ["/api/v1/watch/pods", { resource: "pods", watchPrefix: true }],
    ["/api/v1/watch/namespaces/default/pods/web", { resource: "pods", namespace: "default", name: "web", watchPrefix: true }],
    ["/apis/apps/v1/watch/namespaces/a/deployments", { group: "apps", resource: "deployments", namespace: "a", watchPrefix: true }],
  ])("%s", (path, expected) => {
    expect(parseRequestInfo(path)).toEqual(info(expected));
  });

  it.each([
    "/",
    "/api",
    "/api/",
    "/api/v1",
    "/api/v1/",
    "/apis",
    "/apis/",
    "/apis/apps",
    "/apis/apps/v1",
    "/apis/apps/v1/",
    "/version",
    "/healthz/ping",
    "//api/v1/pods",
  ])("%s is no resource path", (path) => {
    expect(parseRequestInfo(path)).toBeUndefined();
  });
});

describe("percent-encoding", () => {
  it("is decoded before the path is split, so an encoded slash separates", () => {
    expect(parseRequestInfo(decodePath("/api/v1/namespaces/de%2Ffault"))).toMatchObject({ resource: "fault", namespace: "de" });
    expect(parseRequestInfo(decodePath("/api/v1/nodes/a%20b"))).toMatchObject({ name: "a b" });
  });

  it.each(["/api/v1/nodes/%zz", "/api/v1/nodes/%", "/%e0%a4"])("%s is malformed", (path) => {
    expect(() => decodePath(path)).toThrow(MalformedPath);
  });
});

describe("method and path give the verb", () => {
  const pods = info({ resource: "pods", namespace: "default" });
  const web = info({ ...pods, name: "web" });
  it.each<[string, RequestInfo, string | undefined, string | undefined]>([
    ["GET", pods, undefined, "list"],
    ["GET", pods, "1", "watch"],
    ["GET", pods, "true", "watch"],
    ["GET", pods, "", "watch"],
    ["GET", pods, "false", "list"],
    ["GET", pods, "False", "list"],
    ["GET", pods, "0", "list"],
    ["GET", web, undefined, "get"],
    ["GET", web, "1", "get"],
    ["GET", { ...web, watchPrefix: true }, undefined, "watch"],
    ["POST", pods, undefined, "create"],
    ["POST", web, undefined, undefined],
    ["POST", { ...web, subresource: "eviction" }, undefined, "create"],
    ["PUT", web, undefined, "update"],
    ["PUT", pods, undefined, undefined],
    ["PATCH", web, undefined, "patch"],
    ["PATCH", pods, undefined, undefined],
    ["DELETE", web, undefined, "delete"],
    ["DELETE", pods, undefined, "deletecollection"],
    ["HEAD", web, undefined, undefined],
    ["OPTIONS", pods, undefined, undefined],
    ["FOO", pods, undefined, undefined],
  ])("%s %o watch=%s", (method, target, watch, verb) => {
    expect(verbOf(method, target, watch)).toBe(verb);
  });
});

describe("query", () => {
  it("keeps the first value of each parameter, decoded", () => {
    expect(parseQuery("a=1&a=2&labelSelector=app%3Dweb%2Cx+y&watch")).toEqual({ a: "1", labelSelector: "app=web,x y", watch: "" });
    expect(parseQuery("")).toEqual({});
  });

  it("does not mistake a parameter for a property of all objects", () => {
    expect(parseQuery("__proto__=x&toString=y")).toMatchObject({ toString: "y" });
    expect(isTruthy(parseQuery("").watch)).toBe(false);
  });
});
