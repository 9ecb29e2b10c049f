import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { inlineSigner, type JwtSigner } from './actors/token/jwt-signer.ts';
import { ThreadedSigner } from './actors/token/threaded-signer.ts';
import { workerCount } from './worker-count.ts';
import type { Config } from './config.ts';
import { describeBug } from './describe-bug.ts';

/** A signer, and its end. */
export interface OpenSigner {
  readonly signer: JwtSigner;
  close(): Promise<void>;
}

const ENTRY = new URL('./actors/token/signing-thread.js', import.meta.url);

/** The signer that the configuration asks for. Threads are started when there is something for them to sign. */
export function openSigner(config: Config, logger: Logger): OpenSigner {
  const threads = signingThreads(config, availableParallelism());
  if (threads === 0) return { signer: inlineSigner, close: () => Promise.resolve() };
  const signer = new ThreadedSigner(threads, ENTRY, (error) => {
    logger.error(describeBug(error), 'a signing thread ended and is replaced');
  });
  return { signer, close: () => signer.close() };
}

/** One thread signs more ES256 tokens than one process issues; where all cores serve already it would only be in their way. */
export function signingThreads(
  config: Pick<Config, 'signingThreads' | 'workers' | 'databaseUrl'>,
  cores: number,
): number {
  if (config.signingThreads !== 'auto') return config.signingThreads;
  return workerCount(config, cores) < cores ? 1 : 0;
}
