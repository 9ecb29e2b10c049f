const MAX_LENGTH = 2048;
const PRINTABLE_ASCII = /^[\x21-\x7e]+$/;
const HTTPS = /^https:\/\/[^/]/i;
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?((?:[/?].*)?)$/;
const HOST = /^(?:[a-z0-9._-]*|\[[0-9a-f:.]+\])$/i;
const PRIVATE_USE_SCHEME = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:$/;

/**
 * Says what is wrong with a redirect URI that someone wants to register, or undefined if nothing is.
 * Allowed: https anywhere, http on this machine only (RFC 8252 §7.3), and private-use schemes in reverse-domain form (§7.1).
 */
export function redirectUriProblem(uri: string): string | undefined {
  if (uri.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (!PRINTABLE_ASCII.test(uri)) return 'contains a space, a control character or a character outside ASCII';
  if (uri.includes('#')) return 'has a fragment';
  if (uri.includes('*')) return 'has a wildcard; redirect URIs are compared exactly';
  if (uri.includes('\\')) return 'has a backslash';
  if (!URL.canParse(uri)) return 'is not an absolute URI';
  const url = new URL(uri);
  // A URL's host may hold characters that no domain name has, such as the ';' and ',' that part header values.
  if (!HOST.test(url.hostname)) return 'has a host that is no domain name or address';
  if (url.username !== '' || url.password !== '') return 'carries a user name or password';
  if (/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$|\?)/i.test(uri.slice(url.protocol.length))) return 'has dot segments';
  // A browser takes https:host without its slashes for a path of our own.
  if (url.protocol === 'https:')
    return HTTPS.test(uri) ? undefined : 'does not begin with https:// and a host';
  if (url.protocol === 'http:') {
    return LOOPBACK.test(uri) ? undefined : 'uses http on a host that is not this machine; use https';
  }
  return PRIVATE_USE_SCHEME.test(url.protocol)
    ? undefined
    : 'uses a scheme that is neither https nor of the form com.example.app';
}

/**
 * Whether a presented redirect URI is one that was registered: equal to the letter (RFC 9700 §2.1),
 * except that a loopback address may have any port (RFC 8252 §7.3).
 */
export function isRegisteredRedirectUri(presented: string, registered: readonly string[]): boolean {
  if (registered.includes(presented)) return true;
  const portless = withoutLoopbackPort(presented);
  return portless !== undefined && registered.some((uri) => withoutLoopbackPort(uri) === portless);
}

function withoutLoopbackPort(uri: string): string | undefined {
  if (redirectUriProblem(uri) !== undefined) return undefined;
  const match = LOOPBACK.exec(uri);
  return match ? `http://${match[1]}${match[2]}` : undefined;
}

/** Where the person will be sent, in a form to show: the host, or the app's scheme. */
export function redirectTarget(uri: string): string {
  const url = new URL(uri);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.host : url.protocol;
}

/**
 * Where a form that ends at this redirect URI may lead, as a Content-Security-Policy source: its scheme, not its origin.
 * Chromium applies form-action to every redirect after a form, the client's own to its next host included.
 */
export function redirectSource(uri: string): string {
  return new URL(uri).protocol;
}
