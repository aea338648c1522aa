import { describe, expect, it } from "vitest";
import { health, healthPath } from "../../src/api/health.ts";

const reply = { auditId: "a", gzip: false, pretty: false };
const ask = async (path: string, search = "", broken: string[] = []) => {
  const found = healthPath(path);
  if (!found) throw new Error(`${path} is no health path`);
  const response = health(reply, found, search, new Set(broken));
  return { status: response.status, text: await response.text() };
};

describe("health", () => {
  it("is a word when all is well", async () => {
    expect(await ask("/healthz")).toEqual({ status: 200, text: "ok" });
    expect(await ask("/livez", "exclude=ping&exclude=nonsense")).toEqual({ status: 200, text: "ok" });
    expect(await ask("/readyz/ping")).toEqual({ status: 200, text: "ok" });
    expect(await ask("/readyz/poststarthook/rbac/bootstrap-roles")).toEqual({ status: 200, text: "ok" });
  });

  it("lists its checks when asked", async () => {
    const { text } = await ask("/readyz", "verbose");
    expect(text).toMatch(/^\[\+\]ping ok\n/);
    expect(text).toMatch(/readyz check passed\n$/);
  });

  it("lists them too when one fails, without the reason", async () => {
    expect(await ask("/livez", "", ["etcd"])).toMatchObject({
      status: 500,
      text: expect.stringMatching(/\[-\]etcd failed: reason withheld\n(.*\n)*livez check failed\n$/),
    });
    expect(await ask("/livez", "exclude=etcd", ["etcd"])).toEqual({ status: 200, text: "ok" });
    expect((await ask("/livez/etcd", "", ["etcd"])).status).toBe(500);
  });

  it.each(["/livez/nope", "/healthz/constructor"])("%s is not found", async (path) => {
    expect((await ask(path)).status).toBe(404);
  });

  it.each(["/health", "/livez/", "/", "/toString", "/livezz"])("%s is no health path", (path) => {
    expect(healthPath(path)).toBeUndefined();
  });
});
