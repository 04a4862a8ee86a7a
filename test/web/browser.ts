import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Where Debian puts it; TIERWISE_CHROMIUM names another. */
const PLACES = [
  process.env.TIERWISE_CHROMIUM ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** The browser to test with; undefined where the machine has none. */
export const CHROMIUM = PLACES.find((path) => path !== "" && existsSync(path));

export function launch(): Promise<Browser> {
  if (CHROMIUM === undefined)
    throw new Error("no Chromium: install Debian's chromium, or name one in TIERWISE_CHROMIUM");
  // As root, as in containers, Chromium's sandbox does not start.
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}
