import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
  test: { root: import.meta.dirname, name: "store", include: ["**/*.test.ts"], isolate: false, maxWorkers: 1 },
});
