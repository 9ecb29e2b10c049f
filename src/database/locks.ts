/** Advisory locks that replicas of this server share; the numbers are arbitrary and must never change. */
export const LOCKS = {
  migrate: 5_470_001,
  signingKeys: 5_470_002,
  firstAdmin: 5_470_003,
  tokenPartitions: 5_470_004,
  grantSweep: 5_470_005,
  codeSweep: 5_470_006,
  sessionSweep: 5_470_007,
  loginAttemptSweep: 5_470_008,
  clientSecrets: 5_470_009,
  revocationSweep: 5_470_011,
} as const;
