import { expect, it } from 'vitest'
import * as scvae from '../src/index.js'

it('exports what users rely on, and nothing else', () => {
  expect(Object.keys(scvae).sort()).toMatchInlineSnapshot(`
    [
      "CountMatrix",
      "SCVI",
      "ScvaeError",
      "checkCounts",
      "convertFile",
      "convertScviModel",
      "countMatrixFromCsr",
      "createCpuDevice",
      "exportScviModel",
      "openDevice",
      "readAnnData",
      "readCounts",
      "readElements",
      "tableToCsv",
      "toCsr",
      "writeAnnData",
      "writeElements",
      "writeZarr",
    ]
  `)
})

it('gives a model these methods', () => {
  const methods = (of: object) =>
    Object.getOwnPropertyNames(of).filter(
      (name) => !['constructor', 'length', 'name', 'prototype'].includes(name),
    )
  expect(methods(scvae.SCVI).sort()).toMatchInlineSnapshot(`
    [
      "create",
      "load",
    ]
  `)
  expect(methods(scvae.SCVI.prototype).sort()).toMatchInlineSnapshot(`
    [
      "cells",
      "description",
      "dispose",
      "generate",
      "getLatentPosterior",
      "getLatentRepresentation",
      "network",
      "save",
      "surpriseScores",
      "train",
    ]
  `)
})
