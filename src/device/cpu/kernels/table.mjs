/**
 * What the C kernels are called with: each argument by name, in the order in which it travels.
 *
 * The one place where that is told. scripts/write-kernel-arguments.mjs, a part of "npm run build", writes both sides from it:
 * arguments.h, a struct and its reader for each kernel, and ../kernel-arguments.ts, a type and what packs it.
 *
 * Kinds of arguments:
 *
 * - `int`, `uint`, `float`, `flag` (a boolean): a number
 * - `tensor`: a tensor of the device; `floats`, `doubles` and `ints`: a word of the arena where an array starts, 0 for one that is left out
 * - a name of STRUCTS: its fields, one after the other
 *
 * With a question mark it may be left out: a null pointer in C, and zeros for every field of a struct.
 */

/** Fields that several kernels take together. */
export const STRUCTS = {
  Param: { value: 'tensor', gradient: 'tensor', firstMoment: 'tensor', secondMoment: 'tensor' },
  /** Adam's settings with the bias corrections taken; `update` is 0 where gradients are stored and no step is taken. */
  Adam: {
    update: 'flag',
    rate: 'float',
    root: 'float',
    beta1: 'float',
    beta2: 'float',
    epsilon: 'float',
    decay: 'float',
  },
  /** `codes` [covariate][cell], `values` [covariate][cell], both `stride` words from one covariate to the next. */
  Covariates: {
    codes: 'ints',
    categories: 'ints',
    nCategorical: 'int',
    values: 'floats',
    nContinuous: 'int',
    stride: 'int',
  },
  Noise: { seed: 'uint', purpose: 'uint', step: 'uint' },
  /** The minibatch's counts, cell by cell. */
  Csr: {
    cells: 'int',
    genes: 'int',
    rowStart: 'ints',
    gene: 'ints',
    count: 'floats',
    logCount: 'floats',
  },
  Latent: {
    cells: 'int',
    dims: 'int',
    width: 'int',
    mean: 'tensor',
    rawVariance: 'tensor',
    output: 'tensor',
    kl: 'tensor',
    prior: 'tensor?',
    codes: 'ints',
    noisy: 'flag',
    noise: 'Noise?',
  },
  Head: {
    cells: 'int',
    /** Cells rounded up to 16. */
    padded: 'int',
    genes: 'int',
    hidden: 'int',
    /** Hidden units rounded up to 16. */
    width: 'int',
    likelihood: 'int',
    softplus: 'flag',
    /** Whether products round their operands to bfloat16. */
    half: 'flag',
    blocks: 'int',
    blockGenes: 'int',
    /** Batches, or 1. */
    dispersions: 'int',
    dispersionStride: 'int',
    /** [hidden][padded] */
    hiddenT: 'floats',
    /** [gene][padded]: exp(logit − maximum of the block), or the logit (softplus). */
    scaleRow: 'floats',
    /** [gene][padded]: logit of dropout; 0 without zero inflation. */
    zeroRow: 'floats',
    /** [gene][padded]: d log-likelihood / d log mean (softmax) or / d logit (softplus). */
    qRow: 'floats',
    /** [block][padded] each. */
    blockMax: 'floats',
    blockSum: 'floats',
    blockLl: 'floats',
    blockQ: 'floats',
    /** [padded] each. */
    logSize: 'floats',
    logNorm: 'floats',
    ll: 'floats',
    q: 'floats',
    /** [block][cells][width]: gradient by the hidden units. */
    partial: 'floats',
    /** A few rows of `padded` floats for each part. */
    scratch: 'floats',
    scratchStride: 'int',
    geneStart: 'ints',
    cell: 'ints',
    count: 'floats',
    /** The counts as whole rows, [gene][padded]: null where they are lists. */
    fullCount: 'floats',
    /** Batch of each cell. */
    codes: 'ints',
    /** [padded]: minus the loss's gradient by each log-likelihood; 1 / cells unless the cells are `weighted`. */
    cellWeight: 'floats',
    weighted: 'flag',
    /** Codes × genes: 0 where the cells of a code (`presentCodes`, by cell) lack a gene. */
    present: 'tensor?',
    presentWidth: 'int',
    presentCodes: 'ints',
    /** Counts that are not known, gene by gene: null where there are none. */
    missingStart: 'ints',
    missingCell: 'ints',
    /** Logits of mean and dropout where they are given, cells × genes; the weights below are none then. */
    logits: 'tensor?',
    zeroLogits: 'tensor?',
    logitsWidth: 'int',
    weight: 'Param?',
    bias: 'Param?',
    zeroWeight: 'Param?',
    zeroBias: 'Param?',
    dispersion: 'Param?',
  },
  /** A softmax over genes of hidden units, as questions decode it. */
  Decoder: {
    rows: 'int',
    genes: 'int',
    hidden: 'int',
    /** Hidden units rounded up to 16. */
    width: 'int',
    /** Rows × hidden. */
    input: 'tensor',
    inputWidth: 'int',
    weight: 'tensor',
    bias: 'tensor',
    blocks: 'int',
    blockGenes: 'int',
    /** Log of each row's size, rows × 1, or the sizes [row]. */
    logSize: 'tensor?',
    size: 'floats',
    /** Room of each part for a lot, in the order of `lot_of` in decode.c. */
    scratch: 'floats',
    scratchStride: 'int',
  },
}

/** The kernels; a kernel's number is its position. */
export const KERNELS = {
  /**
   * `sources` [cell][4]: where a row's genes and counts lie in the process, low and high halves; with null for the counts, each gene has its count in
   * the high half of its word. No `sources` where rows are copied already.
   */
  stageRows: { csr: 'Csr', sources: 'ints' },
  stageGenes: {
    csr: 'Csr',
    /** Room: a word a gene, and `beginStride` words a part. */
    geneNext: 'ints',
    begins: 'ints',
    beginStride: 'int',
    geneStart: 'ints',
    cell: 'ints',
    geneMajorCount: 'floats',
    geneMajorLog: 'floats',
  },
  sparseForward: {
    cells: 'int',
    genes: 'int',
    width: 'int',
    rowStart: 'ints',
    gene: 'ints',
    logCount: 'floats',
    weight: 'tensor',
    bias: 'tensor',
    output: 'tensor',
    covariates: 'Covariates',
  },
  sparseGradient: {
    cells: 'int',
    genes: 'int',
    width: 'int',
    geneStart: 'ints',
    cell: 'ints',
    geneMajorLog: 'floats',
    outputGradient: 'tensor',
    weight: 'Param',
    bias: 'Param',
    adam: 'Adam?',
    covariates: 'Covariates',
  },
  /** The counts and log1p of them as whole rows, [gene][padded], instead of the lists of the two kernels before. */
  stageFull: {
    csr: 'Csr',
    /** Cells rounded up to 16. */
    padded: 'int',
    sources: 'ints',
    begins: 'ints',
    beginStride: 'int',
    fullCount: 'floats',
    fullLog: 'floats',
  },
  fullForward: {
    cells: 'int',
    padded: 'int',
    genes: 'int',
    width: 'int',
    fullLog: 'floats',
    half: 'flag',
    weight: 'tensor',
    bias: 'tensor',
    output: 'tensor',
    covariates: 'Covariates',
  },
  fullGradient: {
    cells: 'int',
    padded: 'int',
    genes: 'int',
    width: 'int',
    fullLog: 'floats',
    half: 'flag',
    outputGradient: 'tensor',
    weight: 'Param',
    bias: 'Param',
    adam: 'Adam?',
    covariates: 'Covariates',
  },
  linearForward: {
    cells: 'int',
    inputs: 'int',
    width: 'int',
    input: 'tensor',
    inputWidth: 'int',
    weight: 'tensor',
    bias: 'tensor',
    output: 'tensor',
    covariates: 'Covariates',
  },
  linearWeightGradient: {
    cells: 'int',
    inputs: 'int',
    width: 'int',
    input: 'tensor',
    inputWidth: 'int',
    outputGradient: 'tensor',
    weightGradient: 'tensor',
    biasGradient: 'tensor',
    covariates: 'Covariates',
  },
  transpose: {
    rows: 'int',
    columns: 'int',
    input: 'tensor',
    inputWidth: 'int',
    output: 'floats',
    outputWidth: 'int',
  },
  linearInputGradient: {
    cells: 'int',
    outputs: 'int',
    width: 'int',
    outputGradient: 'tensor',
    transposed: 'floats',
    inputGradient: 'tensor',
    inputWidth: 'int',
    accumulate: 'flag',
  },
  batchNorm: {
    cells: 'int',
    width: 'int',
    input: 'tensor',
    scale: 'tensor',
    shift: 'tensor',
    running: 'tensor',
    output: 'tensor',
    saved: 'tensor',
    training: 'flag',
  },
  batchNormGradient: {
    cells: 'int',
    width: 'int',
    input: 'tensor',
    scale: 'tensor',
    scaleGradient: 'tensor',
    shiftGradient: 'tensor',
    saved: 'tensor',
    outputGradient: 'tensor',
    inputGradient: 'tensor',
  },
  layerNorm: {
    cells: 'int',
    features: 'int',
    width: 'int',
    input: 'tensor',
    output: 'tensor',
    saved: 'tensor',
  },
  layerNormGradient: {
    cells: 'int',
    features: 'int',
    width: 'int',
    output: 'tensor',
    saved: 'tensor',
    outputGradient: 'tensor',
    inputGradient: 'tensor',
  },
  reluDropout: {
    cells: 'int',
    width: 'int',
    input: 'tensor',
    output: 'tensor',
    rate: 'float',
    noise: 'Noise',
  },
  reluDropoutGradient: {
    cells: 'int',
    width: 'int',
    output: 'tensor',
    rate: 'float',
    outputGradient: 'tensor',
    inputGradient: 'tensor',
  },
  sampleLatent: { latent: 'Latent' },
  sampleLatentGradient: {
    latent: 'Latent',
    outputGradient: 'tensor?',
    /** Of the mean of the KL divergences in the loss, or each one's own gradient (cells × 1). */
    klWeight: 'float',
    klGradient: 'tensor?',
    meanGradient: 'tensor',
    rawVarianceGradient: 'tensor',
  },
  headLogits: { head: 'Head' },
  headNormalise: { head: 'Head', logSize: 'tensor?', size: 'floats', cellGradient: 'tensor?' },
  headCountsNb: { head: 'Head' },
  headCountsZinb: { head: 'Head' },
  headCountsPoisson: { head: 'Head' },
  headSum: { head: 'Head', constant: 'floats', logLikelihood: 'tensor' },
  headGradient: { head: 'Head', hidden: 'tensor?', byHidden: 'flag', frozen: 'flag', adam: 'Adam?' },
  headHiddenGradient: { head: 'Head', hiddenGradient: 'tensor?', logSizeGradient: 'tensor?' },
  headLogitsGradient: { head: 'Head', logitsGradient: 'tensor?', zeroLogitsGradient: 'tensor?' },
  headMeans: { head: 'Head', mean: 'tensor', meanWidth: 'int', zeros: 'tensor?' },
  /** Means as [gene][meanWidth], from cells that are decoded a lot at a time. */
  decodeGenes: { decoder: 'Decoder', mean: 'floats', meanWidth: 'int' },
  /** Adds decoded means to sums over the draws of cells. */
  addDecoded: {
    decoder: 'Decoder',
    /** Rows that one thread takes, as many as hold all rows of their cells. */
    together: 'int',
    /** [row / 16]: which group of sixteen cells the rows are of. */
    groups: 'ints',
    /** [row] */
    factor: 'floats',
    /** Genes that are summed, and which of the decoded ones they are; null for all. */
    genes: 'int',
    chosen: 'ints',
    /** [group][gene][16] */
    sums: 'floats',
  },
  /** Means as [gene][cell]. */
  headGeneMeans: { head: 'Head', mean: 'tensor', meanWidth: 'int' },
  /**
   * A function of `nInputs` tensors (places in `inputs`, and the output's after them) over the axes that the output has (`kept`)
   * and those that it does not (`over`): an axis has its length in one of them and 1 in the other.
   */
  mapReduce: {
    kept0: 'int',
    kept1: 'int',
    kept2: 'int',
    over0: 'int',
    over1: 'int',
    over2: 'int',
    nInputs: 'int',
    inputs: 'ints',
    nInstructions: 'int',
    instructions: 'ints',
    reduce: 'int',
    accumulate: 'flag',
    output: 'tensor',
    scratch: 'floats',
    scratchStride: 'int',
  },
  /** Steps of parameters that follow each other in the arena: `first` and what comes after it, `words` long. */
  adamUpdate: { first: 'Param', words: 'int', adam: 'Adam' },
  addSum: { cells: 'int', values: 'tensor', sums: 'tensor', element: 'int' },
  /**
   * Log-densities of cells under a mixture of Student t or normal distributions, as the largest logarithm of a component and the sum of all
   * over it.
   */
  mixtureDensity: {
    cells: 'int',
    /** Cells rounded up to 16. */
    padded: 'int',
    dims: 'int',
    components: 'int',
    /** [component]: the number of its own cell; [padded]: the number of the cell whose component is left out. */
    owner: 'ints',
    self: 'ints',
    /** [dimension][padded] */
    cell: 'floats',
    /** [component][dimension][2]: location, and 1 over the degrees of freedom (2 where they are normal) and the variance. */
    component: 'floats',
    /** [component]: log-density at the location. */
    logPeak: 'floats',
    /** (Degrees of freedom + dimensions) / 2. */
    power: 'float',
    normal: 'flag',
    /** [padded] each. */
    largest: 'floats',
    total: 'floats',
  },
  /** Mean and variance of each cell's log-likelihood under its own distribution, summed over blocks of 64 genes. */
  likelihoodMoments: {
    cells: 'int',
    /** Cells rounded up to 16. */
    padded: 'int',
    genes: 'int',
    /** Cells × genes, below zero for a count that is not known; `width` words from one cell to the next. */
    mean: 'tensor',
    zeroLogits: 'tensor?',
    width: 'int',
    /** [gene]: inverse dispersion, infinite for a Poisson; as long as a row of the means. */
    theta: 'floats',
    /** [gene][node][2]: tables that start as zeros and are kept from call to call. */
    nodes: 'floats',
    nodesOfGene: 'int',
    /** [block][padded] each. */
    expected: 'floats',
    variance: 'floats',
    /** [block]: 1 where the sums of a block are wanted, 0 when they are there: filling tables may take more than one call. */
    pending: 'ints',
  },
  /** Counts drawn for some rows of means, as sparse rows: genes ascending, a count of −1 where the mean is below zero. */
  drawCounts: {
    cells: 'int',
    genes: 'int',
    mean: 'tensor',
    zeroLogits: 'tensor?',
    width: 'int',
    /** Row of the first cell in the means. */
    firstRow: 'int',
    /** [cell]: its number among all that are drawn under the key. */
    numbers: 'ints',
    /** [code][gene]: inverse dispersion, infinite for a Poisson; [cell]: the row of it. */
    theta: 'floats',
    codes: 'ints',
    /** The key of the random numbers. */
    seed: 'uint',
    purpose: 'uint',
    /** [cell][genes] each, the first `entries` of a row filled. */
    gene: 'ints',
    count: 'floats',
    entries: 'ints',
  },
  /** One epoch of the layout: forces on every cell from the places `from`, which give those in `to`. */
  layoutEpoch: {
    cells: 'int',
    /** From 0. */
    epoch: 'int',
    /** [cell + 1]: where the ties of each begin. */
    starts: 'ints',
    /** Each tie's other cell, and its weight as a share of the largest; 16 more that are read and not used. */
    others: 'ints',
    share: 'floats',
    /** [cell][2] */
    from: 'floats',
    to: 'floats',
    /** The curve 1 / (1 + a x^(2b)). */
    a: 'float',
    b: 'float',
    rate: 'float',
    noise: 'Noise',
  },
  /** Strengths [cell][k - 1] of ties to neighbours at distances [cell][k], the cell itself first; 16 more that are read and not used. */
  tieStrengths: {
    cells: 'int',
    k: 'int',
    distances: 'floats',
    meanDistance: 'float',
    /** What the strengths of a cell sum to. */
    target: 'float',
    strengths: 'floats',
  },
  /** Puts the cells of each run of leaves of a k-d tree in an order that halves the run at the middle of its widest coordinate. */
  halveRuns: {
    cells: 'int',
    dims: 'int',
    /** [cell][dimension] */
    points: 'floats',
    order: 'ints',
    runs: 'int',
    /** [run + 1], in leaves */
    starts: 'ints',
  },
  /** Cells leaf by leaf, [leaf][dimension][32], and the box of each leaf: [node][2][padded]. */
  packLeaves: {
    cells: 'int',
    dims: 'int',
    padded: 'int',
    points: 'floats',
    order: 'ints',
    node: 'ints',
    leaves: 'floats',
    boxes: 'floats',
  },
  /** The k nearest others of the cells of some leaves. */
  nearestCells: {
    cells: 'int',
    dims: 'int',
    /** Dimensions rounded up to 16. */
    padded: 'int',
    k: 'int',
    first: 'int',
    count: 'int',
    /** The cell at each position of the tree. */
    order: 'ints',
    /** The node of each leaf. */
    node: 'ints',
    leaves: 'floats',
    boxes: 'floats',
    /** [rank][cell]: the nearest cells, and [cell]: the squared distance of the last. */
    rows: 'ints',
    farthest: 'floats',
    scratch: 'floats',
    scratchStride: 'int',
  },
  /** The k cells nearest to each of some points, one cell of each left out; ties go to the lower cell. */
  nearestToPoints: {
    points: 'int',
    /** [point][dimension] */
    point: 'floats',
    /** [point]: the cell that is left out, below zero for none. */
    leftOut: 'ints',
    cells: 'int',
    /** Cells rounded up to 16; those beyond the last are infinitely far. */
    padded: 'int',
    dims: 'int',
    /** [dimension][padded] */
    cell: 'floats',
    k: 'int',
    /** [point][k] each, nearest first: cells, and squared distances. */
    rows: 'ints',
    squared: 'floats',
  },
  /** For every cell, the squared differences of counts from their means, each over its variance and a little more, summed over known counts. */
  pearsonSums: {
    cells: 'int',
    genes: 'int',
    /** Cells × genes, below zero for a count that is not known; `width` words from one cell to the next. */
    mean: 'tensor',
    zeroLogits: 'tensor?',
    width: 'int',
    /** [code][width]: inverse dispersion, infinite for a Poisson; [cell]: the row of it. */
    theta: 'floats',
    codes: 'ints',
    /** What is added to each variance. */
    floor: 'float',
    /** The counts, cell by cell: [cell + 1] where a cell's start, and their genes and values. */
    start: 'ints',
    gene: 'ints',
    count: 'floats',
    /** [cell] each: the sum, and how many counts are known. */
    total: 'floats',
    known: 'floats',
  },
  /** Adds rows of decoded scales [gene][width], times a factor each, to the sums [gene][sumsWidth]: row r to the place to[r]. */
  addScales: {
    rows: 'int',
    genes: 'int',
    mean: 'tensor',
    width: 'int',
    /** [gene]: which of the decoded ones are taken; null for all. */
    chosen: 'ints',
    to: 'ints',
    factor: 'floats',
    sums: 'floats',
    sumsWidth: 'int',
  },
  /** Draws of cells from normals, [row][width]: the cell and the number of each row's draw, −1 for the mean. */
  cellNormals: {
    rows: 'int',
    columns: 'int',
    cells: 'ints',
    draws: 'ints',
    /** [cell]: its key. */
    low: 'ints',
    high: 'ints',
    /** [cell][columns] */
    mean: 'floats',
    variance: 'floats',
    seed: 'uint',
    purpose: 'uint',
    drawn: 'floats',
    width: 'int',
  },
  /** Sums [group][gene][16] of groups of sixteen cells as cells × genes, which lie at `output` or, where there is none, at an address in two words. */
  turnGroups: {
    cells: 'int',
    genes: 'int',
    sums: 'floats',
    output: 'floats',
    outputWidth: 'int',
    address: 'ints',
  },
  /** Adds given means [gene][width] as `addDecoded` does. */
  addGroups: {
    rows: 'int',
    genes: 'int',
    mean: 'tensor',
    width: 'int',
    chosen: 'ints',
    groups: 'ints',
    factor: 'floats',
    sums: 'floats',
  },
  /** Turns rows into columns. */
  turnRows: {
    rows: 'int',
    columns: 'int',
    input: 'floats',
    inputWidth: 'int',
    output: 'floats',
    outputWidth: 'int',
  },
  /** Puts the scales of some genes into the rows [gene][stride] of each, from a pair on. */
  keepScales: {
    rows: 'int',
    firstGene: 'int',
    genes: 'int',
    mean: 'tensor',
    width: 'int',
    scales: 'floats',
    stride: 'int',
    firstPair: 'int',
  },
  /** Raises `largest` [gene] to the largest scale of the rows. */
  raiseLargest: { rows: 'int', genes: 'int', mean: 'tensor', width: 'int', largest: 'floats' },
  /** How two groups differ in each gene: the fields of `GeneEffect` as [gene][16], of scales [gene][stride] in pairs. */
  pairEffects: {
    genes: 'int',
    pairs: 'int',
    stride: 'int',
    first: 'floats',
    second: 'floats',
    /** Of the second group's, from one gene to the next. */
    secondStride: 'int',
    /** [pair]: where its scale of the second group is; left out where they lie in the order of the pairs. */
    order: 'ints?',
    pseudocount: 'float',
    /** Of the log2 fold changes that are summarized. */
    leastPseudocount: 'float',
    delta: 'float',
    /** Changes between the ends of the credible interval. */
    span: 'int',
    effects: 'floats',
    scratch: 'floats',
    scratchStride: 'int',
  },
  /** Sums [row][class] of the distances from some cells to all cells of each class. */
  classDistances: {
    dims: 'int',
    classes: 'int',
    first: 'int',
    count: 'int',
    /** [class], in cells, and [class + 1], in tiles of 16 cells of one class. */
    sizes: 'ints',
    tileStarts: 'ints',
    /** [tile][dimension][16] */
    tiles: 'floats',
    /** [cell]: where in the tiles each cell stands. */
    places: 'ints',
    sums: 'floats',
  },
  /** Gammas of means of some genes: rows × genes. */
  drawGammas: {
    rows: 'int',
    genes: 'int',
    mean: 'tensor',
    meanWidth: 'int',
    /** [gene]: its column in the means. */
    chosen: 'ints',
    /** [code][gene]: shapes, infinite for the mean itself; [row]: the row of these. */
    theta: 'floats',
    codes: 'ints',
    /** [row]: its number among all that are drawn under the key. */
    numbers: 'ints',
    seed: 'uint',
    purpose: 'uint',
    /** [row][width] */
    values: 'floats',
    width: 'int',
  },
  /** Sums over rows of products of two genes, [gene][width], of which those from a gene on are filled. */
  geneProducts: { rows: 'int', genes: 'int', values: 'floats', width: 'int', products: 'floats' },
  /** A graph times a block of 8 vectors, times a factor, less another block: [node][8] each. */
  graphTimesBlock: {
    nodes: 'int',
    /** [node + 1]: where the ties of each begin; the other node and the weight of each tie. */
    starts: 'ints',
    targets: 'ints',
    weights: 'doubles',
    block: 'doubles',
    factor: 'float',
    /** May be the place of the result; 0 for none. */
    before: 'doubles',
    out: 'doubles',
  },
  /** Products of the vectors of some blocks [block][row][8] with those of one, summed over rows: [block][8][8]. */
  blockProducts: { rows: 'int', blocks: 'int', vectors: 'doubles', block: 'doubles', products: 'doubles' },
  /** Some blocks [block][row][8] times factors [block][8][8], added up on top of one block, or of nothing. */
  addBlocks: {
    /** A multiple of 4. */
    rows: 'int',
    blocks: 'int',
    vectors: 'doubles',
    factors: 'doubles',
    /** May be the place of the result; 0 for none. */
    from: 'doubles',
    to: 'doubles',
  },
}
