import { createHash, randomBytes } from 'node:crypto';

const codes = new Map();

/** A new authorization code. */
export function beginCode(ownerId, redirectUri, codeChallenge) {
  const code = randomBytes(32).toString('base64url');
  codes.set(code, { ownerId, redirectUri, codeChallenge });
  return code;
}

/** What a redemption gives, once; undefined where its parts do not fit. */
export function redeemCode(form) {
  const code = form.get('code');
  const begun = codes.get(code);
  codes.delete(code);
  if (begun?.redirectUri !== form.get('redirect_uri')) return undefined;
  const challenge = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url');
  return challenge === begun.codeChallenge ? begun : undefined;
}
