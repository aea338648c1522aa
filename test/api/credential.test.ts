import { describe, expect, it } from "vitest";
import { bearerToken, credentialOf, newToken, sameHash, tokenHash } from "../../src/api/credential.ts";

const SECRET_HASH = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

describe("a credential", () => {
  it("is the token's hash, never the token", async () => {
    const credential = await credentialOf(new Headers({ authorization: "Bearer secret" }));
    expect(credential).toEqual({ tokenHash: SECRET_HASH });
  });

  it("needs no waiting when the token was seen before", async () => {
    await credentialOf(new Headers({ authorization: "Bearer secret" }));
    expect(credentialOf(new Headers({ authorization: "bearer secret" }))).toEqual({ tokenHash: SECRET_HASH });
  });

  it.each<[string | null, string | undefined]>([
    [null, undefined],
    ["Bearer ", undefined],
    ["Bearer", undefined],
    ["Basic abc", undefined],
    ["Bearer a b", "a"],
    ["Bearer  a", undefined],
    ["Bearer\ta", undefined],
    ["BEARER x", "x"],
  ])("of %j is the token %j", (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });

  it("carries impersonation", async () => {
    const headers = new Headers({
      authorization: "Bearer secret",
      "impersonate-user": "jane",
      "impersonate-uid": "7",
      "impersonate-extra-scopes": "view",
      "impersonate-extra-acme.com%2fproject": "p",
    });
    headers.append("impersonate-group", "dev");
    headers.append("impersonate-group", "ops");
    expect(await credentialOf(headers)).toEqual({
      tokenHash: SECRET_HASH,
      impersonate: { user: "jane", uid: "7", groups: ["dev", "ops"], extra: { scopes: ["view"], "acme.com/project": ["p"] } },
    });
  });

  it("refuses groups without a user", () => {
    expect(() => credentialOf(new Headers({ "impersonate-group": "dev" }))).toThrow("without impersonating a user name");
    expect(() => credentialOf(new Headers({ "impersonate-extra-a": "dev" }))).toThrow("without impersonating a user name");
  });
});

describe("tokens", () => {
  it("have 256 bits and differ", () => {
    const [one, other] = [newToken(), newToken()];
    expect(one).toMatch(/^[\w-]{43}$/);
    expect(one).not.toBe(other);
  });

  it("are compared by hash", async () => {
    expect(sameHash(await tokenHash("a"), await tokenHash("a"))).toBe(true);
    expect(sameHash(await tokenHash("a"), await tokenHash("b"))).toBe(false);
    expect(sameHash(await tokenHash("a"), "")).toBe(false);
  });
});
