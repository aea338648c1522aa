import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      // Pure code: what a Kubernetes object is, and the parts that run on Node.
      {
        test: {
          name: "unit",
          include: [
            "test/kube/**/*.test.ts",
            "test/api/**/*.test.ts",
            "test/cli/**/*.test.ts",
            "test/controllers/**/*.test.ts",
            "test/differential/**/*.test.ts",
          ],
          isolate: false,
        },
      },
      // Durable Objects: the real workerd runtime.
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        test: {
          name: "workerd",
          include: ["test/durable/**/*.test.ts"],
          exclude: ["test/durable/store/**"],
          maxWorkers: 1,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      "./test/durable/store/vitest.config.ts",
      // Real clients against a real server; one `perigee up` serves them all, so files run one after another.
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/e2e/server.ts"],
          isolate: false,
          maxWorkers: 1,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
