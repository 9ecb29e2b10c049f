/** Throws where the answer to the first request of a kind is not what it must be: a fast wrong answer is no result. */
export async function requireExpected({ name, base }, { kinds }) {
  for (const { method, path, prefix, values, expects } of kinds) {
    if (expects === '') continue;
    const headers = method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
    const body = method === 'POST' ? prefix + values[0] : undefined;
    const response = await fetch(new URL(path, base), { method, headers, body });
    const text = await response.text();
    if (!response.ok || !text.includes(expects)) {
      throw new Error(`${name}: ${path} answered ${response.status} without ${expects}`);
    }
  }
}
