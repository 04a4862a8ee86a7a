import type { MathNode } from "mathjs";
import mathjs from "mathjs/lib/browser/math.js";
import { Problem } from "../formats/problem.ts";
import type { LoadedOutcome, Outcome } from "./outcome.ts";

let instance: ReturnType<typeof mathjs.create> | undefined;

/** Made when it is needed: all of mathjs is a tenth of a second, and memory that the threads of a sweep can do without. */
function math() {
  if (!instance) {
    instance = mathjs.create(mathjs.all!);
    // mathjs takes numbers that differ by 10⁻¹⁵ for equal, which is much beside microseconds.
    instance.import(
      {
        smaller: (a: number, b: number) => a < b,
        smallerEq: (a: number, b: number) => a <= b,
        larger: (a: number, b: number) => a > b,
        largerEq: (a: number, b: number) => a >= b,
      },
      { override: true },
    );
  }
  return instance;
}

/** Names that expressions may use, of a request alone and under load. */
export const ALONE = ["latency_s", "compute_s", "network_s", "coding_s", "load_s", "bytes"] as const;
export const LOADED = ["mean_s", "p50_s", "p95_s", "p99_s", "throughput", "failed"] as const;

/** What an expression is evaluated on; what is under load is asked for only where the expression needs it. */
export interface Facts {
  readonly outcome: Outcome;
  readonly loaded: () => LoadedOutcome;
  /** Latency of another placement in the same world, alone. */
  readonly latency: (placement: string, cut?: string) => number;
}

/** A condition on a world, or a figure of it. */
export interface Expression {
  readonly text: string;
  /** Whether it speaks of what happens under load. */
  readonly needsLoad: boolean;
  evaluate(facts: Facts): unknown;
}

/** A condition, and how far from holding it is. */
export interface Goal extends Expression {
  holds(facts: Facts): boolean;
  /** At most 0 where a comparison holds; relative to its right side. Infinite where it cannot be said. */
  shortfall(facts: Facts): number;
  /** The figures that the condition is about, as the world gives them. */
  figures(facts: Facts): Readonly<Record<string, number>>;
}

/**
 * Reads a figure such as `p95_s` or `latency("cloud") - latency("edge")`, in the notation of mathjs.
 *
 * @throws Problem when it cannot be read or names something unknown
 */
export function parseExpression(text: string, option: string): Expression {
  return expression(parse(text, option), text, option);
}

/**
 * Reads a condition such as `p95_s <= 0.05` or `latency("cloud") < latency("edge")`.
 *
 * @throws Problem when it cannot be read or names something unknown
 */
export function parseGoal(text: string, option = "--until"): Goal {
  const node = parse(text, option);
  const whole = expression(node, text, option);
  const shortfall = shortfallOf(node, option);
  const sides = comparisons(node).flatMap(({ args }) => args);
  const figures = sides.filter((side) => side.filter((part) => part.type === "SymbolNode").length > 0);
  return {
    ...whole,
    holds(facts) {
      const value = whole.evaluate(facts);
      if (typeof value !== "boolean")
        throw new Problem(`${option} ${text}: is no condition; write, for example, latency_s <= 0.05`);
      return value;
    },
    shortfall,
    figures: (facts) =>
      Object.fromEntries(
        figures.map((figure) => [figure.toString(), Number(expression(figure, text, option).evaluate(facts))]),
      ),
  };
}

interface Operation extends MathNode {
  readonly fn: string;
  readonly args: readonly MathNode[];
}

function parse(text: string, option: string): MathNode {
  let node: MathNode;
  try {
    node = math().parse(text);
  } catch (error) {
    throw new Problem(`${option} ${text}: ${(error as Error).message}; write, for example, latency_s <= 0.05`);
  }
  const names: readonly string[] = [...ALONE, ...LOADED, "feasible", "true", "false"];
  const functions = ["latency", "utilisation", "min", "max", "abs", "sqrt", "log", "exp"];
  node.traverse((part: MathNode, path: string) => {
    if (part.type === "FunctionNode" && !functions.includes((part as unknown as { fn: { name: string } }).fn.name)) {
      throw new Problem(
        `${option} ${text}: there is no function '${(part as unknown as { fn: { name: string } }).fn.name}'; known: ${functions.join(", ")}`,
      );
    }
    if (part.type !== "SymbolNode" || path === "fn") return;
    const { name } = part as unknown as { name: string };
    if (!names.includes(name))
      throw new Problem(
        `${option} ${text}: there is no '${name}'; known: ${names.slice(0, -2).join(", ")}, latency("PLACEMENT"), utilisation("STATION")`,
      );
  });
  return node;
}

function expression(node: MathNode, text: string, option: string): Expression {
  const names = node
    .filter((part) => part.type === "SymbolNode")
    .map((part) => (part as unknown as { name: string }).name);
  const compiled = node.compile();
  const needsLoad = names.some((name) => name === "utilisation" || (LOADED as readonly string[]).includes(name));
  return {
    text,
    needsLoad,
    evaluate(facts) {
      const { outcome } = facts;
      const scope: Record<string, unknown> = { feasible: outcome.feasible, latency: facts.latency };
      for (const name of ALONE) scope[name] = outcome[name];
      if (needsLoad) {
        const loaded = facts.loaded();
        for (const name of LOADED) scope[name] = loadedFigure(loaded, name);
        scope.utilisation = (station: string) => {
          const known =
            loaded.utilisation[station] ??
            loaded.utilisation[`tier:${station}`] ??
            loaded.utilisation[`link:${station}`];
          if (known === undefined)
            throw new Problem(
              `${option} ${text}: there is no station '${station}'; stations: ${Object.keys(loaded.utilisation).join(", ")}`,
            );
          return known;
        };
      }
      try {
        return compiled.evaluate(scope);
      } catch (error) {
        if (error instanceof Problem) throw error;
        throw new Problem(`${option} ${text}: ${(error as Error).message}`);
      }
    },
  };
}

/** Share of requests beyond a percentile. */
const BEYOND: Readonly<Record<string, number>> = { p50_s: 0.5, p95_s: 0.05, p99_s: 0.01 };

/**
 * A figure under load. Latencies are those of the requests that are answered; where a queue grows without end, or more
 * requests fail than a percentile leaves beyond it, the percentile is infinite.
 */
export function loadedFigure(loaded: LoadedOutcome, name: (typeof LOADED)[number]): number {
  if (name === "throughput" || name === "failed") return loaded[name];
  const { value } = loaded[name];
  const lost = loaded.failed > (BEYOND[name] ?? 0.5);
  return lost || loaded.diverges || Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
}

const COMPARISONS: Readonly<Record<string, 1 | -1>> = { smaller: 1, smallerEq: 1, larger: -1, largerEq: -1 };

function comparisons(node: MathNode): Operation[] {
  return node.filter((part) => part.type === "OperatorNode" && (part as Operation).fn in COMPARISONS) as Operation[];
}

/** Of `and` the worst, of `or` the best, of a comparison the difference of its sides. */
function shortfallOf(node: MathNode, option: string): (facts: Facts) => number {
  if (node.type === "ParenthesisNode") return shortfallOf((node as unknown as { content: MathNode }).content, option);
  const { fn, args = [] } = node as Operation;
  if (node.type === "OperatorNode" && (fn === "and" || fn === "or")) {
    const each = args.map((argument) => shortfallOf(argument, option));
    return (facts) => (fn === "and" ? Math.max : Math.min)(...each.map((of) => of(facts)));
  }
  const sign = node.type === "OperatorNode" ? COMPARISONS[fn] : undefined;
  if (sign === undefined) {
    const whole = expression(node, node.toString(), option);
    return (facts) => (whole.evaluate(facts) === true ? 0 : Number.POSITIVE_INFINITY);
  }
  const [left, right] = args.map((side) => expression(side, side.toString(), option)) as [Expression, Expression];
  return (facts) => {
    const [a, b] = [Number(left.evaluate(facts)), Number(right.evaluate(facts))];
    const difference = (sign * (a - b)) / Math.max(Math.abs(b), Number.MIN_VALUE);
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  };
}
