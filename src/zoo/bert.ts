import type { ByteSource } from "../onnx/index.ts";
import { TorchGraph } from "./torch.ts";

/** An encoder with a classifier of two classes on its first token. */
export interface EncoderShape {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly vocabulary: number;
  /** RoBERTa counts positions from its padding token on, has one token type and another head. */
  readonly roberta?: true;
  /** Exported without token types, as RoBERTa is: they are zeros inside. */
  readonly untyped?: true;
}

/** Devlin et al., BERT, NAACL 2019: uncased vocabulary. */
export const BERT_BASE: EncoderShape = { layers: 12, hidden: 768, heads: 12, vocabulary: 30522 };
/** Turc et al., Well-Read Students Learn Better, 2019: "small". */
export const BERT_SMALL: EncoderShape = { layers: 4, hidden: 512, heads: 8, vocabulary: 30522 };
/** Liu et al., RoBERTa, 2019. */
export const ROBERTA_BASE: EncoderShape = { layers: 12, hidden: 768, heads: 12, vocabulary: 50265, roberta: true };
/**
 * RoBERTa-tiny-cased (H. Zhang, 2020): trained as RoBERTa is, of BERT's architecture and cased vocabulary. It takes what a RoBERTa takes, so
 * that it can stand in for one.
 */
export const ROBERTA_TINY: EncoderShape = { layers: 4, hidden: 512, heads: 8, vocabulary: 28996, untyped: true };

/** Standard deviation of initial weights in BERT. */
const DEVIATION = 0.02;
const POSITIONS = 512;
/** RoBERTa's padding token; positions begin behind it. */
const PADDING = 1;

/**
 * Hugging Face's …ForSequenceClassification with eager attention. Inputs int64 [batch_size, sequence_length]:
 * `input_ids`, `attention_mask` and, for typed ones ({@link isTyped}), `token_type_ids`; at most 512 tokens. Output `logits` [batch_size, 2].
 */
export function encoder(name: string, shape: EncoderShape, seed: number): ByteSource {
  const { hidden, roberta } = shape;
  const graph = new TorchGraph(name, seed);
  const free = ["batch_size", "sequence_length"];
  const [ids, mask, types] = ["input_ids", "attention_mask", ...(isTyped(shape) ? ["token_type_ids"] : [])].map(
    (input) => graph.input(input, "int64", free),
  );
  const base = roberta ? "/roberta" : "/bert";
  const first = graph.constant(base, "int64", 0);
  const typeIds = types ?? expandedTypes(graph, base, ids!);
  const bias = attentionBias(graph, base, mask!);
  let x = embeddings(graph, base, shape, ids!, typeIds);
  for (let layer = 0; layer < shape.layers; layer++)
    x = encoderLayer(graph, `${base}/encoder/layer.${layer}`, shape, x, bias);
  if (roberta) {
    x = graph.node("Gather", "/classifier", [x, first], { axis: 1 });
    x = graph.node("Tanh", "/classifier", [graph.gemm("/classifier/dense", x, hidden, hidden, DEVIATION)]);
    graph.gemm("/classifier/out_proj", x, hidden, 2, DEVIATION, "logits");
  } else {
    x = graph.node("Gather", `${base}/pooler`, [x, first], { axis: 1 });
    x = graph.node("Tanh", `${base}/pooler`, [graph.gemm(`${base}/pooler/dense`, x, hidden, hidden, DEVIATION)]);
    graph.gemm("/classifier", x, hidden, 2, DEVIATION, "logits");
  }
  graph.output("logits", ["batch_size", 2]);
  return graph.build();
}

/** Whether token types are an input. */
export function isTyped({ roberta, untyped }: EncoderShape): boolean {
  return !roberta && !untyped;
}

/** 0 for tokens that are attended to and float32's lowest number for the others, [batch, 1, 1, length]. */
function attentionBias(graph: TorchGraph, base: string, mask: string): string {
  let wide = graph.node("Unsqueeze", base, [mask, graph.constant(base, "int64", [1])]);
  wide = graph.node("Unsqueeze", base, [wide, graph.constant(base, "int64", [2])]);
  const seen = graph.node("Cast", base, [wide], { to: 1 });
  const hidden = graph.node("Sub", base, [graph.constant(base, "float32", 1), seen]);
  return graph.node("Mul", base, [hidden, graph.constant(base, "float32", -3.4028234663852886e38)]);
}

/** Token types, all 0, in the shape of the input. */
function expandedTypes(graph: TorchGraph, base: string, ids: string): string {
  const [batch, length] = [0, 1].map((axis) => dimension(graph, base, ids, axis));
  const [axes, start] = [graph.constant(base, "int64", [0]), graph.constant(base, "int64", [0])];
  const end = graph.node("Unsqueeze", base, [length!, start]);
  const [column, step] = [graph.constant(base, "int64", [1]), graph.constant(base, "int64", [1])];
  const name = `${base.slice(1)}.embeddings.token_type_ids`;
  const zeros = graph.integers(name, Array(POSITIONS + 2).fill(0), [1, POSITIONS + 2]);
  const row = graph.node("Slice", base, [zeros, axes, end, column, step]);
  const parts = [batch!, length!].map((size) =>
    graph.node("Unsqueeze", base, [size, graph.constant(base, "int64", [0])]),
  );
  const shape = graph.node("Concat", base, parts, { axis: 0 });
  const flat = graph.node("Reshape", base, [shape, graph.constant(base, "int64", [-1])], { allowzero: 0 });
  const rank = graph.node("Shape", base, [flat]);
  const ones = graph.node("ConstantOfShape", base, [rank], {
    value: { tensor: { dtype: "int64", shape: [1], values: [1] } },
  });
  const negative = graph.node("Mul", base, [ones, graph.constant(base, "int64", -1)]);
  const kept = graph.node("Equal", base, [flat, negative]);
  return graph.node("Expand", base, [row, graph.node("Where", base, [kept, ones, flat])]);
}

/** One dimension of a tensor, a scalar. */
function dimension(graph: TorchGraph, scope: string, x: string, axis: number): string {
  const all = graph.node("Shape", scope, [x]);
  return graph.node("Gather", scope, [all, graph.constant(scope, "int64", axis)], { axis: 0 });
}

function embeddings(graph: TorchGraph, base: string, shape: EncoderShape, ids: string, types: string): string {
  const scope = `${base}/embeddings`;
  const positions = shape.roberta ? countedPositions(graph, scope, ids) : slicedPositions(graph, scope, ids);
  const rows = shape.roberta ? POSITIONS + PADDING + 1 : POSITIONS;
  const table = (name: string, count: number) =>
    graph.weight(`${scope.slice(1).replace("/", ".")}.${name}.weight`, [count, shape.hidden], { deviation: DEVIATION });
  const words = graph.node("Gather", `${scope}/word_embeddings`, [table("word_embeddings", shape.vocabulary), ids]);
  const kinds = table("token_type_embeddings", shape.roberta ? 1 : 2);
  const typed = graph.node("Add", scope, [
    words,
    graph.node("Gather", `${scope}/token_type_embeddings`, [kinds, types]),
  ]);
  const places = graph.node("Gather", `${scope}/position_embeddings`, [table("position_embeddings", rows), positions]);
  return normalised(graph, `${scope}/LayerNorm`, shape, graph.node("Add", scope, [typed, places]));
}

/** 0, 1, 2 … as far as the input is long, [1, length]. */
function slicedPositions(graph: TorchGraph, scope: string, ids: string): string {
  const length = dimension(graph, scope, ids, 1);
  const start = graph.constant(scope, "int64", [0]);
  const end = graph.node("Unsqueeze", scope, [length, graph.constant(scope, "int64", [0])]);
  const [axes, step] = [graph.constant(scope, "int64", [1]), graph.constant(scope, "int64", [1])];
  const counted = Array.from({ length: POSITIONS }, (_, index) => index);
  const all = graph.integers(`${scope.slice(1).replace("/", ".")}.position_ids`, counted, [1, POSITIONS]);
  return graph.node("Slice", scope, [all, start, end, axes, step]);
}

/** Tokens that are no padding, counted from 2 on, [batch, length]. */
function countedPositions(graph: TorchGraph, scope: string, ids: string): string {
  const padded = graph.node("Equal", scope, [ids, graph.constant(scope, "int64", PADDING)]);
  const words = graph.node("Cast", scope, [graph.node("Not", scope, [padded])], { to: 6 });
  const sums = graph.node("CumSum", scope, [words, graph.constant(scope, "int32", 1)]);
  const counted = graph.node("Cast", scope, [graph.node("Mul", scope, [sums, words])], { to: 7 });
  return graph.node("Add", scope, [counted, graph.constant(scope, "int64", PADDING)]);
}

function normalised(graph: TorchGraph, scope: string, { hidden, roberta }: EncoderShape, x: string): string {
  const name = scope.slice(1).replaceAll("/", ".");
  const weight = graph.weight(`${name}.weight`, [hidden], { mean: 1, deviation: DEVIATION });
  const bias = graph.weight(`${name}.bias`, [hidden], { deviation: DEVIATION });
  const attributes = { axis: -1, epsilon: { float: roberta ? 1e-5 : 1e-12 } };
  return graph.node("LayerNormalization", scope, [x, weight, bias], attributes);
}

/** torch.nn.Linear on a tensor of more than two axes. */
function linear(graph: TorchGraph, scope: string, x: string, from: number, to: number): string {
  const name = scope.slice(1).replaceAll("/", ".");
  const weight = graph.weight(`${name}.weight`, [from, to], { deviation: DEVIATION });
  const bias = graph.weight(`${name}.bias`, [to], { deviation: DEVIATION });
  return graph.node("Add", scope, [bias, graph.node("MatMul", scope, [x, weight])]);
}

function encoderLayer(graph: TorchGraph, scope: string, shape: EncoderShape, x: string, bias: string): string {
  const { hidden } = shape;
  const context = selfAttention(graph, `${scope}/attention/self`, shape, x, bias);
  const output = `${scope}/attention/output`;
  const dense = linear(graph, `${output}/dense`, context, hidden, hidden);
  const attended = normalised(graph, `${output}/LayerNorm`, shape, graph.node("Add", output, [dense, x]));
  const wide = linear(graph, `${scope}/intermediate/dense`, attended, hidden, 4 * hidden);
  const active = gelu(graph, `${scope}/intermediate/intermediate_act_fn`, wide);
  const narrow = linear(graph, `${scope}/output/dense`, active, 4 * hidden, hidden);
  const sum = graph.node("Add", `${scope}/output`, [narrow, attended]);
  return normalised(graph, `${scope}/output/LayerNorm`, shape, sum);
}

function selfAttention(graph: TorchGraph, scope: string, shape: EncoderShape, x: string, bias: string): string {
  const { hidden, heads } = shape;
  const size = hidden / heads;
  const split = (y: string) => reshaped(graph, scope, y, [heads, size]);
  const query = linear(graph, `${scope}/query`, x, hidden, hidden);
  const key = split(linear(graph, `${scope}/key`, x, hidden, hidden));
  const value = graph.node("Transpose", scope, [split(linear(graph, `${scope}/value`, x, hidden, hidden))], {
    perm: [0, 2, 1, 3],
  });
  const queries = graph.node("Transpose", scope, [split(query)], { perm: [0, 2, 1, 3] });
  const keys = graph.node("Transpose", scope, [key], { perm: [0, 2, 3, 1] });
  const products = graph.node("MatMul", scope, [queries, keys]);
  const scores = graph.node("Div", scope, [products, graph.constant(scope, "float32", Math.sqrt(size))]);
  const weights = graph.node("Softmax", scope, [graph.node("Add", scope, [scores, bias])], { axis: -1 });
  const mixed = graph.node("MatMul", scope, [weights, value]);
  return reshaped(graph, scope, graph.node("Transpose", scope, [mixed], { perm: [0, 2, 1, 3] }), [hidden]);
}

/** The first two axes as they are, the rest in the shape `inner`. */
function reshaped(graph: TorchGraph, scope: string, x: string, inner: readonly number[]): string {
  const outer = [0, 1].map((axis) => dimension(graph, scope, x, axis));
  const parts = outer.map((length) => graph.node("Unsqueeze", scope, [length, graph.strayConstant([0])]));
  const rest = inner.map((length) => graph.constant(scope, "int64", [length]));
  const shape = graph.node("Concat", scope, [...parts, ...rest], { axis: 0 });
  return graph.node("Reshape", scope, [x, shape], { allowzero: 0 });
}

/** The exact Gaussian error linear unit (Hendrycks & Gimpel, 2016). */
function gelu(graph: TorchGraph, scope: string, x: string): string {
  const scaled = graph.node("Div", scope, [x, graph.constant(scope, "float32", Math.SQRT2)]);
  const error = graph.node("Erf", scope, [scaled]);
  const sum = graph.node("Add", scope, [error, graph.constant(scope, "float32", 1)]);
  const product = graph.node("Mul", scope, [x, sum]);
  return graph.node("Mul", scope, [product, graph.constant(scope, "float32", 0.5)]);
}
