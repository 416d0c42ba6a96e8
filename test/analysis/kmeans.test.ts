import { describe, expect, it } from 'vitest'
import { kmeans } from '../../src/analysis/clustering/kmeans.js'
import { adjustedRandIndex } from '../../src/analysis/metrics/clustering-metrics.js'
import { firstRows, matrix } from '../matrix.js'
import { blobs } from './blobs.js'

describe('kmeans', () => {
  const { points, labels } = blobs(300, 4, 6, { seed: 3 })
  const data = points.values

  it('finds separated groups and their means', () => {
    const { assignments, centers, inertia } = kmeans(points, 6)
    expect(adjustedRandIndex(assignments, labels)).toBe(1)
    let sum = 0
    for (let i = 0; i < 300; i++) {
      for (let f = 0; f < 4; f++) sum += (data[i * 4 + f]! - centers[assignments[i]! * 4 + f]!) ** 2
    }
    expect(inertia).toBeCloseTo(sum, 6)
    for (let c = 0; c < 6; c++) {
      const members = Array.from(assignments.keys()).filter((i) => assignments[i] === c)
      const mean = members.reduce((total, i) => total + data[i * 4]!, 0) / members.length
      expect(centers[c * 4]).toBeCloseTo(mean, 10)
    }
  })

  it('is the same for the same seed', () => {
    expect(kmeans(points, 9, { seed: 4 })).toEqual(kmeans(points, 9, { seed: 4 }))
  })

  it('does not get worse with more starts', () => {
    const noisy = blobs(200, 3, 12, { seed: 8, spread: 2 }).points
    const once = kmeans(noisy, 12, { starts: 1 }).inertia
    expect(kmeans(noisy, 12, { starts: 20 }).inertia).toBeLessThan(once)
  })

  it('takes one cluster, a cluster a cell, and more clusters than distinct cells', () => {
    const one = kmeans(points, 1)
    expect(new Set(one.assignments)).toEqual(new Set([0]))
    expect(kmeans(firstRows(points, 10), 10).inertia).toBeCloseTo(0, 10)
    expect(kmeans(matrix(new Float32Array(20), 2), 3).inertia).toBe(0)
  })

  it('refuses a number of clusters that the cells do not allow', () => {
    expect(() => kmeans(points, 0)).toThrow('0 clusters were asked for')
    expect(() => kmeans(points, 301)).toThrow('300 cells allow 1 to 300')
  })
})
