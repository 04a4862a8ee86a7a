import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { Journal } from "../../src/store/index.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

interface Entry {
  readonly piece: number;
}

function journalOf(file: string, pieces: number, fingerprint = "work"): void {
  const journal = new Journal<Entry>(file, fingerprint);
  for (let piece = 0; piece < pieces; piece++) journal.append({ piece });
}

describe("a journal", () => {
  test("of an interrupted run is resumed", () => {
    const file = path.join(temporaryFolder(), "below", "journal");
    journalOf(file, 2);
    const second = new Journal<Entry>(file, "work");
    expect(second.entries).toEqual([{ piece: 0 }, { piece: 1 }]);
    second.append({ piece: 2 });
    expect(new Journal<Entry>(file, "work").entries).toEqual([{ piece: 0 }, { piece: 1 }, { piece: 2 }]);
  });

  test("of other work is started anew", () => {
    const file = path.join(temporaryFolder(), "journal");
    journalOf(file, 2, "old work");
    const other = new Journal<Entry>(file, "new work");
    expect(other.entries).toEqual([]);
    other.append({ piece: 7 });
    expect(new Journal<Entry>(file, "new work").entries).toEqual([{ piece: 7 }]);
    expect(new Journal<Entry>(file, "old work").entries).toEqual([]);
  });

  test("cut off anywhere keeps the pieces that are whole, and goes on cleanly", () => {
    const folder = temporaryFolder();
    const full = path.join(folder, "full");
    journalOf(full, 4);
    const bytes = readFileSync(full);
    let run = 0;
    const property = fc.property(fc.nat(bytes.length), (length) => {
      const file = path.join(folder, `journal${run++}`);
      writeFileSync(file, bytes);
      truncateSync(file, length);
      const journal = new Journal<Entry>(file, "work");
      const ends = [...bytes.keys()].filter((index) => bytes[index] === 0x0a);
      // A line that lacks only its line break is whole.
      const kept = Math.max(0, ends.filter((end) => end <= length).length - 1);
      expect(journal.entries).toEqual(Array.from({ length: kept }, (_, piece) => ({ piece })));
      journal.append({ piece: 99 });
      expect(new Journal<Entry>(file, "work").entries).toEqual([...journal.entries, { piece: 99 }]);
    });
    void fc.assert(property, { numRuns: 60 });
  });

  test("with a broken last line drops it", () => {
    const file = path.join(temporaryFolder(), "journal");
    journalOf(file, 1);
    appendFileSync(file, '{"piece":1');
    const journal = new Journal<Entry>(file, "work");
    expect(journal.entries).toEqual([{ piece: 0 }]);
    journal.append({ piece: 1 });
    expect(new Journal<Entry>(file, "work").entries).toEqual([{ piece: 0 }, { piece: 1 }]);
  });

  test("of finished work goes away", () => {
    const file = path.join(temporaryFolder(), "journal");
    const journal = new Journal<Entry>(file, "work");
    journal.append({ piece: 0 });
    journal.remove();
    journal.remove();
    expect(existsSync(file)).toBe(false);
  });
});
