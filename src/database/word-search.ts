/** The words of a text, as an index keeps them. `text` is an expression of SQL; the migration that made the index has the same. */
export function wordsOf(text: string): string {
  return `to_tsvector('simple', regexp_replace(lower(${text}), '[^[:alnum:]]+', ' ', 'g'))`;
}

/** A search for words that begin with each of the words of the next binding; null, which finds nothing, if it has none. */
export const WORD_QUERY = `
  to_tsquery('simple', (
    select string_agg(word || ':*', ' & ')
    from regexp_split_to_table(lower(?::text), '[^[:alnum:]]+') as word where word <> ''))`;
