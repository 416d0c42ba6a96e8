# Counts of R to scvae and its results back, by files. Needs Matrix; for .h5ad rhdf5; what is installed of SingleCellExperiment and Seurat is tried.
#
#     Rscript examples/from-r.R FOLDER [what runs scvae]
#
# FOLDER is made. The second argument is `scvae` by default; `npx scvae` or `node dist/src/cli/main.js` work too.

suppressPackageStartupMessages(library(Matrix))

arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
scvae <- if (length(arguments) > 1) arguments[2] else "scvae"
dir.create(folder, recursive = TRUE)
at <- function(name) file.path(folder, name)
run <- function(...) {
  if (system(paste(scvae, ...)) != 0) stop("scvae failed")
}

# ---- a 10x folder: counts alone ----

write_10x_folder <- function(counts, path) {
  dir.create(path)
  genes <- data.frame(rownames(counts), rownames(counts), "Gene Expression")
  write_gz <- function(lines, name) {
    file <- gzfile(file.path(path, name), "w")
    on.exit(close(file))
    writeLines(lines, file)
  }
  write_gz(colnames(counts), "barcodes.tsv.gz")
  write_gz(do.call(paste, c(genes, sep = "\t")), "features.tsv.gz")
  mtx <- file.path(path, "matrix.mtx")
  writeMM(counts, mtx)
  write_gz(readLines(mtx), "matrix.mtx.gz")
  unlink(mtx)
}

# ---- an .h5ad file: counts with columns of the cells ----

write_h5ad <- function(counts, obs, path) {
  library(rhdf5)
  # a dgCMatrix of genes x cells is, column by column, the rows of AnnData's cells x genes
  counts <- as(counts, "CsparseMatrix")
  file <- H5Fcreate(path)
  on.exit(H5Fclose(file))
  attribute <- function(group, name, value, scalar = TRUE) {
    object <- H5Oopen(file, group)
    on.exit(H5Oclose(object))
    h5writeAttribute(value, object, name, asScalar = scalar, variableLengthString = TRUE, encoding = "UTF-8")
  }
  encoding <- function(group, type, version) {
    attribute(group, "encoding-type", type)
    attribute(group, "encoding-version", version)
  }
  encoding("/", "anndata", "0.1.0")
  h5createGroup(file, "X")
  h5write(counts@x, file, "X/data")
  h5write(counts@i, file, "X/indices")
  h5write(counts@p, file, "X/indptr")
  encoding("X", "csr_matrix", "0.1.0")
  attribute("X", "shape", rev(dim(counts)), scalar = FALSE)
  frame <- function(group, names, columns) {
    h5createGroup(file, group)
    columns <- c(list("_index" = names), columns)
    for (name in names(columns)) {
      values <- columns[[name]]
      if (is.factor(values)) values <- as.character(values)
      path <- paste(group, name, sep = "/")
      h5write(values, file, path, variableLengthString = TRUE, encoding = "UTF-8")
      encoding(path, if (is.character(values)) "string-array" else "array", "0.2.0")
    }
    encoding(group, "dataframe", "0.2.0")
    attribute(group, "_index", "_index")
    attribute(group, "column-order", setdiff(names(columns), "_index"), scalar = FALSE)
  }
  frame("obs", colnames(counts), as.list(obs))
  frame("var", rownames(counts), list(gene = rownames(counts)))
}

# ---- results ----

# latents of a table that fit --csv or embed -o NAME.csv has written: cells x dimensions
read_latent <- function(path) {
  table <- read.csv(path, row.names = 1, check.names = FALSE)
  as.matrix(table[, grepl("^z[0-9]+$", colnames(table))])
}

# a matrix of obsm, such as X_scvae or X_umap
read_obsm <- function(path, key) {
  matrix <- t(rhdf5::h5read(path, paste0("obsm/", key)))
  index <- rhdf5::h5readAttributes(path, "obs")[["_index"]]
  rownames(matrix) <- as.character(rhdf5::h5read(path, paste0("obs/", index)))
  matrix
}

# a column of obs; clusters and labels are categories, as in a factor
read_obs <- function(path, name) {
  values <- rhdf5::h5read(path, paste0("obs/", name))
  if (!is.list(values)) return(as.vector(values))
  codes <- as.vector(values$codes)
  codes[codes < 0] <- NA
  factor(as.vector(values$categories)[codes + 1], levels = as.vector(values$categories))
}

# ---- from here on: an example with random counts of two donors and two types ----

set.seed(1)
n <- 200
type <- rep(c("first", "second"), n / 2)
donor <- rep(c("d1", "d2"), each = n / 2)
rates <- cbind(first = rgamma(80, 0.5), second = rgamma(80, 0.5))
counts <- Matrix(matrix(rpois(80 * n, 3 * rates[, type]), 80), sparse = TRUE)
dimnames(counts) <- list(paste0("gene", 1:80), paste0("cell", seq_len(n)))

# counts alone, as a 10x folder, and back as a table
write_10x_folder(counts, at("tenx"))
run("fit", at("tenx"), "-o", at("plain"), "--max-epochs 5 --csv --no-umap --quiet")
latent <- read_latent(at("plain_latent.csv"))
scores <- read.csv(at("plain_scores.csv"), row.names = 1)
stopifnot(identical(rownames(latent), colnames(counts)), ncol(latent) == 10, nrow(scores) == n)

have <- function(package) requireNamespace(package, quietly = TRUE)

if (have("rhdf5")) {
  # counts with donors and types, as .h5ad; corrected for the donor
  write_h5ad(counts, data.frame(donor, type), at("cells.h5ad"))
  run("fit", at("cells.h5ad"), "-o", at("fitted"), "--batch-key donor --labels-key type --max-epochs 5 --quiet")
  latent <- read_obsm(at("fitted.h5ad"), "X_scvae")
  clusters <- read_obs(at("fitted.h5ad"), "scvae_leiden")
  umap <- read_obsm(at("fitted.h5ad"), "X_umap")
  stopifnot(all(dim(umap) == c(n, 2)))
  stopifnot(identical(rownames(latent), colnames(counts)), is.factor(clusters), length(clusters) == n)
  # labels of the model's cells for others
  run("embed", at("fitted.model"), at("tenx"), "-o", at("labelled.csv"), "--transfer type --quiet")
  labels <- read.csv(at("labelled.csv"), row.names = 1)$scvae_type
  stopifnot(length(labels) == n)
}

if (have("SingleCellExperiment")) {
  suppressPackageStartupMessages(library(SingleCellExperiment))
  sce <- SingleCellExperiment(list(counts = counts), colData = DataFrame(donor, type))
  if (have("rhdf5")) write_h5ad(counts(sce), as.data.frame(colData(sce)), at("sce.h5ad"))
  if (have("DropletUtils")) {
    DropletUtils::write10xCounts(at("droplet"), counts(sce), version = "3")
    DropletUtils::write10xCounts(at("droplet.h5"), counts(sce), version = "3", type = "HDF5")
  }
  reducedDim(sce, "scVAE") <- latent[colnames(sce), ]
  stopifnot(identical(reducedDimNames(sce), "scVAE"))
}

if (have("Seurat")) {
  suppressPackageStartupMessages(library(Seurat))
  seurat <- CreateSeuratObject(counts, meta.data = data.frame(donor, type, row.names = colnames(counts)))
  if (have("rhdf5")) write_h5ad(GetAssayData(seurat, slot = "counts"), seurat[[]], at("seurat.h5ad"))
  stopifnot(identical(dim(GetAssayData(seurat, slot = "counts")), dim(counts)), "donor" %in% colnames(seurat[[]]))
  colnames(latent) <- paste0("scVAE_", seq_len(ncol(latent)))
  seurat[["scvae"]] <- CreateDimReducObject(latent[colnames(seurat), ], key = "scVAE_", assay = "RNA")
  seurat <- FindNeighbors(seurat, reduction = "scvae", dims = 1:10, verbose = FALSE)
  stopifnot("RNA_snn" %in% names(seurat@graphs))
}

cat("back in R:", nrow(latent), "cells x", ncol(latent), "dimensions\n")
