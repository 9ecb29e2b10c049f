import jose from 'node-jose';
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { ServerError } from '../../oauth/errors.ts';
import type { SigningAlgorithm } from '../../oauth/jwt.ts';
import type { DerivedKey } from '../../oauth/master-secret.ts';
import type { PublicJwk } from './messages.ts';
import type { StoredKey } from './store.ts';

/** A signing key in memory, both halves ready for node:crypto. */
export interface OpenKey extends StoredKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Thrown when a stored key was encrypted with a master secret that is not configured any more. */
export class KeyNotDecryptable extends ServerError {
  constructor(kid: string) {
    super(
      `The signing key ${kid} in the database cannot be decrypted with OAUTH2_SECRET. ` +
        'Put the secret that it was made with back into the list (it may stand behind a newer one).',
    );
  }
}

/** Makes signing keys, and locks and opens their private halves (JWE, RFC 7516). */
export class KeyVault {
  readonly #encryptionKeys: readonly [DerivedKey, ...DerivedKey[]];

  constructor(encryptionKeys: readonly [DerivedKey, ...DerivedKey[]]) {
    this.#encryptionKeys = encryptionKeys;
  }

  async generate(algorithm: SigningAlgorithm, createdAt: Date, activatesAt: Date): Promise<StoredKey> {
    const properties = { alg: algorithm, use: 'sig' };
    const keyStore = jose.JWK.createKeyStore();
    const key =
      algorithm === 'ES256'
        ? await keyStore.generate('EC', 'P-256', properties)
        : await keyStore.generate('RSA', 2048, properties);
    const wrappingKey = await asJoseKey(this.#encryptionKeys[0]);
    const privateJwe = await jose.JWE.createEncrypt({ format: 'compact', contentAlg: 'A256GCM' }, wrappingKey)
      .update(JSON.stringify(key.toJSON(true)))
      .final();
    return {
      kid: key.kid,
      algorithm,
      publicJwk: key.toJSON() as PublicJwk,
      privateJwe: privateJwe as unknown as string,
      createdAt,
      activatesAt,
      expiresAt: null,
    };
  }

  /** Throws KeyNotDecryptable. */
  async open(stored: StoredKey): Promise<OpenKey> {
    const keyStore = jose.JWK.createKeyStore();
    for (const key of this.#encryptionKeys) await keyStore.add(await asJoseKey(key));
    let jwk: JsonWebKey;
    try {
      const { plaintext } = await jose.JWE.createDecrypt(keyStore).decrypt(stored.privateJwe);
      jwk = JSON.parse(plaintext.toString()) as JsonWebKey;
    } catch {
      throw new KeyNotDecryptable(stored.kid);
    }
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
    return { ...stored, privateKey, publicKey: createPublicKey(privateKey) };
  }
}

function asJoseKey({ id, key }: DerivedKey): Promise<jose.JWK.Key> {
  return jose.JWK.asKey({
    kty: 'oct',
    kid: id,
    k: key.export().toString('base64url'),
    alg: 'A256GCMKW',
    use: 'enc',
  });
}
