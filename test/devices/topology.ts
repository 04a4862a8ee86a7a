import { parseTopology } from "../../src/formats/topology.ts";

export const TOPOLOGY = parseTopology(
  `
name: two
devices: { phone: { speed: 0.5, note: half } }
tiers:
  - { name: mobile, device: phone, threads: 1 }
  - { name: edge, device: host, threads: 1 }
links:
  - { from: mobile, to: edge, bandwidth: 50 Mbit/s, delay: 5 ms }
`,
  "two.yaml",
);
