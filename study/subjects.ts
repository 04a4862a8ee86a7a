/** What the study looked at: its models with their students, operators, cuts and published accuracies. Facts only, with sources. */

/** Operators in the study's order. The first one is the model as it is. */
export const OPERATORS = ["identity", "sptq", "qat", "pruned", "distilled", "distilled+sptq"] as const;
export type Operator = (typeof OPERATORS)[number];

/** Those that the study ran in two parts, on Mobile and Edge. */
export const PARTITIONED: readonly Operator[] = ["identity", "sptq"];

/** Where accuracies and conclusions are from. */
export const STUDY = "arXiv 2411.00907";

export interface StudySubject {
  /** What the study's tables, and published runs, call it. */
  readonly name: string;
  readonly title: string;
  readonly kind: "image" | "text";
  /** In the zoo. */
  readonly architecture: string;
  readonly student: string;
  /** After which node the study cut it, by operator. */
  readonly cuts: Readonly<Partial<Record<Operator, string>>>;
  /** Whether the study says where it cut; else it is taken to be where its other model of the kind was cut. */
  readonly cutStated: boolean;
  /** Variants that are profiled at every cut of their graph; others at some. */
  readonly everyCut: readonly Operator[];
  readonly metric: "top-1, ImageNet" | "F1, MRPC";
  /** Shares, on Mobile and Edge. */
  readonly accuracy: Readonly<Record<Operator, number>>;
}

const STAGE_3 = "/layer3/layer3.16/Add";
/** The quantised sum is what travels: one byte an element. */
const IMAGE_CUTS = { identity: STAGE_3, sptq: `${STAGE_3}/Q` };
const embeddings = (prefix: string) => `/${prefix}/embeddings/LayerNorm/LayerNormalization`;

function accuracies(...percent: readonly [number, number, number, number, number, number]): Record<Operator, number> {
  return Object.fromEntries(OPERATORS.map((operator, i) => [operator, percent[i]! / 100])) as Record<Operator, number>;
}

export const SUBJECTS: readonly StudySubject[] = [
  {
    name: "resnet",
    title: "Wide-ResNet-101-2",
    kind: "image",
    architecture: "wide_resnet101_2",
    student: "wide_resnet50_2",
    cuts: IMAGE_CUTS,
    cutStated: true,
    everyCut: ["identity"],
    metric: "top-1, ImageNet",
    accuracy: accuracies(82.52, 82.15, 81.39, 81.35, 81.66, 81.18),
  },
  {
    name: "resnext",
    title: "ResNeXt-101 64×4d",
    kind: "image",
    architecture: "resnext101_64x4d",
    student: "resnext50_32x4d",
    cuts: IMAGE_CUTS,
    cutStated: false,
    everyCut: [],
    metric: "top-1, ImageNet",
    accuracy: accuracies(83.24, 83.08, 81.92, 80.98, 80.79, 80.47),
  },
  {
    name: "bert",
    title: "BERT-base",
    kind: "text",
    architecture: "bert_base",
    student: "bert_small",
    cuts: { identity: embeddings("bert"), sptq: embeddings("bert") },
    cutStated: true,
    everyCut: ["distilled"],
    metric: "F1, MRPC",
    accuracy: accuracies(90.42, 89.63, 88.89, 88.62, 88.29, 88.17),
  },
  {
    name: "roberta",
    title: "RoBERTa-base",
    kind: "text",
    architecture: "roberta_base",
    student: "roberta_tiny",
    cuts: { identity: embeddings("roberta"), sptq: embeddings("roberta") },
    cutStated: false,
    everyCut: [],
    metric: "F1, MRPC",
    accuracy: accuracies(91.38, 90.51, 91.64, 88.96, 88.89, 88.07),
  },
];

/** Smaller models of the same two kinds, for a quick run of the same path: `--models mobilenet`. No published figure is of them. */
export const SMALL: readonly StudySubject[] = [
  {
    ...SUBJECTS[0]!,
    name: "mobilenet",
    title: "MobileNetV2 (not of the study)",
    architecture: "mobilenet_v2",
    student: "mobilenet_v2",
    cuts: {},
    cutStated: false,
    everyCut: [],
  },
];

/** One way to serve a model that the study, or this one, looks at. */
export interface Deployment {
  readonly subject: string;
  readonly operator: Operator;
  /** "mobile", "edge", "cloud" or "mobile>edge", which is cut where the study cut. */
  readonly placement: string;
}

export const WHOLE = ["mobile", "edge", "cloud"] as const;

/** All that the study measured of a model. */
export function deploymentsOf(subject: StudySubject): Deployment[] {
  return [
    ...OPERATORS.flatMap((operator) => WHOLE.map((placement) => ({ subject: subject.name, operator, placement }))),
    ...PARTITIONED.filter((operator) => subject.cuts[operator] !== undefined).map((operator) => ({
      subject: subject.name,
      operator,
      placement: "mobile>edge",
    })),
  ];
}

export function keyOf({ subject, operator, placement }: Deployment): string {
  return `${subject} ${operator} ${placement}`;
}

/** Operators whose runs are fitted where published runs are there; all else is predicted. */
export const FITTED: readonly Operator[] = ["identity"];
/** For comparison: one operator more, which shows what integer kernels gain on the study's machines. */
export const FITTED_WITH_SPTQ: readonly Operator[] = ["identity", "sptq"];

/** Whether a deployment's own runs are fitted: whole ones of these operators. */
export function isFitted({ operator, placement }: Deployment, fitted: readonly Operator[] = FITTED): boolean {
  return fitted.includes(operator) && !placement.includes(">");
}
