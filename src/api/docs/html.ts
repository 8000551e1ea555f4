/** @module HTML from texts: every text is escaped, so a document can never add an element. */

/** A piece of HTML. Only this module and `element` make one. */
export interface Html {
  readonly html: string
}

type Content = Html | string | readonly Content[]

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')

const contentOf = (content: Content): string => {
  if (typeof content === 'string') return escaped(content)
  return 'html' in content ? content.html : content.map(contentOf).join('')
}

/** An element with its attributes and content. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...content: Content[]
): Html {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`)
  return { html: `<${name}${written.join('')}>${contentOf(content)}</${name}>` }
}

/** An element without content. */
export const empty = (name: string, attributes: Readonly<Record<string, string>>): Html => ({
  html: element(name, attributes).html.replace(/<\/\w+>$/, ''),
})

/** A text in which `code` between backticks is an element of its own. */
export const prose = (text: string): Content[] =>
  text.split('`').map((part, i) => (i % 2 === 0 ? part : element('code', {}, part)))

export function table(head: readonly string[], rows: readonly (readonly Content[])[]): Html {
  const headRow = element(
    'tr',
    {},
    head.map((name) => element('th', { scope: 'col' }, name)),
  )
  const body = rows.map((cells) =>
    element(
      'tr',
      {},
      cells.map((cell) => element('td', {}, cell)),
    ),
  )
  return element(
    'div',
    { class: 'scroll' },
    element('table', {}, element('thead', {}, headRow), element('tbody', {}, body)),
  )
}
