import { describe, expect, test } from "vitest";
import { architecture } from "../../src/zoo/index.ts";
import { SUBJECTS } from "../../study/subjects.ts";

describe("the study's subjects", () => {
  test.each(SUBJECTS.map((subject) => [subject.title, subject] as const))(
    "%s has a student that takes what it takes",
    (_, subject) => {
      expect(architecture(subject.student).shapes).toEqual(architecture(subject.architecture).shapes);
    },
  );
});
