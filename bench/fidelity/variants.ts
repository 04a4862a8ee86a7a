/** What `bench:fidelity -- --operators` compares: models, and the variants that operators make of each. */
import { rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type ApplyRequest, applyOperators, TWIN } from "../../src/cli/applying.ts";
import type { Shapes } from "../../src/profiler/index.ts";
import { writeAtomically } from "../../src/store/index.ts";
import { MODELS } from "../models.ts";

/** A variant to be made by {@link madeVariant}. */
export interface WantedVariant {
  /** How tables call it. */
  readonly label: string;
  /** As `apply` takes it; undefined for the model itself. */
  readonly operators: string | undefined;
  readonly request?: Partial<ApplyRequest>;
  /** The trained variant whose latency the twin stands for. */
  readonly trained?: string;
}

/** A model with its variants. The first one is the model itself. */
export interface Subject {
  readonly name: string;
  readonly file: () => string;
  readonly shapes: Shapes;
  readonly variants: readonly WantedVariant[];
}

const fixture = (name: string) => fileURLToPath(new URL(`../../test/fixtures/variants/${name}.onnx`, import.meta.url));
const IDENTITY: WantedVariant = { label: "identity", operators: undefined };

/** Every operator, and the combinations that shrink and quantise. */
function everyOperator(exit: Pick<ApplyRequest, "exit" | "classes">, student?: string): WantedVariant[] {
  const channels = { pattern: "channels" } as const;
  const distilled = { student };
  return [
    IDENTITY,
    { label: "sptq", operators: "sptq" },
    { label: "qat", operators: "qat" },
    { label: "pruned unstructured", operators: "pruned", request: { pattern: "unstructured" } },
    { label: "pruned 2x1", operators: "pruned", request: { pattern: "2x1" } },
    { label: "pruned 4x1", operators: "pruned", request: { pattern: "4x1" } },
    { label: "pruned channels", operators: "pruned", request: channels },
    { label: "pruned channels+sptq", operators: "pruned+sptq", request: channels },
    { label: "early-exit", operators: "early-exit", request: exit },
    { label: "early-exit+sptq", operators: "early-exit+sptq", request: exit },
    ...(student
      ? [
          { label: "distilled", operators: "distilled", request: distilled },
          { label: "distilled+sptq", operators: "distilled+sptq", request: distilled },
        ]
      : []),
  ];
}

/** Twins beside what was really trained: the twin's profile predicts, the trained file is measured. */
function trainedTwins(task: "fmnist" | "spam", sparsity: number): WantedVariant[] {
  const [student, trained] = [fixture(`${task}_distilled`), (operator: string) => fixture(`${task}_${operator}`)];
  return [
    IDENTITY,
    { label: "qat", operators: "qat", trained: trained("qat") },
    { label: "pruned 2x1", operators: "pruned", request: { pattern: "2x1", sparsity }, trained: trained("pruned") },
    { label: "distilled", operators: "distilled", request: { student }, trained: student },
    {
      label: "distilled+sptq",
      operators: "distilled+sptq",
      request: { student },
      trained: trained("distilled_sptq"),
    },
  ];
}

function subject(name: string, variants: readonly WantedVariant[]): Subject {
  const { file, shapes } = MODELS.find((model) => model.name === name)!;
  return { name, file, shapes, variants };
}

const MAIL = [1, 64];
export const SUBJECTS: readonly Subject[] = [
  subject("fmnist-resnet", everyOperator({ exit: "/f/f.4/Relu", classes: 10 }, fixture("fmnist_distilled"))),
  subject("fmnist-mbv2", everyOperator({ exit: "/f/f.5/Add", classes: 10 }, fixture("fmnist_distilled"))),
  subject("spam-bert2-32", everyOperator({ exit: "/L.0/n2/Add_1", classes: 2 }, fixture("spam_distilled"))),
  // There is no student of the detector.
  subject("pp-ocr-det", everyOperator({ exit: "p2o.Conv.37", classes: 10 })),
  {
    name: "trained-clothes",
    file: () => fixture("fmnist_identity"),
    shapes: { image: [1, 1, 28, 28] },
    variants: trainedTwins("fmnist", 0.7),
  },
  {
    name: "trained-mails",
    file: () => fixture("spam_identity"),
    shapes: { input_ids: MAIL, attention_mask: MAIL },
    variants: trainedTwins("spam", 0.5),
  },
];

/** A variant's file, which is gone once `use` is done, and the share of its products that integer kernels do. */
export async function madeVariant<T>(
  file: string,
  { label, operators, request }: WantedVariant,
  shapes: Shapes,
  folder: string,
  use: (file: string, integerShare: number | undefined) => Promise<T>,
): Promise<T> {
  if (operators === undefined) return use(file, undefined);
  const { source, integerShare } = await applyOperators(file, operators, {
    ...TWIN,
    onProgress: () => {},
    ...request,
    shapes,
  });
  const made = path.join(folder, `${label.replaceAll(" ", "-")}.onnx`);
  writeAtomically(made, source);
  try {
    return await use(made, integerShare);
  } finally {
    rmSync(made);
  }
}
