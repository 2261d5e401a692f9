import { defineConfig } from "vitest/config";

/** Three suites: `unit` beside the code, `scenario` over real sockets, `cluster` against a real API server. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          // A CommonJS module is what Node takes it for.
          deps: { interopDefault: false },
          testTimeout: 30_000,
          include: ["src/**/*.test.ts", "hack/**/*.test.ts", "test/{bench,soak,golden,wire,fuzz,docs,kubernetes}/**/*.test.ts"],
        },
      },
      {
        test: {
          name: "scenario",
          include: ["test/{scenario,peers}/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "cluster",
          include: ["test/cluster/**/*.test.ts"],
          globalSetup: ["test/cluster/global-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
