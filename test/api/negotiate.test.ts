import { describe, expect, it } from "vitest";
import { checkRepresentable, mediaTypeOf, negotiate, offersMetaViews, offersNoView, parseAccept, wantsPretty } from "../../src/api/negotiate.ts";
import type { StatusError } from "../../src/kube/machinery/status.ts";

const TABLE = { group: "meta.k8s.io", version: "v1", kind: "Table" };
const PARTIAL = { group: "meta.k8s.io", version: "v1", kind: "PartialObjectMetadata" };

describe("the Accept header chooses format and view", () => {
  it.each<[string | null, object]>([
    [null, { media: "json" }],
    ["", { media: "json" }],
    ["*/*", { media: "json" }],
    ["*", { media: "json" }],
    ["application/json", { media: "json" }],
    ["application/*", { media: "json" }],
    ["application/json; charset=utf-8", { media: "json" }],
    ["application/json;foo=bar", { media: "json" }],
    ["application/json;stream=watch", { media: "json" }],
    ["application/json;pretty=1", { media: "json", pretty: true }],
    ["application/yaml", { media: "yaml" }],
    ["application/json;q=0.1,application/yaml", { media: "yaml" }],
    ["application/yaml;q=0.1,application/json;q=0.2", { media: "json" }],
    ["text/html, */*", { media: "json" }],
    ["application/vnd.kubernetes.protobuf,application/json", { media: "json" }],
    ["application/vnd.kubernetes.protobuf, */*", { media: "json" }],
    ["application/json;as=Table;v=v1;g=meta.k8s.io", { media: "json", view: TABLE }],
    ["application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", { media: "json", view: TABLE }],
    ["application/json;as=Table;v=v9;g=meta.k8s.io,application/json", { media: "json", view: undefined }],
    ["application/yaml;as=Table;v=v1;g=meta.k8s.io", { media: "yaml", view: TABLE }],
    [
      "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
      { media: "json", view: PARTIAL },
    ],
  ])("%s", (accept, expected) => {
    expect(negotiate(accept, offersMetaViews)).toMatchObject(expected);
  });

  const refusal = (accept: string, watch = false): StatusError => {
    try {
      negotiate(accept, offersMetaViews, watch);
    } catch (error) {
      return error as StatusError;
    }
    throw new Error("was accepted");
  };

  it.each([
    "application/json;as=Table",
    "application/json;as=Foo;g=meta.k8s.io;v=v1",
    "application/json;as=Table;g=other;v=v1",
    "application/json;stream=x",
    "text/html",
  ])("%s cannot be made: 406", (accept) => {
    expect(refusal(accept)).toMatchObject({
      code: 406,
      message: "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    });
  });

  it("protobuf alone is refused without being recommended", () => {
    expect(refusal("application/vnd.kubernetes.protobuf").message).toBe("only the following media types are accepted: application/json, application/yaml");
  });

  it("a watch is JSON only", () => {
    expect(refusal("application/yaml", true).message).toBe(
      "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
    );
    expect(negotiate("application/json;stream=watch", offersMetaViews, true).media).toBe("json");
  });

  it("a resource that cannot be read offers no table", () => {
    expect(() => negotiate("application/json;as=Table;v=v1;g=meta.k8s.io", offersNoView)).toThrow("only the following media types");
  });
});

describe("the router's check", () => {
  it.each([null, "*/*", "application/json", "text/html;q=1,application/yaml", "application/vnd.kubernetes.protobuf"])("%s passes", (accept) => {
    expect(() => checkRepresentable(accept)).not.toThrow();
  });

  it.each(["text/html", "application/*", "application/cbor", "nonsense"])("%s does not", (accept) => {
    expect(() => checkRepresentable(accept)).toThrow(
      "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    );
  });
});

describe("clauses are ordered", () => {
  it("by quality, then the more specific, then as written", () => {
    const order = parseAccept("*/*, application/*, application/yaml;q=0.5, text/plain, application/json").map(({ type, subtype }) => `${type}/${subtype}`);
    expect(order).toEqual(["text/plain", "application/json", "application/*", "*/*", "application/yaml"]);
  });
});

describe("indented output", () => {
  it.each<[Record<string, string>, string, boolean]>([
    [{}, "kubectl/v1.36.3", false],
    [{}, "curl/8.1", true],
    [{}, "Wget/1.2", true],
    [{}, "Mozilla/5.0 (X11)", true],
    [{ pretty: "true" }, "kubectl", true],
    [{ pretty: "1" }, "kubectl", true],
    [{ pretty: "" }, "curl/8.1", false],
    [{ pretty: "0" }, "curl/8.1", false],
    [{ pretty: "yes" }, "curl/8.1", false],
  ])("%o for %s: %s", (query, userAgent, expected) => {
    expect(wantsPretty(query, userAgent)).toBe(expected);
  });
});

describe("Content-Type", () => {
  it.each<[string, string | undefined]>([
    ["application/json", "application/json"],
    ["Application/JSON; charset=utf-8", "application/json"],
    ["application/json;", "application/json"],
    ["application/json;;;", undefined],
    ["application/json; nonsense", undefined],
  ])("%s → %s", (header, expected) => {
    expect(mediaTypeOf(header)).toBe(expected);
  });
});
