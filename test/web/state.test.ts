import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { DEFAULTS, readState, type State, writeState } from "../../src/web/state.ts";

const name = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" });
const positive = fc.double({ min: 1e-9, max: 1e12, noNaN: true });
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
const byName = <T>(values: fc.Arbitrary<T>) => fc.dictionary(name, values, { maxKeys: 3, noNullPrototype: true });

const anyState: fc.Arbitrary<State> = fc.record({
  model: maybe(name),
  topology: maybe(name),
  codec: maybe(fc.constantFrom("json", "base64", "raw", "float16")),
  session: maybe(fc.constantFrom("warm", "cold")),
  operator: maybe(name),
  placement: maybe(name),
  cut: maybe(name),
  sweep: maybe(name),
  rate: positive,
  one_device: fc.boolean(),
  floor: maybe(share),
  bandwidth_bps: byName(positive),
  delay_s: byName(fc.double({ min: 0, max: 100, noNaN: true }).map((value) => value + 0)),
  speed: byName(positive),
  cores: byName(maybe(positive)),
  accuracy: byName(share),
});

describe("the address", () => {
  test.prop([anyState])("carries every state", (state) => {
    const { state: read, faults } = readState(`#${writeState(state)}`);
    expect(faults).toEqual([]);
    expect(read).toEqual(state);
  });

  test.prop([anyState])("survives the browser's own parsing of addresses", (state) => {
    const { hash } = new URL(`file:///page.html#${writeState(state)}`);
    expect(readState(hash).state).toEqual(state);
  });

  test("says only what differs from the defaults", () => {
    expect(writeState(DEFAULTS)).toBe("");
    expect(writeState({ ...DEFAULTS, placement: "mobile>edge", bandwidth_bps: { "mobile>edge": 5e7 } })).toBe(
      "placement=mobile%3Eedge&bandwidth_bps.mobile%3Eedge=50000000",
    );
  });

  test.prop([fc.string({ unit: "binary" })])("never fails to be read", (text) => {
    const { state } = readState(text);
    expect(readState(writeState(state))).toEqual({ state, faults: [] });
  });

  test("falls back to the default where it makes no sense, and says where", () => {
    const { state, faults } = readState(
      "#rate=-1&codec=morse&floor=2&bandwidth_bps.a>b=fast&cores.edge=none&colour=red&speed.edge=2&one_device=1&model=",
    );
    expect(state).toEqual({ ...DEFAULTS, speed: { edge: 2 } });
    expect(faults).toHaveLength(8);
    expect(faults.join("\n")).toMatch(/rate: “-1” is not a number above zero/);
    expect(faults.join("\n")).toMatch(/codec: “morse” is none of json, base64, raw, float16/);
    expect(faults.join("\n")).toMatch(/“colour” means nothing here/);
  });
});
