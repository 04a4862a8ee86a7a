/**
 * Benchmark of the what-if page in a real Chromium: how often its charts follow while a slider is dragged, on a model of
 * 700 kernels and on the shipped ones, how soon the first chart is there, and how large the page is. Prints a table, or
 * with `--json` a document. An update is a frame in which the chart's drawing changed.
 */
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { whatIfPage } from "../src/cli/serving.ts";
import { parseTopology } from "../src/formats/topology.ts";
import { launch } from "../test/web/browser.ts";
import { largeProfile } from "../test/web/large.ts";

const DRAG_S = 4;
const LOADS = 5;
const CHARTS = ["graph", "stages", "curve", "crossover", "front", "load"];

/** Runs in the page before its own script: notes when the first chart is drawn, and frames with changes by chart. */
function watch(charts: readonly string[]): void {
  const notes = { first_s: 0, frames: {} as Record<string, number[]>, counting: false };
  Object.assign(globalThis, { notes });
  let frame = 0;
  const tick = (now: number) => {
    frame = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  new MutationObserver((changes) => {
    if (notes.first_s === 0 && document.querySelector("figure svg path[d]")) notes.first_s = performance.now() / 1000;
    if (!notes.counting) return;
    for (const { target } of changes) {
      const element = target instanceof Element ? target : target.parentElement;
      const chart = element?.closest("figure")?.id;
      if (chart === undefined || !charts.includes(chart) || !element!.closest(".drawing")) continue;
      notes.frames[chart] ??= [];
      if (notes.frames[chart].at(-1) !== frame) notes.frames[chart].push(frame);
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
}

interface Notes {
  first_s: number;
  frames: Record<string, number[]>;
  counting: boolean;
}
const notesOf = (page: Page) => page.evaluate(() => (globalThis as unknown as { notes: Notes }).notes);

/** Drags the first bandwidth's slider to and fro around its value, as a mouse does that tells 125 times a second. */
async function drag(page: Page): Promise<Drag> {
  const slider = page.getByRole("slider", { name: /^Bandwidth/ }).first();
  const box = (await slider.boundingBox())!;
  const [middle, y] = [box.x + box.width * 0.6, box.y + box.height / 2];
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const taskSeconds = async () =>
    (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration")!.value;
  await page.mouse.move(middle, y);
  await page.mouse.down();
  await page.evaluate(() => {
    (globalThis as unknown as { notes: Notes }).notes.counting = true;
  });
  const before = await taskSeconds();
  const start = performance.now();
  let seconds = 0;
  while (seconds < DRAG_S) {
    const x = middle + box.width * 0.2 * Math.sin(seconds * 2.7);
    // Not waited for: a mouse does not wait, either.
    void session.send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y, button: "left", buttons: 1 });
    await new Promise((resolve) => setTimeout(resolve, 8));
    seconds = (performance.now() - start) / 1000;
  }
  const { frames } = await notesOf(page);
  const busy_s = (await taskSeconds()) - before;
  await page.mouse.up();
  const updates = new Set(Object.values(frames).flat()).size;
  return {
    updates_per_s: updates / seconds,
    main_thread_s_per_update: busy_s / updates,
    by_chart_per_s: Object.fromEntries(CHARTS.map((chart) => [chart, (frames[chart]?.length ?? 0) / seconds])),
  };
}

interface Drag {
  readonly updates_per_s: number;
  /** Processor time of the page's own thread: scripts, style, layout. */
  readonly main_thread_s_per_update: number;
  /** Charts that are not on the screen are not drawn. */
  readonly by_chart_per_s: Readonly<Record<string, number>>;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const topologyFile = new URL("../topologies/mobile-edge-cloud.yaml", import.meta.url);
const topology = parseTopology(readFileSync(topologyFile, "utf8"), "mobile-edge-cloud.yaml");
const folder = mkdtempSync(path.join(tmpdir(), "tierwise-page-"));
const subjects = [
  { name: "synthetic, 700 kernels", page: whatIfPage([largeProfile(700)], [topology]) },
  { name: "as shipped", page: whatIfPage([], []) },
].map(({ name, page }, i) => {
  const file = path.join(folder, `${i}.html`);
  writeFileSync(file, page);
  return { name, file };
});

const browser = await launch();
const results = [];
for (const { name, file } of subjects) {
  const firsts: number[] = [];
  let dragged: Drag | undefined;
  for (let load = 0; load < LOADS; load++) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    // tsx marks functions with their names by a helper that the page has not.
    await page.addInitScript("globalThis.__name = (named) => named");
    await page.addInitScript(watch, CHARTS);
    await page.goto(pathToFileURL(file).href);
    await page.locator("#load").waitFor();
    firsts.push((await notesOf(page)).first_s);
    if (load === LOADS - 1) {
      // The thorough simulation after the first is over by then.
      await page.waitForTimeout(1500);
      dragged = await drag(page);
    }
    await context.close();
  }
  results.push({ page: name, bytes: statSync(file).size, first_chart_s: median(firsts), ...dragged! });
}
await browser.close();

const load_average = loadavg()[0]!;
if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ benchmark: "page", drag_s: DRAG_S, loads: LOADS, load_average, results }, null, 2));
} else {
  console.table(
    results.map(({ page, bytes, first_chart_s, updates_per_s, main_thread_s_per_update }) => ({
      page,
      kB: Math.round(bytes / 1000),
      "first chart, s": Number(first_chart_s.toPrecision(3)),
      "updates/s while dragging": Math.round(updates_per_s),
      "main thread, ms/update": Number((main_thread_s_per_update * 1e3).toPrecision(3)),
    })),
  );
  console.log(
    `Load average of the machine: ${load_average.toFixed(1)}. What else runs there takes from these figures.`,
  );
}
