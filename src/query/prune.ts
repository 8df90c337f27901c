import type { Output } from '../types.ts'
import { jobIdOf, operationOf, type Plan } from './plan.ts'

/**
 * A plan without the formats whose largest file is not smaller than that of a later one: a browser that takes
 * the later one in its place loads less. The last format is what every browser shows, and stays.
 */
export async function prunePlan(plan: Plan, sizeOf: (output: Output) => Promise<number>): Promise<Plan> {
  const shown = plan.views.at(-1)?.outputs ?? []
  const formats = [...new Set(shown.map(({ encoding }) => encoding.format))]
  const sizes = await Promise.all(formats.map((format) => sizeOf(largest(shown.filter(({ encoding }) => encoding.format === format)))))
  const kept = new Set(formats.filter((_, index) => sizes.slice(index + 1).every((later) => (sizes[index] ?? 0) < later)))
  const isKept = ({ encoding }: Output): boolean => kept.has(encoding.format)
  const outputs = plan.outputs.filter(isKept)
  const views = plan.views.map((view) => ({ ...view, outputs: view.outputs.filter(isKept) }))
  const operation = operationOf(outputs)
  return { ...plan, operation, outputs, views, job_id: jobIdOf(operation, outputs) }
}

function largest(outputs: readonly Output[]): Output {
  return outputs.reduce((most, output) => (pixelsOf(output) > pixelsOf(most) ? output : most))
}

function pixelsOf({ picture }: Output): number {
  return picture.width * picture.height
}
