import { describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { derSignature, joseSignature } from '../../src/oauth/ecdsa-signature.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const dsaEncoding = 'ieee-p1363';

const hex = (text: string) => Buffer.from(text, 'hex');
const integer = (lastDigits: string) => lastDigits.padStart(64, '0');

/** JOSE's spelling and DER's of the same two integers. */
const SPELLINGS: readonly (readonly [string, string])[] = [
  [`${'11'.repeat(32)}${'7f'.repeat(32)}`, `3044 0220${'11'.repeat(32)} 0220${'7f'.repeat(32)}`],
  // With the highest bit set a zero goes in front.
  [`${'80'.repeat(32)}${'ff'.repeat(32)}`, `3046 022100${'80'.repeat(32)} 022100${'ff'.repeat(32)}`],
  // Zeros in front are left out, but for the one that keeps the sign.
  [`${integer('7f')}${integer('80')}`, '3007 02017f 02020080'],
  [`${integer('0100')}${'11'.repeat(32)}`, `3026 02020100 0220${'11'.repeat(32)}`],
  [`${integer('')}${integer('01')}`, '3006 020100 020101'],
];

describe('an ECDSA signature', () => {
  test.each(SPELLINGS)('%s', (jose, der) => {
    const derBytes = hex(der.replaceAll(' ', ''));
    expect(derSignature(hex(jose))?.toString('hex')).toBe(derBytes.toString('hex'));
    expect(joseSignature(derBytes).toString('hex')).toBe(jose);
  });

  test('is translated as Node translates it', () => {
    // Enough of them for both integers to be short, and to have the highest bit set.
    for (let round = 0; round < 1000; round += 1) {
      const message = Buffer.from(`message ${round}`);
      const jose = joseSignature(sign('sha256', message, privateKey));
      expect(verify('sha256', message, { key: publicKey, dsaEncoding }, jose)).toBe(true);
      const byNode = sign('sha256', message, { key: privateKey, dsaEncoding });
      expect(verify('sha256', message, publicKey, derSignature(byNode) ?? Buffer.alloc(0))).toBe(true);
    }
  });

  test.each([0, 1, 63, 65, 128])('of %d bytes is none', (length) => {
    expect(derSignature(Buffer.alloc(length, 1))).toBeUndefined();
  });
});
