/** Where time and chance come from: passed in, so that a test can hold either still. */
export interface Sources {
  readonly now: () => Date;
  readonly randomBytes: (size: number) => Buffer;
  readonly randomUuid: () => string;
}

/** Seconds since the epoch, as the RFCs' NumericDate counts them (RFC 7519 §2). */
export function epochSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
