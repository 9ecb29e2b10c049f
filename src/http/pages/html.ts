import escapeHtml from 'escape-html';

/**
 * Markup that is safe to send. The class is exported as a type only, so `html` is the one way to make a
 * value, and a string can never pass for one.
 */
class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  /** The markup, for `render` and for nesting; kept private so that string concatenation cannot reach it. */
  static markupOf(value: Html): string {
    return value.#markup;
  }
}

export type { Html };

/** What a template accepts: `true` is left out on purpose, so `${a || b}` slips do not compile. */
export type Content = Html | string | number | false | null | undefined | readonly Content[];

/**
 * Builds markup. Every interpolation is untrusted and escaped, unless it is itself `Html`; arrays are
 * joined; `null`, `undefined` and `false` render nothing. An interpolation may stand in text or inside a
 * quoted attribute, nowhere else: an unquoted attribute throws. Escaping does not make a URL safe to follow;
 * check its scheme before it goes into `href`.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  let markup = strings[0] ?? '';
  for (const [index, value] of values.entries()) {
    if (UNQUOTED_ATTRIBUTE.test(strings[index] ?? '')) throw new TypeError('html: unquoted attribute');
    markup += toMarkup(value) + (strings[index + 1] ?? '');
  }
  return new Html(markup);
}

/** The finished page or fragment as a string. */
export function render(value: Html): string {
  return Html.markupOf(value);
}

const UNQUOTED_ATTRIBUTE = /<[^>]*=\s*$/;

function toMarkup(value: Content): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return Html.markupOf(value);
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return value.map(toMarkup).join('');
}
