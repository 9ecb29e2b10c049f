/**
 * Whether a text can be stored and shown as it is: no control characters (PostgreSQL takes a NUL in no text, and the others have
 * no place in what a person reads) and no half of a surrogate pair, which UTF-8 cannot write.
 */
export function isPlainText(text: string): boolean {
  return !/[\p{Cc}\p{Cs}]/u.test(text);
}
