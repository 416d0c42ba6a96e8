import { mean, pointwise } from './functions.js'
import type { Graph } from './graph.js'
import { type Covariates, covariateRows, Linear, NO_COVARIATES } from './ops/linear.js'
import { NormalDraw } from './ops/normal-draw.js'
import { BatchNorm, LayerNorm, NORM_EPSILON } from './ops/norms.js'
import { ReluDropout } from './ops/relu-dropout.js'
import { RunningRow } from './ops/running-row.js'
import { add, divide, maximum, multiply, sqrt, square, subtract } from './terms.js'
import type { Value } from './value.js'
import type { RunningStatistic, Weight } from './weights.js'

/** Of layer norm's variance. */
const LAYER_NORM_EPSILON = 1e-5

/** How the hidden layers of one side of a model are built. */
export interface LayerStyle {
  hidden: number
  batchNorm: boolean
  layerNorm: boolean
  /** Share of units dropped in training. */
  dropoutRate: number
}

/** The weights of a linear layer. */
export interface LinearLayer {
  weight: Weight
  bias: Weight
}

/** The weights of a batch normalisation. */
export interface NormLayer {
  scale: Weight
  shift: Weight
  running: RunningStatistic
}

/** One block of scVI's fully connected layers, and what it is made of: it can be laid over more than one value. */
export interface HiddenLayer {
  linear: LinearLayer
  norm?: NormLayer
  style: LayerStyle
  covariates: Covariates
  /** What the dropout's noise is keyed by. */
  purpose: number
}

/** A linear layer's weights, started as PyTorch starts them. */
function linearLayer({ plan }: Graph, name: string, rows: number, outputs: number): LinearLayer {
  return {
    weight: plan.uniform(`${name}.weight`, rows, outputs, rows),
    bias: plan.uniform(`${name}.bias`, 1, outputs, rows),
  }
}

/** A linear layer with bias over a value. */
export function linear(graph: Graph, name: string, input: Value, outputs: number): Value {
  const { weight, bias } = linearLayer(graph, name, input.columns as number, outputs)
  return graph.add(new Linear(input, weight, bias)).output
}

/** A batch normalisation's weights: scale 1, shift 0, running mean 0 and variance 1 to start with. */
export function normLayer({ plan }: Graph, name: string, columns: number): NormLayer {
  return {
    scale: plan.constant(`${name}.norm.scale`, 1, columns, 1),
    shift: plan.constant(`${name}.norm.shift`, 1, columns, 0),
    running: plan.running(`${name}.norm.running`, columns),
  }
}

export function batchNorm(graph: Graph, input: Value, { scale, shift, running }: NormLayer): Value {
  return graph.add(new BatchNorm(input, scale, shift, running)).output
}

/** linear (with covariates) → batch norm → layer norm → ReLU → dropout. */
function laid(graph: Graph, layer: HiddenLayer, input: Value): Value {
  const { linear: of, norm, style, covariates, purpose } = layer
  let x = graph.add(new Linear(input, of.weight, of.bias, covariates)).output
  if (norm) x = batchNorm(graph, x, norm)
  if (style.layerNorm) x = graph.add(new LayerNorm(x)).output
  return graph.add(new ReluDropout(x, style.dropoutRate, purpose)).output
}

/** The same over rows that are no cells: by the running statistics, without dropout and covariates. */
function laidOverRows(graph: Graph, { linear: of, norm, style }: HiddenLayer, input: Value): Value {
  let x = graph.add(new Linear(input, of.weight, of.bias)).output
  if (norm) {
    const row = (i: number) => graph.add(new RunningRow(norm.running, i)).output
    const normalised = divide(subtract(x, row(0)), sqrt(add(row(1), NORM_EPSILON)))
    x = pointwise(graph, add(multiply(normalised, graph.valueOf(norm.scale)), graph.valueOf(norm.shift)))
  }
  if (style.layerNorm) {
    const centred = subtract(x, mean(graph, x, 'columns'))
    const variance = mean(graph, square(centred), 'columns')
    x = pointwise(graph, divide(centred, sqrt(add(variance, LAYER_NORM_EPSILON))))
  }
  return pointwise(graph, maximum(x, 0))
}

/** Hidden layers on top of each other. */
export interface Stack {
  /** Over cells. */
  of(input: Value): Value
  /** Over rows that are no cells. */
  ofRows(input: Value): Value
}

/**
 * Hidden layers with the weights that they need.
 *
 * @param inputs columns of what lies below
 * @param covariates that each layer takes
 * @param purpose what the first layer's dropout is keyed by; the next ones count from there
 */
export function stack(
  graph: Graph,
  name: string,
  inputs: number,
  layers: number,
  style: LayerStyle,
  covariates: (layer: number) => Covariates,
  purpose: number,
): Stack {
  const all = Array.from({ length: layers }, (_, i): HiddenLayer => {
    const taken = covariates(i)
    const rows = (i ? style.hidden : inputs) + covariateRows(taken)
    const of = linearLayer(graph, `${name}.fc${i}`, rows, style.hidden)
    const norm = style.batchNorm ? normLayer(graph, `${name}.fc${i}`, style.hidden) : undefined
    return { linear: of, ...(norm && { norm }), style, covariates: taken, purpose: purpose + i }
  })
  return {
    of: (input) => all.reduce((x, layer) => laid(graph, layer, x), input),
    ofRows: (input) => all.reduce((x, layer) => laidOverRows(graph, layer, x), input),
  }
}

/** Linear layers from hidden units to the mean and the raw variance of normal distributions. */
export interface NormalLayers {
  mean: LinearLayer
  variance: LinearLayer
}

export function normalLayers(graph: Graph, name: string, hidden: number, dimensions: number): NormalLayers {
  return {
    mean: linearLayer(graph, `${name}.mean`, hidden, dimensions),
    variance: linearLayer(graph, `${name}.var`, hidden, dimensions),
  }
}

/** Mean and log(variance − 1e-4) of a normal distribution for every row. */
export interface Normals {
  mean: Value
  rawVariance: Value
}

export function normals(graph: Graph, { mean: m, variance: v }: NormalLayers, hidden: Value): Normals {
  const over = ({ weight, bias }: LinearLayer) =>
    graph.add(new Linear(hidden, weight, bias, NO_COVARIATES)).output
  return { mean: over(m), rawVariance: over(v) }
}

/** A normal distribution for every cell, and a draw from it. */
export interface Posterior extends Normals {
  /** Cells × dimensions. */
  draw: Value
  /** Cells × 1: KL divergence to a normal prior. */
  kl: Value
}

/**
 * A draw from a normal distribution for every cell.
 *
 * @param purpose what the draw's noise is keyed by
 * @param prior batches × 2 (mean, variance), for one dimension; the standard normal when left out
 */
export function drawn(graph: Graph, of: Normals, purpose: number, prior?: Value): Posterior {
  const { draw, kl } = graph.add(new NormalDraw(of.mean, of.rawVariance, purpose, prior))
  return { ...of, draw, kl }
}
