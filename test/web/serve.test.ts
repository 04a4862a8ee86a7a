import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { listen, pageServer, whatIfPage } from "../../src/cli/serving.ts";
import { ELEMENT, type Embedded, unpacked } from "../../src/web/embedding.ts";
import { tierwise } from "../e2e/tierwise.ts";
import { PROFILES, SHIPPED } from "./scenes.ts";

const PROFILE = "profiles/ch_PP-OCRv4_det_infer.identity.1t.5e087b7cdd8a.json";
const ROOT = new URL("../../", import.meta.url).pathname;

function carried(page: string): Embedded {
  return JSON.parse(new RegExp(`id="${ELEMENT}"[^>]*>([^<]*)<`).exec(page)![1]!) as Embedded;
}

describe("the page", () => {
  test("carries the shipped profiles and topologies, in less than 2 MB and nothing from elsewhere", async () => {
    const page = whatIfPage([], []);
    const { profiles, topologies } = carried(page);
    expect(topologies).toEqual(SHIPPED.topologies);
    expect(await Promise.all(profiles.map(unpacked))).toEqual(PROFILES);
    expect(Buffer.byteLength(page)).toBeLessThan(2e6);
    expect(page).not.toMatch(/<(script|link|img|iframe)[^>]* (src|href)="(?!data:)/);
    expect(page).toMatch(/Content-Security-Policy" content="default-src 'none'/);
  });

  test("carries given ones in their place", async () => {
    const { profiles, topologies } = carried(whatIfPage([PROFILES[1]!], [SHIPPED.topologies[1]!]));
    expect(await Promise.all(profiles.map(unpacked))).toEqual([PROFILES[1]]);
    expect(topologies).toEqual([SHIPPED.topologies[1]]);
  });

  test("is all that is served", async () => {
    const app = pageServer("<p>page</p>");
    const page = await app.request("/");
    expect([page.status, await page.text()]).toEqual([200, "<p>page</p>"]);
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    expect((await app.request("/../package.json")).status).toBe(404);
    expect((await app.request("/", { method: "POST" })).status).toBe(404);
  });

  test("a taken port is the user's to change", async () => {
    const running = await listen(pageServer(""), "127.0.0.1", 0);
    try {
      await expect(listen(pageServer(""), "127.0.0.1", running.port)).rejects.toThrow(
        /port \d+ of 127.0.0.1 is taken; give/,
      );
    } finally {
      await running.close();
    }
  });
});

describe("tierwise serve", () => {
  test("writes one file with --static", () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "tierwise-serve-"));
    const { status, json } = tierwise(
      ["serve", path.join(ROOT, PROFILE), "--topology", "one-machine", "--static", "what-if.html", "--json"],
      folder,
    );
    expect(status).toBe(0);
    const page = readFileSync(path.join(folder, "what-if.html"), "utf8");
    expect(json()).toEqual({ file: "what-if.html", bytes: Buffer.byteLength(page) });
    expect(carried(page).profiles).toHaveLength(1);
    expect(carried(page).topologies.map(({ name }) => name)).toEqual(["one-machine"]);
  });

  test("refuses what is no profile", () => {
    const { status, stderr } = tierwise(["serve", path.join(ROOT, "package.json"), "--static", "x.html"]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/package.json: format: /);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test("says where it listens, answers there, and ends when asked to", async () => {
    const child = spawn(process.execPath, [path.join(ROOT, "bin/tierwise.js"), "serve", "--port", "0", "--json"]);
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const line = await new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data))));
    const { url, host } = JSON.parse(line);
    expect([host, new URL(url).hostname]).toEqual(["127.0.0.1", "127.0.0.1"]);
    expect(await (await fetch(url)).text()).toBe(whatIfPage([], []));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  });
});
