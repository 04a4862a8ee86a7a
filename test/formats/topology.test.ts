import { readdirSync, readFileSync } from "node:fs";
import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { z } from "zod";
import { Problem } from "../../src/formats/problem.ts";
import { parseTopology, topologySchema } from "../../src/formats/topology.ts";

const WRITTEN = `
devices: { phone: { speed: 0.3, note: assumption } }
tiers:
  - { name: mobile, device: phone, memory: 4 GiB }
  - { name: edge, threads: 2, cpu_quota: 0.5, cpu_period: 10 ms }
links:
  - { from: mobile, to: edge, bandwidth: 50 Mbit/s, delay: 5 ms, burst: 1 s, reverse: { bandwidth: 20 Mbit/s } }
`;

/** Nobody said what a byte costs. */
const FREE = { energy_j_per_byte: null, price_per_byte: null };

describe("a topology", () => {
  test("is read with its units and defaults", () => {
    expect(parseTopology(WRITTEN, "somewhere/home.yaml")).toEqual({
      name: "home",
      description: "",
      session: "warm",
      codec: "raw",
      enters: "mobile",
      tiers: [
        {
          name: "mobile",
          device: "phone",
          speed: 0.3,
          note: "assumption",
          threads: 1,
          cpu_quota: null,
          cpu_period_s: 0.1,
          memory_bytes: 2 ** 32,
          power_w: null,
          price_per_s: null,
        },
        {
          name: "edge",
          device: "host",
          speed: 1,
          note: "the profiled host",
          threads: 2,
          cpu_quota: 0.5,
          cpu_period_s: 0.01,
          memory_bytes: null,
          power_w: null,
          price_per_s: null,
        },
      ],
      links: [
        { from: "mobile", to: "edge", bandwidth_bps: 50e6, delay_s: 0.005, burst_bytes: 0, burst_s: 1, ...FREE },
        { from: "edge", to: "mobile", bandwidth_bps: 20e6, delay_s: 0.005, burst_bytes: 0, burst_s: 1, ...FREE },
      ],
    });
  });

  test("says what its devices draw and cost, and what links spend on a byte", () => {
    const { tiers, links } = parseTopology(
      `
devices: { phone: { speed: 1, power: 2500 mW, price_per_hour: 3.6 } }
tiers: [{ name: mobile, device: phone }, { name: edge }]
links: [{ from: mobile, to: edge, bandwidth: 1 Mbit/s, energy: 100 nJ/B, price_per_gigabyte: 2 }]
`,
      "x.yaml",
    );
    expect(tiers[0]).toMatchObject({ power_w: 2.5, price_per_s: 0.001 });
    for (const link of links) {
      expect(link.energy_j_per_byte).toBeCloseTo(1e-7, 15);
      expect(link.price_per_byte).toBe(2e-9);
    }
  });

  test("may be JSON, and one tier alone", () => {
    expect(parseTopology('{"tiers":[{"name":"edge"}]}', "x.json").tiers).toHaveLength(1);
  });

  test("may have links in one direction", () => {
    const ring = `
tiers: [{ name: a }, { name: b }, { name: c }]
links:
  - { from: a, to: b, bandwidth: 1e6, duplex: false }
  - { from: b, to: c, bandwidth: 1e6, duplex: false }
  - { from: c, to: a, bandwidth: 1e6, duplex: false }
`;
    expect(parseTopology(ring, "ring.yaml").links).toHaveLength(3);
  });

  test("has a JSON Schema of what is written, each quantity with its meaning and an example", () => {
    const schema = JSON.stringify(z.toJSONSchema(topologySchema, { io: "input" }));
    expect(schema).toContain('sustained rate; a plain number is in bit/s; such as \\"50 Mbit/s\\"');
    expect(schema).toContain('"default":"100 ms"');
  });

  for (const file of readdirSync("topologies")) {
    test(`is shipped: ${file}`, () => {
      const topology = parseTopology(readFileSync(`topologies/${file}`, "utf8"), file);
      expect(`${topology.name}.yaml`).toBe(file);
      for (const { note } of topology.tiers) expect(note).not.toBe("");
    });
  }
});

describe("a malformed topology names the file and the field", () => {
  test.each([
    ["phone, memory", "phon, memory", 'tiers[0].device: unknown device "phon"; did you mean "phone"?'],
    ["to: edge", "to: egde", 'links[0].to: unknown tier "egde"; did you mean "edge"?'],
    ["50 Mbit/s", "fast", "links[0].bandwidth: 'fast' is not a quantity; write e.g. 50 Mbit/s"],
    ["50 Mbit/s", "-3 Mbit/s", "links[0].bandwidth: '-3 Mbit/s' is negative; write e.g. 50 Mbit/s"],
    ["50 Mbit/s", ".nan", "links[0].bandwidth: 'NaN' is not a quantity; write e.g. 50 Mbit/s"],
    ["50 Mbit/s", "0", "links[0].bandwidth: must be above zero"],
    ["bandwidth: 50 Mbit/s, ", "", "links[0].bandwidth: is missing"],
    ["20 Mbit/s", "20 ms", "links[0].reverse.bandwidth: '20 ms' is not a bandwidth; write e.g. 50 Mbit/s"],
    ["name: edge", "name: mobile", 'tiers[1].name: tier "mobile" is there twice'],
    ["name: edge", "name: the edge", "tiers[1].name: a name has no spaces and none of > : ,"],
    ["links:", "linkz:", 'unknown field "linkz"'],
    ["speed: 0.3, ", "", "devices.phone.speed: is missing"],
    ["speed: 0.3", "speed: 0", "devices.phone.speed: too small: expected number to be >0"],
    ["tiers:", "tiers:\n  - { name: island }", 'tiers[1]: no links lead from "island" to "mobile"'],
    ["burst: 1 s", "duplex: false", "links[0].reverse: means nothing where duplex is false"],
    [", reverse: { bandwidth: 20 Mbit/s }", ", duplex: false", 'tiers[1]: no links lead back from "edge" to "mobile"'],
    ["4 GiB", "4 s", "tiers[0].memory: '4 s' is not a size; write e.g. 4 GiB"],
    ["10 ms", "0 s", "tiers[1].cpu_period: must be above zero"],
    ["to: edge", "to: mobile", 'links[0].to: a link from "mobile" to itself'],
    ["devices:", "enters: phone\ndevices:", 'enters: unknown tier "phone"'],
    ["devices:", "codec: xml\ndevices:", "codec: "],
    ["} }\n", "} }\n  - { from: edge, to: mobile, bandwidth: 1e6 }\n", "links[1]: the link edge>mobile is there twice"],
    ["{ name: mobile", "{ name: mobile ]", "Flow map"],
  ])("%s → %s", (from, to, message) => {
    const at = from === "} }\n" ? WRITTEN.lastIndexOf(from) : WRITTEN.indexOf(from);
    const text = WRITTEN.slice(0, at) + to + WRITTEN.slice(at + from.length);
    const attempt = () => parseTopology(text, "home.yaml");
    expect(attempt).toThrow(Problem);
    expect(attempt).toThrow(`home.yaml: ${message}`);
  });

  test.each([
    ["", "expected object"],
    ["5", "expected object"],
    ["{ tiers: [] }", "tiers: too small"],
    ["{ hosts: { box: { cores: 2 } }, tiers: [{ name: a, host: rack }] }", 'tiers[0].host: unknown host "rack"'],
    [
      "{ hosts: { box: { cores: 2 } }, tiers: [{ name: a, host: box, threads: 4 }] }",
      'its host "box" has only 2 cores',
    ],
  ])("%s", (text, message) => {
    expect(() => parseTopology(text, "home.yaml")).toThrow(message);
  });
});
