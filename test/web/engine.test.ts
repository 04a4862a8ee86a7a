import { describe, expect, test } from "vitest";
import { compilePipeline, latency, predict } from "../../src/costmodel/index.ts";
import { crossingOf, frontOf, loadStudy, outlook } from "../../src/web/engine/index.ts";
import { sceneOf } from "../../src/web/scene.ts";
import { readState } from "../../src/web/state.ts";
import { SHIPPED, sceneAt } from "./scenes.ts";

describe("outlook", () => {
  test.each(["", "#model=resnet50", "#model=pp-ocr-det&codec=raw", "#model=mlsd-tiny&bandwidth_bps.edge>cloud=1e9"])(
    "finds what trying everything finds: %s",
    (fragment) => {
      const scene = sceneAt(fragment);
      const every = scene.variants.flatMap(({ operator, profiles }) =>
        predict(profiles, scene.topology, { cuts: "all", codecs: [scene.codec] })
          .filter(({ feasible }) => feasible)
          .map((prediction) => ({ operator, prediction })),
      );
      const least = every.reduce((a, b) => (b.prediction.latency_s < a.prediction.latency_s ? b : a));
      const { best, shown } = outlook(scene);
      expect(best!.prediction.latency_s).toBe(least.prediction.latency_s);
      expect(best!.operator).toBe(least.operator);
      expect(shown).toEqual(best);
    },
  );

  test("shows what is pinned, with the latency that its pipeline adds up to", () => {
    const free = outlook(sceneAt("#model=resnet50"));
    const cut = free.curve!.latencies[20]!.cut;
    const scene = sceneAt(
      `#model=resnet50&operator=${free.curve!.operator}&placement=mobile>cloud&cut=${encodeURIComponent(cut)}`,
    );
    const { shown, best, curve } = outlook(scene);
    expect(best!.prediction.latency_s).toBeCloseTo(free.best!.prediction.latency_s, 12);
    expect(shown!.prediction).toMatchObject({ placement: "mobile>cloud", cut });
    expect(curve!.placement).toBe("mobile>cloud");
    const profiles = scene.variants.find(({ operator }) => operator === shown!.operator)!.profiles;
    const choice = { placement: "mobile>cloud", cut, codec: scene.codec };
    expect(shown!.prediction.latency_s).toBeCloseTo(latency(compilePipeline(profiles, scene.topology, choice)), 12);
  });

  test("leaves out what is below the floor, or not known to be above", () => {
    const fragment = "#model=resnet50&accuracy.identity=0.76";
    const leftOut = (address: string) =>
      Object.fromEntries(outlook(sceneAt(address)).standings.map((its) => [its.operator, its.left_out]));
    expect(leftOut(fragment)).toEqual({ identity: null, sptq: null });
    expect(leftOut(`${fragment}&floor=0.75`)).toEqual({ identity: null, sptq: "accuracy not known" });
    expect(leftOut(`${fragment}&floor=0.75&accuracy.sptq=0.7`)).toEqual({ identity: null, sptq: "below the floor" });
    expect(outlook(sceneAt(`${fragment}&floor=0.75`)).best!.operator).toBe("identity");
    expect(outlook(sceneAt(`${fragment}&floor=0.9`)).best).toBeNull();
  });
});

describe("scenes", () => {
  test("a bandwidth is that of both directions, in proportion; a delay is the same in both", () => {
    const { topology, base } = sceneAt("#bandwidth_bps.edge>cloud=8e7&delay_s.edge>cloud=0.05");
    const at = (links: typeof topology.links, from: string) =>
      links.find((link) => link.from === from && link.to !== "mobile");
    expect(at(topology.links, "edge")!.bandwidth_bps).toBe(8e7);
    const [back, before] = [topology, base].map(({ links }) => links.find(({ from }) => from === "cloud")!);
    expect(back!.bandwidth_bps / 8e7).toBeCloseTo(before!.bandwidth_bps / at(base.links, "edge")!.bandwidth_bps, 12);
    expect(back!.delay_s).toBe(0.05);
  });

  test("what an address names and is not there is said, with the nearest name", () => {
    const { state } = readState("#model=resnet51&topology=nowhere&speed.edgy=2&placement=cloud>mobile&cut=nothing");
    const { scene, faults } = sceneOf(SHIPPED, state);
    expect(scene.model).toBe("ch_PP-OCRv4_det_infer");
    expect(faults).toHaveLength(5);
    expect(faults[0]).toMatch(/unknown model "resnet51"; did you mean "resnet50"/);
  });

  test("a tier whose number of threads was not profiled runs as many as were", () => {
    const [first] = SHIPPED.topologies;
    const four = { ...first!, name: "four", tiers: first!.tiers.map((tier) => ({ ...tier, threads: 4 })) };
    const { scene } = sceneOf({ ...SHIPPED, topologies: [four] }, readState("").state);
    expect(scene.topology.tiers.map(({ threads }) => threads)).toEqual([1, 1, 1]);
    expect(outlook(scene).best).not.toBeNull();
  });
});

describe("crossing", () => {
  test("agrees with the outlook at each bandwidth", () => {
    const scene = sceneAt("#model=resnet50&operator=sptq");
    const { points, link } = crossingOf(scene, "sptq")!;
    for (const { bandwidth_bps, latency_s } of points.filter(({ best }) => best)) {
      const there = sceneAt(`#model=resnet50&operator=sptq&bandwidth_bps.${link}=${bandwidth_bps}`);
      expect(outlook(there).best!.prediction.latency_s).toBeCloseTo(latency_s, 9);
    }
  });

  test("its axis stands still while the bandwidth is dragged", () => {
    const range = (fragment: string) =>
      crossingOf(sceneAt(fragment), "identity")!.points.map((point) => point.bandwidth_bps);
    expect(range("#bandwidth_bps.mobile>edge=1e6")).toEqual(range(""));
  });
});

describe("front", () => {
  test("of all cuts on all placements, nothing is as fast and sends as little as what it holds", () => {
    const scene = sceneAt("#model=mlsd-tiny");
    const { points, efficient } = frontOf(scene, outlook(scene).standings);
    const every = scene.variants.flatMap(({ profiles }) =>
      predict(profiles, scene.topology, { cuts: "all", codecs: [scene.codec] }),
    );
    expect(points).toHaveLength(every.length);
    for (const { latency_s, other } of efficient) {
      const asGood = every.filter((its) => its.latency_s <= latency_s && its.transferred_bytes <= other);
      expect(asGood.every((its) => its.latency_s === latency_s && its.transferred_bytes === other)).toBe(true);
    }
    expect(efficient[0]!.latency_s).toBe(outlook(scene).best!.prediction.latency_s);
  });

  test("is of accuracy once two variants' are known, and of bytes before", () => {
    const front = (fragment: string) => {
      const scene = sceneAt(fragment);
      return frontOf(scene, outlook(scene).standings);
    };
    expect(front("#model=resnet50&accuracy.identity=0.76").against).toBe("bytes");
    const { against, efficient } = front("#model=resnet50&accuracy.identity=0.76&accuracy.sptq=0.74");
    expect(against).toBe("accuracy");
    expect(efficient.map(({ operator }) => operator)).toEqual(["sptq", "identity"]);
  });
});

describe("load", () => {
  const REQUESTS = 3000;
  test("an idle system answers as the prediction says, and a full one does not", () => {
    const scene = sceneAt("#model=resnet50&placement=edge&rate=0.01");
    const { shown } = outlook(scene);
    const study = loadStudy(scene, shown!, REQUESTS);
    expect(study.now!.p50_s / shown!.prediction.latency_s).toBeCloseTo(1, 1);
    expect(study.points.at(-1)!.p95_s).toBeGreaterThan(2 * study.points[0]!.p95_s);
    const beyond = loadStudy({ ...scene, rate: 1.1 * study.capacity! }, shown!, REQUESTS);
    expect(beyond.now).toBeNull();
    expect(beyond.loads[0]!.share).toBeCloseTo(1.1, 9);
    expect(beyond.bottleneck).toBe(study.bottleneck);
  });

  test("devices of their own never queue; one device for all does", () => {
    const own = sceneAt("#model=mlsd-tiny&placement=mobile");
    const [apart, together] = [own, sceneAt("#model=mlsd-tiny&placement=mobile&one_device=yes")].map((scene) =>
      loadStudy(scene, outlook(scene).shown!, REQUESTS),
    );
    expect(apart!.capacity).toBeNull();
    const seconds = outlook(own).shown!.prediction.latency_s;
    expect(together!.capacity! * seconds).toBeCloseTo(1, 1);
  });
});
