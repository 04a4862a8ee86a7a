import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen, pageServer, whatIfPage } from "../../src/cli/serving.ts";
import { withProfile } from "../../src/web/catalogue.ts";
import { outlook } from "../../src/web/engine/index.ts";
import { answerOf } from "../../src/web/words.ts";
import { CHROMIUM, launch } from "./browser.ts";
import { largeProfile } from "./large.ts";
import { SHIPPED, sceneAt } from "./scenes.ts";

if (CHROMIUM === undefined) {
  console.warn("SKIPPED: the what-if page in a browser. Install Debian's chromium, or name one in TIERWISE_CHROMIUM.");
}

const AXE = readFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const RESNET = "calibration/profiles/resnet50.identity.1t.5e087b7cdd8a.json";

describe.skipIf(CHROMIUM === undefined)("the page in a browser", () => {
  let browser: Browser;
  let file: string;
  let server: Awaited<ReturnType<typeof listen>>;

  beforeAll(async () => {
    browser = await launch();
    const html = whatIfPage([], []);
    file = path.join(mkdtempSync(path.join(os.tmpdir(), "tierwise-page-")), "what-if.html");
    writeFileSync(file, html);
    server = await listen(pageServer(html), "127.0.0.1", 0);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** A page at a fragment, served or from disk; it must not complain. */
  async function open(fragment = "", options: BrowserContextOptions & { readonly from?: "disk" } = {}) {
    const { from, ...context } = options;
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 }, ...context })).newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.goto((from === "disk" ? pathToFileURL(file).href : server.url) + fragment);
    await page.locator("#load").waitFor();
    return { page, complaints, close: () => page.context().close() };
  }

  const fragmentOf = async (page: Page) => new URL(page.url()).hash;
  const sentence = (page: Page) => page.locator(".sentence");

  /** What the page says is best. */
  const claimed = (page: Page) =>
    sentence(page).evaluate(({ dataset, textContent }) => {
      const { operator, placement, cut } = dataset;
      return { operator, placement, cut, text: textContent };
    });

  /** What the engine says is best, here, at the same address. */
  function expected(fragment: string) {
    const scene = sceneAt(fragment);
    const here = outlook(scene);
    const { operator, prediction } = here.best!;
    const text = answerOf(scene, here)
      .map((piece) => piece.text)
      .join("");
    return { operator, placement: prediction.placement, cut: prediction.cut ?? "", text };
  }

  /** The address follows the state after a moment; waits until it has come to rest. */
  async function settled(page: Page, before: string): Promise<string> {
    await expect.poll(() => fragmentOf(page), { timeout: 10_000 }).not.toBe(before);
    let last = "";
    await expect
      .poll(
        async () => {
          const now = await fragmentOf(page);
          const same = now === last;
          last = now;
          return same;
        },
        { interval: 400, timeout: 10_000 },
      )
      .toBe(true);
    return last;
  }

  async function dragTo(page: Page, slider: Locator, share: number): Promise<void> {
    await slider.scrollIntoViewIfNeeded();
    const box = (await slider.boundingBox())!;
    const y = box.y + box.height / 2;
    const { value, max } = await slider.evaluate((input: HTMLInputElement) => ({
      value: +input.value,
      max: +input.max,
    }));
    // A thumb's middle stays half its width from both ends.
    const at = (part: number) => box.x + 8 + (box.width - 16) * part;
    await page.mouse.move(at(value / max), y);
    await page.mouse.down();
    for (let step = 1; step <= 12; step++)
      await page.mouse.move(at(value / max + (share - value / max) * (step / 12)), y);
    await page.mouse.up();
  }

  test("says at once what the engine says, served and from disk", async () => {
    for (const from of [undefined, "disk"] as const) {
      for (const fragment of ["", "#model=resnet50&codec=raw&accuracy.identity=0.76&floor=0.7"]) {
        const { page, complaints, close } = await open(fragment, from ? { from } : {});
        expect(await claimed(page)).toEqual(expected(fragment));
        // From disk, too, the long work is a worker's.
        expect(page.workers()).toHaveLength(1);
        expect(complaints).toEqual([]);
        await close();
      }
    }
  });

  test("dragging a bandwidth changes the best cut to what the engine says", async () => {
    const { page, close } = await open();
    const slider = page.getByRole("slider", { name: "Bandwidth mobile → edge" });
    const seen = new Set<string>();
    for (const share of [0.9, 0.55, 0.25, 0.64]) {
      const before = await fragmentOf(page);
      await dragTo(page, slider, share);
      const fragment = await settled(page, before);
      expect(fragment).toMatch(/bandwidth_bps\.mobile%3Eedge=\d/);
      const claim = await claimed(page);
      expect(claim).toEqual(expected(fragment));
      seen.add(`${claim.placement} ${claim.cut}`);
    }
    // The bandwidths are far enough apart for several answers.
    expect(seen.size).toBeGreaterThan(1);
    await close();
  });

  test("charts follow during the drag, before the slider is let go", async () => {
    const { page, close } = await open();
    const slider = page.getByRole("slider", { name: "Bandwidth mobile → edge" });
    const now = page.locator("#crossover .now text");
    const finding = page.locator("#curve .finding");
    await page.locator("#crossover").scrollIntoViewIfNeeded();
    const [nowBefore, findingBefore] = [await now.textContent(), await finding.textContent()];
    const box = (await slider.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.62, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + box.height / 2, { steps: 4 });
    await expect.poll(() => now.textContent()).not.toBe(nowBefore);
    await expect.poll(() => finding.textContent()).not.toBe(findingBefore);
    await page.mouse.up();
    await close();
  });

  test("sliders move by keyboard, and say their value with its unit", async () => {
    const { page, close } = await open();
    const slider = page.getByRole("slider", { name: "Delay edge → cloud" });
    expect(await slider.getAttribute("aria-valuetext")).toBe("15.0 ms");
    const step = Number(await slider.inputValue());
    await slider.focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
    expect(Number(await slider.inputValue())).toBe(step + 5);
    const fragment = await settled(page, "");
    expect(await claimed(page)).toEqual(expected(fragment));
    await page.getByRole("button", { name: "Reset Delay edge → cloud" }).press("Enter");
    expect(await slider.getAttribute("aria-valuetext")).toBe("15.0 ms");
    // The cut, too, can be moved by hand.
    await page.getByRole("slider", { name: /^Cut by hand/ }).focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.locator(".more").textContent()).toMatch(/You look at: mobile → edge cut after/);
    await close();
  });

  test("quantities can be typed with their units, and what is none is said", async () => {
    const { page, close } = await open();
    const field = page.getByRole("textbox", { name: "Bandwidth edge → cloud, written" });
    await field.fill("1.5 Gbit/s");
    await field.press("Enter");
    expect(await settled(page, "")).toBe("#bandwidth_bps.edge%3Ecloud=1500000000");
    await field.fill("3 apples");
    await field.press("Enter");
    await expect.poll(() => page.getByRole("alert").textContent()).toMatch(/'3 apples' is not a quantity/);
    expect(await field.getAttribute("aria-invalid")).toBe("true");
    await close();
  });

  test("a dropped profile becomes the model; a file that is none is said", async () => {
    const { page, close } = await open();
    const drop = (name: string, content: string) =>
      page.evaluate(
        ([fileName, text]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([text!], fileName!));
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        },
        [name, content],
      );
    const profile = largeProfile(60);
    await drop("deep.json", JSON.stringify(profile));
    await expect.poll(() => page.getByRole("combobox", { name: "Model" }).inputValue()).toBe("deep-60");
    const scene = sceneAt("#model=deep-60", withProfile(SHIPPED, profile));
    const { prediction } = outlook(scene).best!;
    expect(await claimed(page)).toMatchObject({ placement: prediction.placement, cut: prediction.cut ?? "" });
    await drop("notes.txt", "shopping list");
    await expect.poll(() => page.getByRole("alert").textContent()).toMatch(/notes.txt is neither a profile/);
    await page.getByRole("button", { name: "Dismiss" }).click();
    await expect.poll(() => page.getByRole("alert").count()).toBe(0);
    await close();
  });

  test("a chosen file does the same", async () => {
    const { page, close } = await open();
    await page.locator('input[type="file"]').setInputFiles(new URL(`../../${RESNET}`, import.meta.url).pathname);
    await expect.poll(() => page.getByRole("combobox", { name: "Model" }).inputValue()).toBe("resnet50");
    await close();
  });

  test("a colleague who opens the address sees the same", async () => {
    const { page, close } = await open();
    await page.getByRole("combobox", { name: "Model" }).selectOption("mlsd-tiny");
    await page.getByRole("combobox", { name: "Codec" }).selectOption("json");
    await page.getByRole("radio", { name: /^mobile → edge/ }).check();
    await page.getByRole("textbox", { name: "Requests per second, written" }).fill("7");
    await page.getByRole("textbox", { name: "Requests per second, written" }).press("Enter");
    const fragment = await settled(page, "");
    const told = async (its: Page) => ({
      sentence: await sentence(its).textContent(),
      findings: await its.locator("#graph .finding, #stages .finding, #curve .finding").allTextContents(),
      rate: await its.getByRole("slider", { name: "Requests per second" }).getAttribute("aria-valuetext"),
    });
    const mine = await told(page);
    const colleague = await open(fragment);
    expect(await told(colleague.page)).toEqual(mine);
    expect(mine.rate).toBe("7/s");
    await colleague.close();
    await close();
  });

  test("an address that makes no sense is shown with the defaults, and said", async () => {
    const { page, complaints, close } = await open("#model=resnet51&rate=fast");
    expect(await page.getByRole("alert").textContent()).toMatch(/rate: “fast” is not a number above zero/);
    expect(await page.getByRole("alert").textContent()).toMatch(/did you mean "resnet50"/);
    expect(await claimed(page)).toEqual(expected(""));
    expect(complaints).toEqual([]);
    await close();
  });

  test("numbers stand behind every drawing, and the answer is told when it has come to rest", async () => {
    const { page, close } = await open("#model=resnet50");
    for (const id of ["graph", "stages", "curve", "crossover", "front", "load"]) {
      await page.locator(`#${id} summary`).click();
      await page.locator(`#${id} tbody tr`).first().waitFor();
    }
    await expect
      .poll(() => page.locator('[aria-live="polite"]').textContent(), { timeout: 10_000 })
      .toContain(expected("#model=resnet50").text);
    await close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const viewport of [
      { width: 1280, height: 900 },
      { width: 390, height: 844 },
    ]) {
      test(`axe-core finds nothing amiss: ${colorScheme}, ${viewport.width} pixels wide`, async () => {
        const { page, close } = await open(
          "#model=resnet50&placement=mobile>edge&accuracy.identity=0.76&accuracy.sptq=0.7",
          {
            colorScheme,
            viewport,
          },
        );
        const drawer = page.locator(".drawer > summary");
        if (await drawer.isVisible()) await drawer.click();
        await page.locator("#curve summary").click();
        await page.addScriptTag({ content: AXE });
        const violations = await page.evaluate(async () => {
          const { axe } = globalThis as unknown as {
            axe: {
              run(
                options: object,
              ): Promise<Record<"violations" | "passes", { id: string; nodes: { html: string }[] }[]>>;
            };
          };
          const found = await axe.run({});
          // Where colours were not looked at, nothing would be found.
          if (!found.passes.some(({ id }) => id === "color-contrast")) return ["colours were not looked at"];
          return found.violations.map(
            ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`,
          );
        });
        expect(violations).toEqual([]);
        await close();
      });
    }
  }

  test("a phone has all of it without scrolling sideways, the answer always in view", async () => {
    const { page, close } = await open("#model=pp-ocr-det&placement=mobile>edge", {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    await page.locator(".drawer > summary").tap();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.locator("#load").scrollIntoViewIfNeeded();
    const box = (await page.locator(".answer").boundingBox())!;
    expect(box.y).toBeGreaterThanOrEqual(0);
    expect(box.y + box.height).toBeLessThan(300);
    expect(await page.locator("figure").count()).toBe(6);
    await close();
  });
});
