import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COMPATIBILITY_DATE, COMPATIBILITY_FLAGS } from "../../src/cli/up.ts";
import { workerdConfig } from "../../src/cli/workerd-config.ts";

const options = {
  address: "127.0.0.1:8787",
  tls: undefined,
  objectsFolder: "/data/objects",
  assetsFolder: "/assets",
  moduleFile: "worker.js",
  compatibilityDate: COMPATIBILITY_DATE,
  compatibilityFlags: COMPATIBILITY_FLAGS,
  environment: { PUBLIC_ENDPOINT: "127.0.0.1:8787" },
};

describe("the configuration of workerd", () => {
  test("serves the bundle on one socket, its objects on disk with SQL and eviction", () => {
    const text = workerdConfig(options);
    expect(text).toContain(`sockets = [(name = "perigee", address = "127.0.0.1:8787", http = (), service = "perigee")]`);
    expect(text).toContain(`(className = "Cluster", uniqueKey = "perigee-cluster", enableSql = true)`);
    expect(text).toContain(`durableObjectStorage = (localDisk = "objects")`);
    expect(text).not.toContain("preventEviction");
    expect(text).not.toContain("ROOT_CLUSTER");
  });

  test("serves one cluster at the root of a second socket, which alone says so", () => {
    const text = workerdConfig({ ...options, rootCluster: { address: "127.0.0.1:8788", cluster: "demo/main" } });
    expect(text).toContain(`(name = "perigee", address = "127.0.0.1:8787", http = (injectRequestHeaders = [(name = "x-perigee-root")]), service = "perigee")`);
    expect(text).toContain(
      `(name = "root", address = "127.0.0.1:8788", http = (injectRequestHeaders = [(name = "x-perigee-root", value = "1")]), service = "perigee")`,
    );
    expect(text).toContain(`(name = "ROOT_CLUSTER", text = "demo/main")`);
  });

  test("quotes what text literals cannot hold", () => {
    const text = workerdConfig({ ...options, environment: { ODD: 'a"b\\c\nd' } });
    expect(text).toContain(String.raw`(name = "ODD", text = "a\"b\\c\nd")`);
  });

  test("runs with the same date and flags as a deployment", () => {
    const deployed = readFileSync("wrangler.toml", "utf8");
    expect(deployed).toContain(`compatibility_date = "${COMPATIBILITY_DATE}"`);
    expect(deployed).toContain(`compatibility_flags = ${JSON.stringify(COMPATIBILITY_FLAGS).replaceAll(",", ", ")}`);
  });
});
