import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import { betaCurve } from '../../src/models/rate-distortion.js'
import { SCVI } from '../../src/models/scvi.js'
import { namedData, trainedOn } from './trained-small.js'

describe('rate and distortion over β', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-'))
  const directory = join(folder, 'model')
  const data = namedData()
  let device: Device
  let model: SCVI

  beforeAll(async () => {
    device = await createCpuDevice({ threads: 1 })
    model = await trainedOn(data, device, directory)
    // long enough for a latent that holds something
    await model.train({ maxEpochs: 80, seed: 1, earlyStopping: false })
    await model.save(directory, { overwrite: true })
  })
  afterAll(async () => {
    await model.dispose()
    await device.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  it('has less rate and more distortion the larger β is', async () => {
    const seen: number[] = []
    const curve = (await betaCurve(directory, data, { device, onRefit: (beta) => seen.push(beta) }))!
    expect(seen).toEqual([0.2, 0.6, 2, 6, 20])
    expect(curve.points.map(({ beta }) => beta)).toEqual(seen)
    expect(curve.epochs).toBe(20)
    expect(curve.nTrain + curve.nHeldout).toBe(data.nCells)
    const rates = curve.points.map(({ rate }) => rate.value)
    expect(rates).toEqual([...rates].sort((a, b) => b - a))
    expect(rates[0]).toBeGreaterThan(1.5 * rates[4]!)
    expect(curve.points[4]!.distortion.value).toBeGreaterThan(curve.points[1]!.distortion.value)
    expect(curve.points[2]!.gain).toEqual({ value: 0, error: 0 })
    for (const { rate, distortion, loss, gain } of curve.points) {
      expect(loss.value).toBeCloseTo(rate.value + distortion.value, 6)
      expect(gain.value).toBeCloseTo(curve.points[2]!.loss.value - loss.value, 6)
    }
  })

  it('measures the fit as the model does, whose weights stay', async () => {
    const names = data.obsNames!
    const cells = Int32Array.from({ length: data.nCells }, (_, cell) => cell).filter(
      (cell) => model.trainingPart!(names[cell]!) !== 'train',
    )
    const { rate, distortion } = await model.rateAndDistortion({ cells })
    const elbo = await model.getElbo({ cells, nSamples: 10, returnMean: false })
    // the divergence is exact there, and that of ten draws here
    const off = rate.map((value, i) => value + distortion[i]! + elbo[i]!)
    expect(Math.abs(off.reduce((sum, x) => sum + x, 0) / off.length)).toBeLessThan(0.5)
    expect(Math.min(...distortion)).toBeGreaterThan(0)
    const { fit } = (await betaCurve(directory, data, { device, columns: ['batch'] }))!
    const mean = (values: Float64Array) => values.reduce((sum, x) => sum + x, 0) / values.length
    expect(fit.rate.value).toBeCloseTo(mean(rate), 4)
    expect(fit.distortion.value).toBeCloseTo(mean(distortion), 3)
    expect(fit.columns.map(({ name }) => name)).toEqual(['batch'])
  })

  it('is not known where the cells of the training are not', async () => {
    const strangers = { ...data, obsNames: data.obsNames!.map((name) => `other ${name}`) }
    expect(await betaCurve(directory, strangers, { device })).toBeUndefined()
    await model.save(join(folder, 'alone'), { saveCells: false })
    expect(await betaCurve(join(folder, 'alone'), data, { device })).toBeUndefined()
  })

  it('goes on with the β that a model is loaded with', async () => {
    await using other = await SCVI.load(directory, data, { device, beta: 4 })
    expect(other.description.config.beta).toBe(4)
    expect(await other.getLatentRepresentation()).toEqual(await model.getLatentRepresentation())
    await expect(SCVI.load(directory, data, { device, beta: -1 })).rejects.toThrow('beta must be')
  })
})
