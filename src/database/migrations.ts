import type { Migration } from './migration.ts';
import { createClients } from '../../migrations/0001_create_clients.ts';
import { createUsers } from '../../migrations/0002_create_users.ts';
import { createAuthorizationCodes } from '../../migrations/0003_create_authorization_codes.ts';
import { createTokens } from '../../migrations/0004_create_tokens.ts';
import { createSigningKeys } from '../../migrations/0005_create_signing_keys.ts';
import { createAuditEvents } from '../../migrations/0006_create_audit_events.ts';
import { createLoginAttempts } from '../../migrations/0007_create_login_attempts.ts';
import { addSessionFacts } from '../../migrations/0008_add_session_facts.ts';
import { addAdminDesk } from '../../migrations/0009_add_admin_desk.ts';
import { createReplicas } from '../../migrations/0010_create_replicas.ts';
import { keepWritesSmall } from '../../migrations/0011_keep_writes_small.ts';
import { noteWhatReplicasKnow } from '../../migrations/0012_note_what_replicas_know.ts';
import { roomForStamps } from '../../migrations/0013_room_for_stamps.ts';

/** All of them, in order. Named here and not read from a folder, so that what runs is what was compiled. */
export const MIGRATIONS: readonly Migration[] = [
  createClients,
  createUsers,
  createAuthorizationCodes,
  createTokens,
  createSigningKeys,
  createAuditEvents,
  createLoginAttempts,
  addSessionFacts,
  addAdminDesk,
  createReplicas,
  keepWritesSmall,
  noteWhatReplicasKnow,
  roomForStamps,
];

/** How far this code goes. */
export const NEWEST_MIGRATION = roomForStamps.name;
