import { cpus, totalmem } from 'node:os';
import { nodeVersion } from '../scripts/node-binary.mjs';

/**
 * What the figures of a run hold for.
 * @param {{ node: string, generator: string, databases: readonly { durability(): Promise<Record<string, string>> }[] }} run
 */
export async function describeMachine({ node, generator, databases }) {
  return {
    node: nodeVersion(node),
    cores: cpus().length,
    processor: cpus()[0]?.model,
    platform: `${process.platform} ${process.arch}`,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    generator,
    database: await databases[0]?.durability(),
  };
}

/** Whether figures of these two may stand side by side. */
export function isSameMachine(one, other) {
  const parts = ['node', 'cores', 'processor', 'platform', 'memoryGb', 'generator'];
  return parts.every((part) => one[part] === other[part]);
}
