import { isIP, isIPv4 } from 'node:net';
import { z } from 'zod';
import { Sensitive } from './oauth/sensitive.ts';

/** One setting: its variable, what it accepts, what it is when unset, and the words of its row in the README. */
export interface Setting {
  readonly variable: string;
  readonly accepts: string;
  readonly schema: z.ZodType;
  /** As one would write it in the environment; it is parsed like any other value. */
  readonly default?: string;
  /** In place of `default`: what being unset means. */
  readonly unset?: string;
  /** Also read from the file that `<variable>_FILE` names. */
  readonly secret?: true;
  readonly about: string;
}

/** Kinds of value: `accepts` is the words for the README and for refusals, `schema` parses the raw text. */

const BEARER_TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/; // RFC 6750 section 2.1
const EXPRESS_PROXY_WORDS = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** Text that passes `test`; anything else is refused as not being what `accepts` says. */
export function text(accepts: string, test: (value: string) => boolean) {
  return { accepts, schema: z.string().refine(test, `must be ${accepts}`) };
}

/** A whole number within both bounds, in decimal digits. */
export function integer(min: number, max: number) {
  const accepts = `a whole number from ${min} to ${max}`;
  const inRange = (value: string) => /^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max;
  return { accepts, schema: text(accepts, inRange).schema.transform(Number) };
}

/** A whole number within both bounds, or 0, which turns something off. */
export function integerOrZero(min: number, max: number) {
  const number = integer(min, max);
  const accepts = `0, or ${number.accepts}`;
  const schema = z
    .string()
    .refine((value) => value === '0' || number.schema.safeParse(value).success, `must be ${accepts}`)
    .transform(Number);
  return { accepts, schema };
}

/** A whole number of processes or threads, or `auto`. */
export function countOrAuto(min: number, max: number) {
  const count = integer(min, max);
  const accepts = `auto, or ${count.accepts}`;
  const schema = z
    .string()
    .refine((value) => value === 'auto' || count.schema.safeParse(value).success, `must be ${accepts}`)
    .transform((value) => (value === 'auto' ? value : Number(value)));
  return { accepts, schema };
}

/** One of the words, to the letter. */
export function oneOf<const W extends readonly string[]>(words: W) {
  const accepts = `one of ${words.join(', ')}`;
  return { accepts, schema: z.enum(words, `must be ${accepts}`) };
}

/** The same kind, but unset gives `undefined`. */
export function optional<S extends z.ZodType>(value: { readonly accepts: string; readonly schema: S }) {
  return { accepts: value.accepts, schema: value.schema.optional() };
}

/** One secret, or `undefined` when unset. */
export function secret(accepts: string, test: (value: string) => boolean) {
  const hidden = text(accepts, test).schema.transform((value) => new Sensitive(value));
  return { accepts, schema: hidden.optional() };
}

/** Comma-separated secrets, none of them short or repeated; unset gives an empty list. */
export function secretList(minLength: number) {
  const schema = z
    .string()
    .transform(items)
    .refine(
      (all) => all.every((one) => one.length >= minLength),
      `must hold secrets of at least ${minLength} characters each, separated by commas`,
    )
    .refine((all) => new Set(all).size === all.length, 'must not hold the same secret twice')
    .transform((all) => Object.freeze(all.map((one) => new Sensitive(one))))
    .optional()
    .transform((all): readonly Sensitive[] => all ?? Object.freeze([]));
  return { accepts: `comma-separated, each of at least ${minLength} characters, none twice`, schema };
}

/** Comma-separated addresses, CIDR ranges and Express words for `trust proxy`; unset gives an empty list. */
export function proxyList() {
  const accepts = 'comma-separated IP addresses, CIDR ranges, or the words loopback, linklocal, uniquelocal';
  const schema = z
    .string()
    .transform(items)
    .refine((all) => all.every(isProxy), `must be ${accepts}`)
    .optional()
    .transform((all): readonly string[] => Object.freeze(all ?? []));
  return { accepts, schema };
}

/** A host name or an IP address to listen on, without scheme, brackets or port. */
export function host() {
  const isHost = (value: string) =>
    (isIP(value) !== 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(value)) && URL.canParse(httpOrigin(value));
  return text('a host name or an IP address, without scheme, brackets or port', isHost);
}

/** An issuer: an origin to the letter, so that every client's string comparison holds; `undefined` when unset. */
export function issuer() {
  const shape = 'no path, query, fragment, user name or trailing slash';
  const schema = z
    .string()
    .refine(isOrigin, {
      error: `must be an origin in its normal form, such as https://login.example.com: ${shape}`,
      abort: true,
    })
    .refine(
      (value) => value.startsWith('https:') || isLoopback(new URL(value).hostname),
      'must use https: plain http is for a loopback host only (localhost, 127.0.0.0/8, [::1])',
    );
  return { accepts: `an https origin, or http on a loopback host: ${shape}`, schema: schema.optional() };
}

/** An http or https URL. */
export function httpUrl() {
  return text('an http or https URL', (value) => /^https?:\/\/./i.test(value) && URL.canParse(value));
}

/** A PostgreSQL connection string; unset gives `undefined`. */
export function databaseUrl() {
  const isPostgres = (value: string) => /^postgres(ql)?:\/\/./.test(value) && URL.canParse(value);
  return secret('a postgres:// or postgresql:// URL', isPostgres);
}

/** A secret that can be sent in an `Authorization: Bearer` header, of at least `minLength` characters. */
export function bearerToken(minLength: number) {
  const accepts = `at least ${minLength} letters, digits or - . _ ~ + / =`;
  return secret(accepts, (value) => value.length >= minLength && BEARER_TOKEN.test(value));
}

/** A password that bcrypt, which ignores what follows byte 72, reads to its end, and that a login form can send. */
export function password(minBytes: number, maxBytes: number) {
  return secret(`${minBytes} to ${maxBytes} bytes in UTF-8, without control characters`, (value) => {
    const bytes = Buffer.byteLength(value);
    return bytes >= minBytes && bytes <= maxBytes && !/\p{Cc}/u.test(value);
  });
}

/** The plain-http origin of a host and port, with an IPv6 address in brackets. Not validated. */
export function httpOrigin(hostName: string, port = 80): string {
  return `http://${hostName.includes(':') ? `[${hostName}]` : hostName}:${port}`;
}

/** Whether a URL's `hostname` (IPv6 in brackets) cannot be reached from another machine. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}

function isOrigin(value: string): boolean {
  return /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

function isProxy(value: string): boolean {
  if (EXPRESS_PROXY_WORDS.has(value)) return true;
  const [address = '', prefix, ...rest] = value.split('/');
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 0 || rest.length > 0) return false;
  // Express refuses a prefix of 0: trusting everybody is not something to do by a range.
  return (
    prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
  );
}

function items(value: string): string[] {
  return value.split(',').map((item) => item.trim());
}
