type Attributes = Readonly<Record<string, string | number | undefined>>

/** Makes an element; an attribute that is undefined is left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, String(value))
  }
  made.append(...children)
  return made
}

/** The place that index.html keeps for a photograph or a list. */
export function slot(name: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`[data-slot="${name}"]`)
  if (!found) throw new Error(`index.html has no data-slot="${name}"`)
  return found
}
