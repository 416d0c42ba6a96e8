const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it may stand in an HTML element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}

/** Replaces every `{{name}}` of a template once; a name without a value is an error of the program. */
export function fillTemplate(template: string, values: Record<string, string>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`the report template names an unknown part: ${name}`)
    return value
  })
}

/** A two-column list of names and values. */
export function factList(facts: readonly (readonly [string, string])[]): string {
  const rows = facts.map(
    ([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  )
  return `<dl class="facts">${rows.join('')}</dl>`
}

/**
 * A part of a page that scrolls where it has no room, for the keyboard too.
 *
 * @param className what it is in the page's style
 * @param label what the part is called where it cannot be seen; one of a kind on its page
 * @param content HTML, escaped by who made it
 */
export function scrolling(className: string, label: string, content: string): string {
  return `<div class="${className}" tabindex="0" role="region" aria-label="${escapeHtml(label)}">${content}</div>`
}

/**
 * A drawing with its title, which scrolls where it has no room.
 *
 * @param content the drawing and what stands below it, escaped by who made it
 * @param single whether it has no others beside it
 */
export function chartFigure(title: string, content: string, single = false): string {
  return `<figure class="chart${single ? ' single' : ''}" tabindex="0"><figcaption>${escapeHtml(title)}</figcaption>${content}</figure>`
}
