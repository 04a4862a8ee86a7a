import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const FOLDER = fileURLToPath(new URL("../../notebooks/", import.meta.url));
const NOTEBOOKS = readdirSync(FOLDER).filter((file) => file.endsWith(".ipynb"));
/** The system's own: Debian's packages are for it, and not for what a version manager puts before it. */
const PYTHON = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
const MOST_BYTES = 300_000;
const PATIENCE_MS = 600_000;

interface Cell {
  readonly cell_type: "code" | "markdown";
  readonly source: readonly string[];
  readonly execution_count?: number | null;
  readonly outputs?: readonly { readonly output_type: string; readonly data?: Readonly<Record<string, unknown>> }[];
}

const cellsOf = (file: string): Cell[] => JSON.parse(readFileSync(path.join(FOLDER, file), "utf8")).cells;
const codeOf = (file: string) => cellsOf(file).filter(({ cell_type }) => cell_type === "code");

/** What keeps notebooks from being executed here; undefined where nothing does. */
function lacking(): string | undefined {
  if (!existsSync(path.join(FOLDER, "node_modules/.bin/deno")))
    return "Deno is not installed: npm ci --prefix notebooks";
  const { status } = spawnSync(PYTHON, ["-c", "import jupyter_client"]);
  return status === 0 ? undefined : "there is no jupyter_client: apt-get install python3-jupyter-client";
}

const missing = lacking();
if (missing) process.stderr.write(`\nNOTEBOOKS ARE NOT EXECUTED: ${missing}\n\n`);

const run = (...options: string[]) =>
  spawnSync(PYTHON, [path.join(FOLDER, "run.py"), ...options], { encoding: "utf8", timeout: PATIENCE_MS });

describe("committed notebooks", () => {
  test("there are some", () => {
    expect(NOTEBOOKS.length).toBeGreaterThanOrEqual(4);
  });

  test.each(NOTEBOOKS)("%s was executed from top to bottom and shows what its cells show", (file) => {
    const code = codeOf(file);
    expect(code.map(({ execution_count }) => execution_count)).toEqual(code.map((_, i) => i + 1));
    for (const { source, outputs } of code) {
      const text = source.join("");
      // Every cell ends by showing something.
      const kind = /^await nb\.chart\(/m.test(text) ? "image/svg+xml" : "text/markdown";
      expect(text).toMatch(/^(await nb\.chart|nb\.(table|say))\(/m);
      expect(
        outputs!.map(({ data }) => Object.keys(data ?? {})),
        text,
      ).toEqual([[kind]]);
    }
  });

  test.each(NOTEBOOKS)("%s is light, and names no place on a machine", (file) => {
    expect(statSync(path.join(FOLDER, file)).size).toBeLessThan(MOST_BYTES);
    expect(readFileSync(path.join(FOLDER, file), "utf8")).not.toMatch(/\/(home|root|work|Users)\//);
  });

  test("links between them lead somewhere", () => {
    for (const file of NOTEBOOKS) {
      for (const { source } of cellsOf(file).filter(({ cell_type }) => cell_type === "markdown")) {
        for (const [, target] of source.join("").matchAll(/\]\(([^)#]+)[^)]*\)/g))
          expect(existsSync(path.join(FOLDER, target!)), `${file}: ${target}`).toBe(true);
      }
    }
  });
});

describe.skipIf(missing !== undefined)("executed", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(FOLDER, "test-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, ...sources: string[]) => {
    const file = path.join(folder, name);
    const cells = sources.map((source) => ({ cell_type: "code", metadata: {}, outputs: [], source: [source] }));
    writeFileSync(file, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 }));
    return file;
  };

  test(
    "they give the outputs that are committed",
    () => {
      const { stdout, stderr, status } = run("--check", ...NOTEBOOKS.map((file) => path.join(FOLDER, file)));
      expect(status, stdout + stderr).toBe(0);
    },
    PATIENCE_MS,
  );

  test(
    "a failing cell fails the run, which names cell and error, and leaves the file as it was",
    () => {
      const file = write("failing.ipynb", "1 + 1", 'throw new Error("no such tier")', "2 + 2");
      const before = readFileSync(file, "utf8");
      const { stdout, status } = run(file);
      expect(status).toBe(1);
      expect(stdout).toContain("failing.ipynb: cell 2 failed: Error: no such tier");
      expect(readFileSync(file, "utf8")).toBe(before);
    },
    PATIENCE_MS,
  );

  test(
    "all outputs of a cell are kept in order, and --check tells them from others",
    () => {
      const file = write("outputs.ipynb", 'for (let i = 0; i < 50; i++) console.log("line", i);\n"last"');
      expect(run("--check", file)).toMatchObject({
        status: 1,
        stdout: expect.stringContaining("cell 1 gives other outputs"),
      });
      expect(run(file).status).toBe(0);
      const [stream, result] = JSON.parse(readFileSync(file, "utf8")).cells[0].outputs;
      expect(stream.text.join("")).toBe(Array.from({ length: 50 }, (_, i) => `line ${i}\n`).join(""));
      expect(result.data["text/plain"]).toEqual(['"last"']);
      expect(run("--check", file).status).toBe(0);
    },
    PATIENCE_MS,
  );
});
