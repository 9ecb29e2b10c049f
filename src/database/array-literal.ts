const TO_ESCAPE = /["\\]/g;

/**
 * A list as PostgreSQL writes an array (PostgreSQL, "Array Input and Output Syntax"), or undefined where an item is more than
 * text, number, truth value, time or null. The driver can do this too, but takes longer for it than the database for a batch.
 */
export function arrayLiteral(items: readonly unknown[]): string | undefined {
  let text = '';
  for (const item of items) {
    const literal = itemLiteral(item);
    if (literal === undefined) return undefined;
    text += text === '' ? literal : `,${literal}`;
  }
  return `{${text}}`;
}

function itemLiteral(item: unknown): string | undefined {
  switch (typeof item) {
    case 'string':
      return `"${item.replaceAll(TO_ESCAPE, '\\$&')}"`;
    case 'number':
    case 'boolean':
      return String(item);
    default:
      if (item === null) return 'NULL';
      return item instanceof Date ? `"${item.toISOString()}"` : undefined;
  }
}
