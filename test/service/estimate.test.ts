import { expect, test } from 'vitest'
import { openEstimate, waitBehind } from '../../src/service/estimate.ts'
import { sourceSize, weightOf } from '../../src/service/weight.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { startService } from '../support/service.ts'

const SMALL = { format: 'jpeg', width: 400, height: 300 }
const LARGE = { format: 'jpeg', width: 4000, height: 3000 }

const resize = (widths: number[], more: object = {}): Record<string, unknown> => ({ operation: 'resize', widths, format: 'webp', ...more })

test('a job is as much work as its source and its pixels; what is made once counts once', () => {
  const of = (job: Record<string, unknown>, source = LARGE): number =>
    Object.values(weightOf(job, source)).reduce((sum, part) => sum + part, 0)
  expect(of(resize([100]))).toBeGreaterThan(10 * of(resize([100]), SMALL))
  expect(of(resize([800, 800, 800]))).toBe(of(resize([800])))
  expect(of(resize([800, 900, 5000]), SMALL)).toBe(of(resize([400]), SMALL))
  expect(of(resize([800, 1600]))).toBeGreaterThan(of(resize([1600])))
  expect(of(resize([1600], { format: 'avif' }))).toBeGreaterThan(of(resize([1600])))
  const steps = { src: 'a', functions: [{ name: 'resize_to_fit', params: { width: 2000 }, save: { image_identifier: 'x' } }] }
  expect(Object.keys(weightOf(steps, LARGE))).toEqual(['read jpeg', 'jpeg'])
})

test('an estimate follows what was measured, each kind of work by itself', () => {
  const estimate = openEstimate()
  const truth = (weight: Record<string, number>): number =>
    Object.entries(weight).reduce((sum, [kind, part]) => sum + part * ({ 'read jpeg': 3, webp: 0.5, 'avif 9': 20 }[kind] ?? 1), 0)
  const jobs = Array.from({ length: 60 }, (_, index) => {
    const formats = index % 3 === 0 ? { format: 'avif', effort: 9 } : {}
    return weightOf(resize([200 + 37 * (index % 7), 900 + 100 * (index % 5)], formats), index % 2 ? LARGE : SMALL)
  })
  for (const weight of jobs) estimate.learn(weight, truth(weight))
  for (const weight of jobs.filter((job) => truth(job) > 0.1))
    expect(estimate.of(weight) / truth(weight)).toSatisfy((ratio: number) => ratio > 0.5 && ratio < 2)
  expect([waitBehind([], 2), waitBehind([4], 2), waitBehind([4, 1, 1, 1], 2), waitBehind([1, 1, 1], 1)]).toEqual([0, 0, 3, 3])
})

test('one encoder works on one job: the others wait, as many as may, and are told how long', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(500, 300) })
  expect(await sourceSize(`${root}/photos/tree.jpg`)).toEqual({ format: 'jpeg', width: 500, height: 300 })
  const service = await startService(root, ['--dir', 'photos', '--queue-limit', '3', '--concurrency', '1'])
  const slow = (filter: string): object => ({ input: 'tree.jpg', scale_percent: 800, format: 'avif', effort: 9, lossless: true, filter })
  const statuses: number[] = []
  const estimates: number[] = []
  const post = async (index: number): Promise<void> => {
    const answer = await service.post('/v1/resize', slow(['lanczos3', 'cubic', 'mitchell', 'nearest', 'lanczos2', 'lanczos3'][index] ?? ''))
    const body = (await answer.json()) as { estimated_time_seconds?: number }
    statuses.push(answer.status)
    if (body.estimated_time_seconds !== undefined) estimates.push(body.estimated_time_seconds)
  }
  const list = async (): Promise<string[]> =>
    ((await (await service.request('/v1/jobs')).json()) as { jobs: { status: string }[] }).jobs.map(({ status }) => status)
  await post(0)
  while (!(await list()).includes('processing')) await new Promise((resolve) => setTimeout(resolve, 250))
  for (let index = 1; index < 6; index++) await post(index)
  expect(statuses).toEqual([202, 202, 202, 202, 503, 503])
  expect((await list()).filter((status) => status === 'processing')).toHaveLength(1)
  const [own = 0, second = 0, , last = 0] = estimates
  expect((last - second) / own).toBeGreaterThan(0.8)
})
