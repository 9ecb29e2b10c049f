import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type jose from 'node-jose';
import { lazily } from '../../lazily.ts';
import { ServerError } from '../../oauth/errors.ts';
import type { SigningAlgorithm } from '../../oauth/jwt.ts';
import type { DerivedKey } from '../../oauth/master-secret.ts';
import { openJwe } from './jwe.ts';
import type { PublicJwk } from './messages.ts';
import type { StoredKey } from './store.ts';

/** A signing key in memory, ready for node:crypto. */
export interface OpenKey extends StoredKey {
  readonly publicKey: KeyObject;
  /** Undefined where no master secret of this replica opens it. */
  readonly privateKey: KeyObject | undefined;
}

/** Thrown when a stored key was encrypted with a master secret that is not configured any more. */
export class KeyNotDecryptable extends ServerError {
  constructor(kid: string) {
    super(
      `The signing key ${kid} in the database cannot be decrypted with OAUTH2_SECRET. ` +
        'Put the secret that it was made with back into the list (it may stand behind a newer one). ' +
        'If that is lost for good, "stagedoor keys discard-lost" says what going on without it costs.',
    );
  }
}

/** Only who makes a key needs it. */
const loadJose = lazily(async () => (await import('node-jose')).default);

/** Makes signing keys, and locks and opens their private halves (JWE, RFC 7516). */
export class KeyVault {
  readonly #encryptionKeys: readonly [DerivedKey, ...DerivedKey[]];

  constructor(encryptionKeys: readonly [DerivedKey, ...DerivedKey[]]) {
    this.#encryptionKeys = encryptionKeys;
  }

  async generate(algorithm: SigningAlgorithm, createdAt: Date, activatesAt: Date): Promise<StoredKey> {
    const properties = { alg: algorithm, use: 'sig' };
    const jose = await loadJose();
    const keyStore = jose.JWK.createKeyStore();
    const key =
      algorithm === 'ES256'
        ? await keyStore.generate('EC', 'P-256', properties)
        : await keyStore.generate('RSA', 2048, properties);
    const wrappingKey = await asJoseKey(jose, this.#encryptionKeys[0]);
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

  /** Both halves. Throws KeyNotDecryptable. */
  async open(stored: StoredKey): Promise<OpenKey & { readonly privateKey: KeyObject }> {
    let jwk: JsonWebKey;
    try {
      jwk = JSON.parse(openJwe(stored.privateJwe, this.#encryptionKeys).toString()) as JsonWebKey;
    } catch {
      throw new KeyNotDecryptable(stored.kid);
    }
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
    return { ...stored, privateKey, publicKey: createPublicKey(privateKey) };
  }

  /** The half that is not encrypted. */
  openPublic(stored: StoredKey): OpenKey {
    const key = stored.publicJwk as JsonWebKey;
    return { ...stored, privateKey: undefined, publicKey: createPublicKey({ key, format: 'jwk' }) };
  }
}

function asJoseKey({ JWK }: typeof jose, { id, key }: DerivedKey): Promise<jose.JWK.Key> {
  return JWK.asKey({
    kty: 'oct',
    kid: id,
    k: key.export().toString('base64url'),
    alg: 'A256GCMKW',
    use: 'enc',
  });
}
