import { Problem } from "../formats/problem.ts";
import type { Model, ValueInfo } from "../onnx/index.ts";

/**
 * Makes sure that a student does its teacher's task: inputs and outputs of the same names, types and shapes.
 * @throws Problem naming the first difference
 */
export function checkStudent(teacher: Model, student: Model): void {
  compare("input", requests(teacher), requests(student));
  compare("output", teacher.outputs, student.outputs);
}

/** Inputs that no initializer gives a value. */
function requests(model: Model): ValueInfo[] {
  return model.inputs.filter(({ name }) => !model.initializers.has(name));
}

function compare(kind: string, teachers: readonly ValueInfo[], students: readonly ValueInfo[]): void {
  const fault = (what: string) =>
    new Problem(`the student does not fit its teacher: ${what}. Give a student that was trained for the same task.`);
  for (const wanted of teachers) {
    const found = students.find(({ name }) => name === wanted.name);
    if (!found) throw fault(`it has no ${kind} '${wanted.name}'`);
    if (found.dtype !== wanted.dtype || !sameShape(found, wanted))
      throw fault(`its ${kind} '${wanted.name}' is ${describe(found)}, the teacher's is ${describe(wanted)}`);
  }
  for (const { name } of students)
    if (!teachers.some((wanted) => wanted.name === name)) throw fault(`the teacher has no ${kind} '${name}'`);
}

/** Equal ranks and equal fixed dimensions; free ones fit anything. */
function sameShape(one: ValueInfo, other: ValueInfo): boolean {
  if (!one.shape || !other.shape) return true;
  if (one.shape.length !== other.shape.length) return false;
  return one.shape.every((size, index) => {
    const wanted = other.shape![index];
    return typeof size !== "number" || typeof wanted !== "number" || size === wanted;
  });
}

function describe({ dtype, shape }: ValueInfo): string {
  return `${dtype ?? "no tensor"}[${shape?.map((size) => size ?? "?").join("x") ?? "?"}]`;
}
