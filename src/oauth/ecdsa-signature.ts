// The two spellings of an ECDSA signature with P-256: JOSE's is the two integers, 32 bytes each (RFC 7518 §3.4); OpenSSL's is a
// DER sequence of them (RFC 3279 §2.2.3). Node translates too, when a key comes with options, and on current versions spends
// as much time on finding out what these options are as on signing.

const INTEGER_BYTES = 32;
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const SIGN_BIT = 0x80;

/** Writes a DER signature as JOSE does. `der` comes from OpenSSL: a sequence shorter than 128 bytes. */
export function joseSignature(der: Buffer): Buffer {
  const signature = Buffer.alloc(2 * INTEGER_BYTES);
  const first = 2;
  const second = first + 2 + (der[first + 1] ?? 0);
  copyInteger(der, first, signature, INTEGER_BYTES);
  copyInteger(der, second, signature, 2 * INTEGER_BYTES);
  return signature;
}

/** Copies the integer at `from` so that it ends before `end`; a leading zero that only says "not negative" is left out. */
function copyInteger(der: Buffer, from: number, signature: Buffer, end: number): void {
  const length = der[from + 1] ?? 0;
  const digits = Math.min(length, INTEGER_BYTES);
  const next = from + 2 + length;
  der.copy(signature, end - digits, next - digits, next);
}

/** Writes a JOSE signature as DER; undefined if it does not have the one length that it may have. */
export function derSignature(signature: Buffer): Buffer | undefined {
  if (signature.length !== 2 * INTEGER_BYTES) return undefined;
  const integers = [
    ...derInteger(signature.subarray(0, INTEGER_BYTES)),
    ...derInteger(signature.subarray(INTEGER_BYTES)),
  ];
  return Buffer.from([SEQUENCE, integers.length, ...integers]);
}

/** The shortest spelling: no zero in front but the one that keeps the integer from being negative (X.690 §8.3). */
function derInteger(digits: Buffer): readonly number[] {
  let start = 0;
  while (start < INTEGER_BYTES - 1 && digits[start] === 0) start += 1;
  const shortest = digits.subarray(start);
  const isNegative = (shortest[0] ?? 0) >= SIGN_BIT;
  return isNegative
    ? [INTEGER, shortest.length + 1, 0, ...shortest]
    : [INTEGER, shortest.length, ...shortest];
}
