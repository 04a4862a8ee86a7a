import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fc, test } from "@fast-check/vitest";
import { afterAll, describe, expect } from "vitest";
import { Problem } from "../../src/formats/problem.ts";
import { type ByteSource, memorySource } from "../../src/onnx/index.ts";
import { openFile, readText, writeAtomically } from "../../src/store/index.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { uniform } from "../fixtures/random.ts";

function noise(length: number): Buffer {
  const random = uniform(length);
  return Buffer.from(Uint8Array.from({ length }, () => random() * 256));
}

describe("a file read piece by piece", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "tierwise-test-"));
  const content = noise(200_003);
  const file = path.join(folder, "noise");
  writeFileSync(file, content);
  const shared = openFile(file);
  afterAll(() => {
    shared.close();
    rmSync(folder, { recursive: true });
  });
  // Small reads come from the window read ahead, large ones do not; the window is 65536 bytes.
  const length = fc.oneof(fc.nat(40), fc.integer({ min: 16_380, max: 16_390 }), fc.nat(content.length));
  const offset = fc.oneof(fc.nat(content.length), fc.integer({ min: content.length - 30, max: content.length }));

  test.prop([fc.array(fc.tuple(offset, length), { minLength: 1, maxLength: 30 })])(
    "gives the file's bytes, whatever was read before",
    (reads) => {
      for (const [from, count] of reads) {
        if (from + count > content.length) expect(() => shared.read(from, count)).toThrow(RangeError);
        else expect(content.subarray(from, from + count).equals(shared.read(from, count))).toBe(true);
      }
    },
  );

  test("a piece stays what it was when others are read", () => {
    const early = shared.read(10, 20);
    shared.read(150_000, 20);
    shared.read(80_000, 60_000);
    expect(content.subarray(10, 30).equals(early)).toBe(true);
  });

  test("an empty file has no bytes", () => {
    const empty = path.join(folder, "empty");
    writeFileSync(empty, "");
    const source = openFile(empty);
    expect(source.length).toBe(0);
    expect(source.read(0, 0)).toHaveLength(0);
    expect(() => source.read(0, 1)).toThrow(RangeError);
    source.close();
  });

  test("ranges outside are refused", () => {
    for (const [from, count] of [
      [-1, 2],
      [content.length, 1],
      [0, content.length + 1],
    ] as const)
      expect(() => shared.read(from, count)).toThrow(RangeError);
  });

  test("what cannot be read is a Problem with the reason", () => {
    expect(() => openFile(path.join(folder, "none"))).toThrow(/cannot read .*none: there is no such file/);
    expect(() => openFile(path.join(file, "below"))).toThrow(/a part of its path is not a folder/);
    expect(() => openFile(folder)).toThrow(Problem);
    expect(() => readText(folder)).toThrow(/it is a folder/);
  });
});

describe("a file written", () => {
  test.skipIf(process.getuid?.() === 0)("into a folder that may not be written to: a Problem", () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o555);
    expect(() => writeAtomically(path.join(folder, "file"), "x")).toThrow(/permission denied/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is there whole, its folders made, nothing else beside it", () => {
    const folder = temporaryFolder();
    const large = noise((4 << 20) + 17);
    const cases: [string, string | Uint8Array | ByteSource, Buffer][] = [
      ["text", "grüße\n", Buffer.from("grüße\n")],
      ["bytes", large.subarray(0, 99), large.subarray(0, 99)],
      ["source", memorySource(large), large],
      ["nothing", memorySource(new Uint8Array(0)), Buffer.alloc(0)],
    ];
    for (const [name, content, expected] of cases) {
      const file = path.join(folder, "new", name, "file");
      writeAtomically(file, content);
      expect(readFileSync(file).equals(expected)).toBe(true);
      expect(readdirSync(path.dirname(file))).toEqual(["file"]);
    }
  });

  test("takes the place of the old one", () => {
    const folder = temporaryFolder();
    const file = path.join(folder, "file");
    writeFileSync(file, "a much longer old content");
    writeAtomically(file, "new");
    expect([readText(file), ...readdirSync(folder)]).toEqual(["new", "file"]);
  });

  test("a source that fails midway leaves the old file and nothing else", () => {
    const folder = temporaryFolder();
    const file = path.join(folder, "file");
    writeFileSync(file, "old");
    const failing: ByteSource = {
      length: 6 << 20,
      read(offset, length) {
        if (offset > 0) throw new RangeError("it became shorter");
        return new Uint8Array(length);
      },
    };
    expect(() => writeAtomically(file, failing)).toThrow("it became shorter");
    expect([readText(file), ...readdirSync(folder)]).toEqual(["old", "file"]);
    expect(() => writeAtomically(path.join(folder, "fresh"), failing)).toThrow("it became shorter");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("over a folder: a Problem, and nothing is left behind", () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, "target", "inner"), { recursive: true });
    expect(() => writeAtomically(path.join(folder, "target"), "text")).toThrow(Problem);
    expect(() => writeAtomically(path.join(folder, "target"), "text")).toThrow(/cannot write .*target: it is a folder/);
    expect(readdirSync(folder)).toEqual(["target"]);
    expect(readdirSync(path.join(folder, "target"))).toEqual(["inner"]);
  });

  test("below a file, or where nothing may be made: a Problem", () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, "file"), "text");
    for (const below of ["file/new", "file/deep/new"])
      expect(() => writeAtomically(path.join(folder, below), "x")).toThrow(/a part of its path is not a folder/);
    for (const file of ["/proc/new", "/proc/new/folder/file"])
      expect(() => writeAtomically(file, "x")).toThrow(Problem);
    expect([readText(path.join(folder, "file")), ...readdirSync(folder)]).toEqual(["text", "file"]);
  });
});
