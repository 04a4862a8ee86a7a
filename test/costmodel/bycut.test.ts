import { test } from "@fast-check/vitest";
import { expect } from "vitest";
import { latencyByCut, loadModel, predict } from "../../src/costmodel/index.ts";
import { chain, profileOf } from "./profiles.ts";
import { row, topologyOf } from "./topologies.ts";

const subject = chain.chain((built) => row(built.threads).map((document) => ({ built, document })));

test.prop([subject])("says of every cut what predict says of it, as predict does of a list", ({ built, document }) => {
  const model = loadModel(profileOf(built));
  const topology = topologyOf(document);
  const every = predict(model, topology, { placements: ["a>b"], cuts: "all" });
  const found = latencyByCut(model, topology, "a>b");
  expect(found.map(({ cut }) => cut)).toEqual(model.cuts);
  for (const { cut, latency_s, feasible } of found) {
    expect(every.find((prediction) => prediction.cut === cut)).toMatchObject({ latency_s, feasible });
  }
  const odd = model.cuts.filter((_, i) => i % 2 === 0);
  const listed = predict(model, topology, { placements: ["a>b"], cuts: odd });
  expect(listed).toEqual(every.filter(({ cut }) => odd.includes(cut!)));
  expect(() => latencyByCut(model, topology, "a")).toThrow(/not on two tiers/);
});
