import { z } from 'zod';

/** A moment as the API shows it: ISO 8601, UTC. */
export const time = z.iso.datetime().meta({ example: '2026-01-31T12:00:00.000Z' });

export const clientId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{22}$/, 'This is no client_id')
  .meta({ example: 'q2Zf0cM1bT7s8wXkYvR4uA' });

export const uuid = z.uuid('This is no id').meta({ example: '0b1f6f0e-4a52-4c7a-9a55-0c4a2f2c9d11' });

/** A date of ours in the API's form. */
export function formatTime(date: Date): string {
  return date.toISOString();
}

export function formatTimeOrNull(date: Date | null): string | null {
  return date && formatTime(date);
}

/** What a four-digit year, and so the wire, can say. */
const EARLIEST = new Date('0001-01-01T00:00:00.000Z');
const LATEST = new Date('9999-12-31T23:59:59.999Z');

/** A moment that a request names. */
export const date = z.iso
  .datetime({ offset: true, error: 'It must be a time such as 2026-01-31T12:00:00Z' })
  .transform((text) => new Date(text))
  .refine((at) => at >= EARLIEST && at <= LATEST, 'It must be a time of the years 1 to 9999');
