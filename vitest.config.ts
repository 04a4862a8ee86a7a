import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    // Two cores carry two test files; more only wait for one another.
    maxWorkers: 2,
  },
});
