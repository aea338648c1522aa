/**
 * The front desk against requests that mean harm: whatever comes, the answer is a Status below 500, no object wakes for
 * nobody, nothing of a credential is logged or answered, and a small body costs no more than a small body.
 */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { frontDesk } from "../../src/api/app.ts";
import { tokenHash } from "../../src/api/credential.ts";
import type { ClusterStub, Env } from "../../src/api/env.ts";
import { addWarnings } from "../../src/api/respond.ts";
import type { ResourceRequest } from "../../src/durable/protocol.ts";

const TOKEN = "good-token";
const BASE = "https://x/clusters/demo/main";
const CONTEXT = { waitUntil() {}, passThroughOnException() {} } as unknown as ExecutionContext;
const CONFIG_MAPS = `${BASE}/api/v1/namespaces/a/configmaps`;

/** Names of the objects that were woken, and what they were asked. */
let woken: string[] = [];
let asked: ResourceRequest[] = [];
let good: string;
const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);

function env(): Env {
  const id = (name: string) => ({ name }) as unknown as DurableObjectId;
  const cluster = (of: string): ClusterStub => {
    const wake = () => woken.push(of);
    return {
      handle: async (request) => {
        wake();
        // As the platform does: what cannot be cloned cannot be sent.
        asked.push(structuredClone(request));
        return request.credential.tokenHash === good ? { status: 200, body: "{}" } : { status: 401, body: '{"kind":"Status","code":401}' };
      },
      catalog: async ({ tokenHash: hash }) => {
        wake();
        return hash === good ? { revision: "1", resources: [] } : undefined;
      },
      metrics: async () => "",
      provision: async () => ({ created: false }),
      addCredential: async () => undefined,
      fetch: async () => {
        wake();
        return new Response('{"kind":"Status","code":410}', { status: 410 });
      },
    };
  };
  return {
    CLUSTERS: { idFromName: id, get: (of) => cluster(of.name ?? "") },
    TENANTS: { idFromName: id, get: () => ({ addCluster: async () => undefined, listClusters: async () => [] }) },
    ASSETS: { fetch: async () => new Response("{}") },
    PERIGEE_OPERATOR_KEY: "operator-key",
  };
}

beforeEach(async () => {
  good = await tokenHash(TOKEN);
  woken = [];
  asked = [];
  logged.mockClear();
});

afterEach(() => {
  expect(logged.mock.calls).toEqual([]);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

interface Attack extends Omit<RequestInit, "headers"> {
  headers?: Record<string, string> | [string, string][];
  token?: string | undefined;
}

async function send(url: string, { token = TOKEN, headers, ...init }: Attack = {}) {
  const all = new Headers(headers);
  if (token !== "" && !all.has("authorization")) all.set("authorization", `Bearer ${token}`);
  const response = await frontDesk(
    new Request(url, { ...init, headers: all, ...(init.body instanceof ReadableStream ? { duplex: "half" } : {}) }),
    env(),
    CONTEXT,
  );
  const text = await response.text();
  return { status: response.status, text, message: text.startsWith("{") ? (JSON.parse(text) as { message?: string }).message : undefined };
}

function post(body: BodyInit, contentType: string) {
  return send(CONFIG_MAPS, { method: "POST", body, headers: { "content-type": contentType } });
}

describe("a request of nobody", () => {
  it.each<[string, Record<string, string>]>([
    ["no header", {}],
    ["an empty header", { authorization: "" }],
    ["Basic", { authorization: "Basic YTpi" }],
    ["a bare token", { authorization: TOKEN }],
    ["a tab", { authorization: `Bearer\t${TOKEN}` }],
    ["two blanks", { authorization: `Bearer  ${TOKEN}` }],
    ["another scheme", { authorization: `Token ${TOKEN}` }],
    ["impersonation alone", { "impersonate-user": "admin", "impersonate-group": "system:masters" }],
    ["impersonation of groups alone", { "impersonate-group": "system:masters" }],
    ["request headers of a proxy", { "x-remote-user": "admin", "x-remote-group": "system:masters" }],
    ["our own inner header", { "x-perigee-watch": '{"resource":"secrets","credential":{"tokenHash":"a"}}' }],
  ])("with %s is 401, and wakes no object, of whatever cluster", async (_, headers) => {
    for (const base of [BASE, "https://x/clusters/no/such"]) {
      for (const path of ["/api/v1/secrets", "/api/v1/secrets?watch=1", "/api", "/openapi/v3", "/metrics", "/apis/nope/v1/x", "/nope"]) {
        expect((await send(base + path, { token: "", headers })).status).toBe(401);
      }
    }
    expect(woken).toEqual([]);
  });

  it("does not reach the tenants' API either", async () => {
    for (const authorization of ["", "Bearer wrong", `Bearer ${TOKEN}`, "Bearer operator-ke", "Bearer operator-keyx", "Basic operator-key"]) {
      expect((await send("https://x/tenants/demo/clusters", { headers: { authorization } })).status).toBe(401);
    }
  });
});

describe("a token", () => {
  it.each([`Bearer ${"x".repeat(1_000_000)}`, `Bearer ${TOKEN}, Bearer x`, `Bearer ${TOKEN.toUpperCase()}`, "Bearer __proto__", "Bearer \u00e9"])(
    "that is none of ours is 401 and said nowhere (%#)",
    async (authorization) => {
      const { status, text } = await send(`${BASE}/api/v1/pods`, { headers: { authorization } });
      expect(status).toBe(401);
      expect(text).not.toContain(authorization.slice(7, 20));
    },
  );

  it("goes no further than its hash, whatever else is sent", async () => {
    await send(`${BASE}/api/v1/pods?token=${TOKEN}x&__proto__=1`, { headers: { "x-token": "y", "user-agent": "z" } });
    expect(JSON.stringify(asked[0])).not.toContain(`"${TOKEN}"`);
  });
});

describe("impersonation", () => {
  it("takes any extra key, those that objects inherit too", async () => {
    const headers: [string, string][] = [
      ["impersonate-user", "bob"],
      ["impersonate-extra-__proto__", "x"],
      ["impersonate-extra-constructor", "y"],
      ["impersonate-extra-%zz", "z"],
    ];
    expect((await send(`${BASE}/api/v1/pods`, { headers })).status).toBe(200);
    expect(Object.entries(asked[0]?.credential.impersonate?.extra ?? {}).sort()).toEqual([
      ["%zz", ["z"]],
      ["__proto__", ["x"]],
      ["constructor", ["y"]],
    ]);
  });

  it("of nobody is no impersonation", async () => {
    expect((await send(`${BASE}/api/v1/pods`, { headers: { "impersonate-user": "" } })).status).toBe(200);
    expect(asked[0]?.credential.impersonate).toBeUndefined();
  });

  it("of groups without a user is refused with what was asked", async () => {
    const { status, message } = await send(`${BASE}/api/v1/pods`, { headers: { "impersonate-group": "g", "impersonate-uid": "7" } });
    expect(status).toBe(400);
    expect(message).toBe(
      'requested &user.DefaultInfo{Name:"", UID:"7", Groups:[]string{"g"}, Extra:map[string][]string(nil)} without impersonating a user name',
    );
    expect(asked).toEqual([]);
  });
});

describe("a path", () => {
  it.each([
    ["/api/v1/namespaces/a/configmaps/%252e%252e", 400],
    ["/api/v1/namespaces/a/configmaps/%25", 400],
    ["/api/v1/namespaces/a/configmaps/%", 400],
    ["/api/v1/namespaces/a/configmaps/%ff%fe", 400],
    ["/api/v1/namespaces/a//configmaps/b", 404],
    ["//", 404],
    ["/metrics/", 404],
    ["/apis/__proto__", 404],
    ["/apis/constructor/v1", 404],
    ["/healthz/__proto__", 404],
    ["/openapi/v3/apis/__proto__/v1", 404],
    ["/api/v1/namespaces/a/pods/x/log/../exec/y", 404],
  ])("%s is %i", async (path, status) => {
    expect((await send(BASE + path)).status).toBe(status);
    expect(asked).toEqual([]);
  });

  it("names what it names: an encoded letter is a letter, a subresource that objects inherit is none of the kind's", async () => {
    await send(`${BASE}/api/v1/namespaces/%61/config%6daps/b`);
    expect(asked[0]).toMatchObject({ namespace: "a", resource: "configmaps", name: "b" });
    await send(`${BASE}/api/v1/namespaces/a/pods/x/constructor`, { method: "POST", body: "{}", headers: { "content-type": "application/json" } });
    expect(asked[1]).toMatchObject({ subresource: "constructor" });
  });

  it.each(["OPTIONS", "HEAD", "PROPFIND", "LINK", "M-SEARCH", "get"])("has no method %s", async (method) => {
    const { status } = await send(CONFIG_MAPS, { method });
    expect([200, 404, 405]).toContain(status);
    expect(asked.every((request) => request.verb === "list" || request.verb === "get")).toBe(true);
  });

  it("of any shape is answered below 500, in any cluster", async () => {
    const segment = fc.oneof(
      fc.constantFrom(
        "api",
        "apis",
        "v1",
        "apps",
        "watch",
        "namespaces",
        "pods",
        "proxy",
        "status",
        "",
        ".",
        "..",
        "%2e%2e",
        "%2f",
        "%00",
        "%25",
        "__proto__",
        "constructor",
        "a",
        "x".repeat(300),
      ),
      fc.string({ maxLength: 6 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { maxLength: 9 }), fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), async (segments, method) => {
        let url: string;
        try {
          url = new Request(`${BASE}/${segments.join("/")}`).url;
        } catch {
          return;
        }
        const { status } = await send(url, { method });
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a query", () => {
  it("may name what objects inherit, and reaches nobody's prototype", async () => {
    await send(`${CONFIG_MAPS}?__proto__=x&__proto__[polluted]=y&constructor=z&toString=w&limit=1`);
    expect(asked[0]?.query.limit).toBe("1");
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });

  it.each(["abc", "", "1.5", "0x10", "1e3", " ", "9;DROP"])("timeoutSeconds=%j opens no watch", async (seconds) => {
    expect((await send(`${CONFIG_MAPS}?watch=1&timeoutSeconds=${encodeURIComponent(seconds)}`)).status).toBe(400);
    expect(woken.length).toBeLessThanOrEqual(1);
  });

  it("and an Accept header of any text are answered below 500", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 60 }), fc.string({ maxLength: 60 }), async (query, accept) => {
        const header = accept.replace(/[^\x20-\x7e]/g, "");
        const { status } = await send(`${CONFIG_MAPS}?${encodeURI(query).replaceAll("#", "")}`, {
          headers: { accept: `application/json;${header},${header}` },
        });
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 200 },
    );
  });
});

/** A body that comes in pieces, its length unsaid. */
function inPieces(bytes: number, piece = 65_536): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      const size = Math.min(piece, left);
      if (size === 0) return controller.close();
      left -= size;
      controller.enqueue(new Uint8Array(size).fill(0x20));
    },
  });
}

describe("a body", () => {
  const LIMIT = 3 * 1024 * 1024;

  it.each([
    ["said to be too long", () => "x".repeat(LIMIT + 1)],
    ["too long in pieces", () => inPieces(LIMIT + 1)],
    ["without end", () => inPieces(Number.MAX_SAFE_INTEGER)],
  ])("%s is 413, and no object hears of it", async (_, body) => {
    for (const type of ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]) {
      const { status, message } = await post(body(), type);
      expect(status).toBe(413);
      expect(message).toBe("Request entity too large: limit is 3145728");
    }
    expect(asked).toEqual([]);
  });

  it("whose client goes away in the middle is no failure of ours", async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"apiVersion":'));
        controller.error(new Error("Network connection lost."));
      },
    });
    expect((await post(body, "application/json")).status).toBe(400);
    expect(asked).toEqual([]);
  });

  it("is JSON without a byte order mark", async () => {
    await post("\ufeff{}", "application/json");
    expect(asked[0]?.body).toBe("\ufeff{}");
  });

  it("in no UTF-8 is U+FFFD in JSON and refused as YAML", async () => {
    const bytes = new Uint8Array([...new TextEncoder().encode("a: "), 0xff, 0xfe]);
    await post(bytes, "application/json");
    expect(asked[0]?.body).toBe("a: \ufffd\ufffd");
    expect((await post(bytes, "application/yaml")).message).toContain("yaml: invalid leading UTF-8 octet");
  });
});

const HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";
const LETTERS = "abcdefghij".split("");

/** Ten levels of ten aliases each: ten thousand million nodes in half a kilobyte. */
const LAUGHS = LETTERS.map(
  (letter, at) =>
    `${letter}: &${letter} [${Array(10)
      .fill(at === 0 ? "x" : `*${LETTERS[at - 1]}`)
      .join(",")}]`,
).join("\n");
/** Each anchor holds the one before, deep inside. */
const LADDER = Array.from({ length: 100 }, (_, at) => `- &a${at} ${"[".repeat(300)}${at === 0 ? "x" : `*a${at - 1}`}${"]".repeat(300)}`).join("\n");

describe("YAML", () => {
  it.each([
    ["a billion laughs", HEAD + LAUGHS, "excessive aliasing"],
    ["a ladder of deep anchors", `${HEAD}z:\n${LADDER}`, "yaml: "],
    ["an anchor within itself", `${HEAD}z: &a [*a]\n`, "contains itself"],
    ["a merge with itself", `${HEAD}z: &a {<<: *a}\n`, "contains itself"],
    ["an unknown anchor", `${HEAD}z: *nope\n`, "unknown anchor 'nope' referenced"],
    ["endless brackets", "[".repeat(100_000), "yaml: exceeded max depth"],
    ["brackets deeper than a stack", `${HEAD}z: ${"[".repeat(20_000)}${"]".repeat(20_000)}`, "yaml: "],
    ["endless dashes", `${HEAD}z:\n${"- ".repeat(20_000)}a`, "exceeded max depth"],
    ["endless question marks", `${HEAD}${"? ".repeat(20_000)}`, "yaml: "],
    ["a control character", `${HEAD}data: {a: "\u0001"}\n`, "yaml: control characters are not allowed"],
    ["a NUL", `${HEAD}data: {a: \u0000}\n`, "yaml: control characters are not allowed"],
    ["another version", `%YAML 9.9\n---\n${HEAD}`, "yaml: found incompatible YAML document"],
    ["a list as a key", `${HEAD}data: {[a]: b}\n`, "yaml: invalid map key"],
    ["nothing as a key", `${HEAD}data: {~: b}\n`, "unsupported map key"],
    ["no number", `${HEAD}data: {a: .nan}\n`, "json: unsupported value: NaN"],
    ["an endless number", `${HEAD}data: {a: -.inf}\n`, "json: unsupported value: -Inf"],
  ])("of %s is refused in no time", async (_, text, why) => {
    const started = performance.now();
    for (const [method, type, url] of [
      ["POST", "application/yaml", CONFIG_MAPS],
      ["PATCH", "application/apply-patch+yaml", `${CONFIG_MAPS}/x?fieldManager=f`],
    ] as const) {
      const { status, message } = await send(url, { method, body: text, headers: { "content-type": type } });
      expect(status).toBe(400);
      expect(message).toContain(why);
    }
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(asked).toEqual([]);
  });

  it("has no tag that makes anything but data", async () => {
    await post(`${HEAD}data: {a: !!python/object/apply:os.system [ls], __proto__: b}\n`, "application/yaml");
    const { data } = JSON.parse(asked[0]?.body ?? "{}") as { data: object };
    expect(Object.getOwnPropertyNames(data)).toEqual(["a", "__proto__"]);
  });

  it("of any text is answered below 500", async () => {
    const scrap = fc.constantFrom(
      "a",
      ":",
      " ",
      "\n",
      "- ",
      "[",
      "]",
      "{",
      "}",
      "&a ",
      "*a",
      "!!str ",
      "|\n",
      ">",
      '"',
      "'",
      "#",
      "%",
      "---\n",
      "? ",
      "<<: ",
      "\t",
      "~",
      "1",
      "\u{1F600}",
      "\\",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(scrap, { maxLength: 40 }), async (scraps) => {
        expect((await post(scraps.join(""), "application/yaml")).status).toBeLessThan(500);
      }),
      { numRuns: 500 },
    );
  });
});

describe("protobuf", () => {
  const MAGIC = [0x6b, 0x38, 0x73, 0];
  const ENVELOPE = [...MAGIC, 0x0a, 0x0f, 0x0a, 2, ...new TextEncoder().encode("v1"), 0x12, 9, ...new TextEncoder().encode("ConfigMap")];
  const PROTOBUF = "application/vnd.kubernetes.protobuf";

  it.each([
    ["nothing", []],
    ["half a magic number", MAGIC.slice(0, 2)],
    ["a length beyond the end", [...ENVELOPE, 0x12, 0xff, 0xff, 0xff, 0x7f]],
    ["a negative length", [...ENVELOPE, 0x12, ...Array(9).fill(0xff), 0x01]],
    ["a varint without end", [...ENVELOPE, 0x12, ...Array(20).fill(0xff)]],
    ["groups without end", [...ENVELOPE, 0x12, 0x80, 0x08, ...Array(1024).fill(0x0b)]],
    ["wire type 7", [...ENVELOPE, 0x12, 1, 0x0f]],
    ["field 0", [...ENVELOPE, 0x12, 2, 0x00, 0x01]],
  ])("of %s is refused", async (_, bytes) => {
    expect((await post(new Uint8Array(bytes), PROTOBUF)).status).toBe(400);
    expect(asked).toEqual([]);
  });

  it("keeps a key that objects inherit, as a key", async () => {
    const entry = [0x0a, 9, ...new TextEncoder().encode("__proto__"), 0x12, 1, 0x76];
    const raw = [0x12, entry.length, ...entry];
    expect((await post(new Uint8Array([...ENVELOPE, 0x12, raw.length, ...raw]), PROTOBUF)).status).toBe(200);
    expect(asked[0]?.body).toContain('"data":{"__proto__":"v"}');
  });

  it("of any bytes is answered below 500", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.boolean(), async (bytes, enveloped) => {
        const body = enveloped ? [...ENVELOPE, 0x12, bytes.length, ...bytes] : [...MAGIC, ...bytes];
        expect((await post(new Uint8Array(body), PROTOBUF)).status).toBeLessThan(500);
      }),
      { numRuns: 500 },
    );
  });
});

describe("warnings", () => {
  it("never make a head that clients refuse", () => {
    const sizes = (warnings: string[]) => {
      const headers = new Headers();
      addWarnings(headers, warnings);
      return (headers.get("warning") ?? "").length;
    };
    expect(sizes(["a", "a"])).toBe('299 - "a"'.length);
    expect(sizes(["x".repeat(4000)])).toBe(4008);
    expect(sizes(["x".repeat(100_000)])).toBe(264);
    expect(sizes(Array.from({ length: 1000 }, (_, at) => `${at}${"y".repeat(300)}`))).toBeLessThan(5000);
  });
});

describe("a media type", () => {
  it.each(["json", "application/json;;", "application/json; a", "text/plain", "multipart/form-data; boundary=x", "application/cbor", "*/*", "a".repeat(3000)])(
    "%s of a body is 415",
    async (type) => {
      expect((await post("{}", type)).status).toBe(415);
      expect(asked).toEqual([]);
    },
  );
});
