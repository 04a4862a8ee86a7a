/** Runs in a process of its own: loads a model for the first time there, runs it once, and reports time and memory. */
import { performance } from "node:perf_hooks";
import type { ProbeAnswer, ProbeRequest } from "./load.ts";

process.once("message", async (message) => {
  const { file, settings, feeds } = message as ProbeRequest;
  const before = process.memoryUsage.rss();
  const start = performance.now();
  const ort = await import("onnxruntime-node");
  const { loadSession } = await import("./runtime.ts");
  const session = await loadSession(file, settings);
  const first_load_s = (performance.now() - start) / 1000;
  await session.run(
    Object.fromEntries(
      feeds.map(({ name, type, data, dims }) => [name, new ort.Tensor(type as "float32", data as Float32Array, dims)]),
    ),
  );
  const answer: ProbeAnswer = { first_load_s, resident_bytes: Math.max(0, process.memoryUsage.rss() - before) };
  process.send!(answer, () => process.exit(0));
});
