import fc from "fast-check";
import { parseTopology, type Topology, type TopologyDocument } from "../../src/formats/topology.ts";

/** A topology from its document, as if read from a file. */
export const topologyOf = (document: TopologyDocument): Topology =>
  parseTopology(JSON.stringify(document), "test.json");

/** Tiers a, b and c in a row, threads as given, everything else as arbitrary as can be. */
export const row = (threads: number): fc.Arbitrary<TopologyDocument> => {
  const link = (from: string, to: string) =>
    fc.record({
      from: fc.constant(from),
      to: fc.constant(to),
      bandwidth: fc.double({ min: 1e5, max: 1e9, noNaN: true }),
      delay: fc.double({ min: 0, max: 0.1, noNaN: true }),
      burst: fc.constantFrom("0 B", "100 kB", "1 s"),
    });
  const tier = (name: string) =>
    fc.record(
      {
        name: fc.constant(name),
        device: fc.constant(`device-${name}`),
        threads: fc.constant(threads),
        cpu_quota: fc.double({ min: 0.1, max: 4, noNaN: true }),
        cpu_period: fc.constantFrom("10 ms", "100 ms"),
        memory: fc.constantFrom("100 MB", "1 GB"),
      },
      { requiredKeys: ["name", "device", "threads"] },
    );
  const device = fc.record({ speed: fc.double({ min: 0.05, max: 20, noNaN: true }) });
  return fc.record({
    session: fc.constantFrom("warm" as const, "cold" as const),
    codec: fc.constantFrom("json" as const, "base64" as const, "raw" as const, "float16" as const),
    enters: fc.constantFrom("a", "b", "c"),
    devices: fc.record({ "device-a": device, "device-b": device, "device-c": device }),
    tiers: fc.tuple(tier("a"), tier("b"), tier("c")),
    links: fc.tuple(link("a", "b"), link("b", "c")),
  });
};

/** Two tiers at the profiled host's speed, one link without delay. */
export const PAIR = {
  tiers: [{ name: "mobile" }, { name: "edge" }],
  links: [{ from: "mobile", to: "edge", bandwidth: "80 Mbit/s" }],
} satisfies TopologyDocument;
