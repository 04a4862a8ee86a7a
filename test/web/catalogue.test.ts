import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Problem } from "../../src/formats/problem.ts";
import type { Profile } from "../../src/formats/profile.ts";
import { type Catalogue, modelOf, modelsOf, readDropped, withProfile } from "../../src/web/catalogue.ts";
import { embed, packed, unpacked } from "../../src/web/embedding.ts";
import { PROFILES, SHIPPED } from "./scenes.ts";

const [first] = PROFILES as [Profile];
const topology = readFileSync(new URL("../../topologies/one-machine.yaml", import.meta.url), "utf8");

describe("catalogue", () => {
  test("variants stand under the model that they were made from", () => {
    expect(modelsOf(SHIPPED)).toEqual([
      "ch_PP-OCRv4_det_infer",
      "blazeface-back",
      "mlsd-tiny",
      "pp-ocr-det",
      "resnet50",
      "spam-bert2-128",
    ]);
    const operators = SHIPPED.variants.filter(({ model }) => model === "resnet50").map(({ operator }) => operator);
    expect(operators).toEqual(["identity", "sptq"]);
    expect(modelOf({ ...first, model: { ...first.model, name: "a.sptq.sptq", operator: "sptq" } })).toBe("a.sptq");
  });

  test("profiles with other numbers of threads join, others replace", () => {
    const empty: Catalogue = { variants: [], topologies: [] };
    const threads = (n: number): Profile => ({ ...first, settings: { ...first.settings, threads: n } });
    const both = [threads(1), threads(4)].reduce(withProfile, empty);
    expect(both.variants.map(({ profiles }) => profiles.length)).toEqual([2]);
    expect(withProfile(both, threads(4)).variants[0]!.profiles).toHaveLength(2);
    const other = { ...first, model: { ...first.model, sha256: "1".repeat(64) } };
    expect(withProfile(both, other).variants[0]!.profiles).toEqual([other]);
  });

  test("dropped files are profiles or topologies, and else the message says what is wrong", () => {
    expect(readDropped(JSON.stringify(first), "p.json")).toMatchObject({
      profile: { model: { name: first.model.name } },
    });
    expect(readDropped(topology, "one-machine.yaml")).toMatchObject({ topology: { name: "one-machine" } });
    const broken = JSON.stringify({ ...first, kernels: 5 });
    for (const [text, message] of [
      ["hello", /hello.txt is neither a profile .* nor a topology/],
      ["[1, 2]", /neither a profile nor a topology/],
      [broken, /hello.txt: kernels: /],
      ["tiers: []", /hello.txt: tiers/],
    ] as const) {
      expect(() => readDropped(text, "hello.txt")).toThrow(Problem);
      expect(() => readDropped(text, "hello.txt")).toThrow(message);
    }
  });
});

describe("embedding", () => {
  test("a profile comes back as it was, and no text ends the element", async () => {
    const page = '<script type="application/json" id="tierwise-data">{"profiles":[],"topologies":[]}</script><p>';
    const nasty = { ...SHIPPED.topologies[0]!, description: "</script><!-- $& $1" };
    const html = embed(page, { profiles: [packed(first, gzipSync)], topologies: [nasty] });
    const [, content] = /<script[^>]*>(.*)<\/script><p>$/s.exec(html)!;
    const { profiles, topologies } = JSON.parse(content!);
    expect(topologies).toEqual([nasty]);
    expect(await unpacked(profiles[0])).toEqual(first);
    expect(html.match(/<\/script/g)).toHaveLength(1);
    // What is left out stays.
    expect(embed(html, { topologies: [] })).toContain(profiles[0]);
  });
});
