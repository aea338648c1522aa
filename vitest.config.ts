import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      // Pure code: what a Kubernetes object is. Plain Node is the fastest place to run it.
      { test: { name: "unit", include: ["test/kube/**/*.test.ts", "test/api/**/*.test.ts", "test/cli/**/*.test.ts"], isolate: false } },
      // Durable Objects: the real workerd runtime.
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        test: { name: "workerd", include: ["test/durable/**/*.test.ts", "test/controllers/**/*.test.ts"], isolate: false, maxWorkers: 1 },
      },
    ],
  },
});
