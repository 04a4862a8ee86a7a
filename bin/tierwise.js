#!/usr/bin/env node
import { main } from "../dist/cli/main.js";

// An interrupted command has kept what it finished; the next run goes on from there.
process.on("SIGINT", () => process.exit(130));
// A reader that has seen enough, such as head, is no mistake.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
process.exitCode = await main(process.argv.slice(2));
