import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { servingCertificate } from "../../src/cli/certificates.ts";

const DAY = 24 * 60 * 60 * 1000;
const NAMES = ["localhost", "127.0.0.1", "::1", "kubernetes.default.svc"];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "perigee-pki-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the serving certificate", () => {
  const now = new Date("2026-06-01T00:00:00Z");

  test("is signed by the folder's own authority and holds every name", async () => {
    const made = await servingCertificate(folder, NAMES, now);
    const authority = new X509Certificate(made.caCertificate);
    const serving = new X509Certificate(made.certificateChain);
    expect(made.madeAuthority).toBe(true);
    expect(authority.ca).toBe(true);
    expect(serving.verify(authority.publicKey)).toBe(true);
    expect(serving.checkIssued(authority)).toBe(true);
    expect(serving.checkHost("localhost")).toBe("localhost");
    expect(serving.checkHost("kubernetes.default.svc")).toBe("kubernetes.default.svc");
    expect(serving.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(serving.checkIP("::1")).toBe("::1");
    expect(serving.checkHost("example.com")).toBeUndefined();
  });

  test("keeps its keys from other users", async () => {
    await servingCertificate(folder, NAMES, now);
    for (const key of ["ca.key", "serving.key"]) expect(statSync(join(folder, key)).mode & 0o777).toBe(0o600);
  });

  test("is used again while it is good", async () => {
    const first = await servingCertificate(folder, NAMES, now);
    const second = await servingCertificate(folder, NAMES, new Date(now.getTime() + 100 * DAY));
    expect(second).toEqual({ ...first, madeAuthority: false });
  });

  test.each([
    ["when it ends soon", NAMES, 340],
    ["when a name is missing", [...NAMES, "192.0.2.7"], 0],
  ])("is renewed under the same authority %s", async (_when, names, days) => {
    const first = await servingCertificate(folder, NAMES, now);
    const second = await servingCertificate(folder, names, new Date(now.getTime() + days * DAY));
    expect(second.caCertificate).toBe(first.caCertificate);
    expect(second.certificateChain).not.toBe(first.certificateChain);
  });
});
