import { all, create, type MathJsInstance, type MathNode } from "mathjs";
import { Problem } from "../formats/problem.ts";

const math = withTexts(create(all!));

/**
 * Compiles a condition over the columns of a table, in the notation of mathjs: `repeat < 4 and operator == "sptq"`. A cell
 * that reads as a number is one, an empty one is 0, and any other is text.
 *
 * @param columns that the condition may name
 * @returns whether the condition holds for a record
 * @throws Problem when it cannot be read or names no column
 */
export function condition(
  text: string,
  columns: readonly string[],
): (record: Readonly<Record<string, string>>) => boolean {
  let node: MathNode;
  try {
    node = math.parse(text);
  } catch (error) {
    throw new Problem(`--fit ${text}: ${(error as Error).message}; write, for example, repeat < 4`);
  }
  const known = new Set(columns);
  node.traverse((part: MathNode, path: string) => {
    if (part.type !== "SymbolNode" || path === "fn") return;
    const { name } = part as unknown as { name: string };
    if (!known.has(name) && !["true", "false"].includes(name)) {
      throw new Problem(`--fit ${text}: there is no column '${name}'; columns: ${columns.join(", ")}`);
    }
  });
  const compiled = node.compile();
  return (record) => {
    const scope = Object.fromEntries(columns.map((column) => [column, cellValue(record[column] ?? "")]));
    let result: unknown;
    try {
      result = compiled.evaluate(scope);
    } catch (error) {
      throw new Problem(`--fit ${text}: ${(error as Error).message}`);
    }
    if (typeof result !== "boolean") throw new Problem(`--fit ${text}: is no condition: it gives ${String(result)}`);
    return result;
  };
}

function cellValue(cell: string): number | string {
  if (cell.trim() === "") return 0;
  const value = Number(cell);
  return Number.isNaN(value) ? cell : value;
}

/** mathjs compares texts as numbers; conditions on operators and placements compare them as texts. */
function withTexts(instance: MathJsInstance): MathJsInstance {
  const signatures = (of: unknown) =>
    (of as { signatures: Record<string, (a: never, b: never) => unknown> }).signatures;
  const texts = (same: boolean) => ({
    "string, string": (a: string, b: string) => (a === b) === same,
    "string, number": () => !same,
    "number, string": () => !same,
  });
  instance.import(
    {
      equal: instance.typed("equal", { ...signatures(instance.equal), ...texts(true) }),
      unequal: instance.typed("unequal", { ...signatures(instance.unequal), ...texts(false) }),
    },
    { override: true },
  );
  return instance;
}
