import { ADMISSION, ANSWERING, SOURCES, TOKEN_BUCKET } from "./admission.ts";
import { AUDIT, FLOOD_GUARD, LIMITS_OPTION, LOG, PENALISED } from "./audit.ts";
import {
  ADMISSION_BANS,
  BAN,
  BAN_LIST,
  BARRED_INTRODUCTIONS,
  BARRED_PEERS,
  DISK,
  KEPT_STATE,
  ROOM_BANS,
  SERVER_BANS,
  SHARED_FILE,
  STATE,
  STATE_FILE,
  TOKEN_KEPT,
} from "./bans.ts";
import { ANNOUNCEMENTS, RETRIES } from "./announcements.ts";
import { BIND } from "./bind.ts";
import { CALLS_HANDLED, DISPATCHER } from "./callee.ts";
import { CALL_HEADER, CALLER, CALLS_MADE, METHOD_NUMBERS, PEER_CONTRACT } from "./caller.ts";
import { CALLEE_CAPS, CANCELS } from "./cancels.ts";
import { BULK_WINDOW, SESSION, SUSPICION } from "./driver.ts";
import { HANDSHAKE_FRAMES, NAMES } from "./frames-and-names.ts";
import { CONVERSATION, FAILURE_LOG, HANDLER_CALL, MESSAGES, REGISTRY } from "./handlers.ts";
import { HELLO, INITIATOR, KEYS, RESPONDER } from "./handshake.ts";
import { IDENTITY, IDENTITY_GATE, IDENTITY_LINK, IDENTITY_WAYS } from "./identity.ts";
import { KEYS as VALUE_KEYS } from "./keys.ts";
import { KEEPALIVE } from "./keepalive.ts";
import { MACHINE_IN, MACHINE_OUT } from "./machine.ts";
import { MACHINE_END, MACHINE_LINKS } from "./machine-links.ts";
import type { Mutants } from "./mutant.ts";
import { FLOWS, OUTBOX } from "./outbox.ts";
import { TCP_PIPE } from "./pipe.ts";
import { RATCHET, RECORD_LINK, RECORD_RECEIVER, RECORDS } from "./records.ts";
import { ASSEMBLIES, DEFRAMER } from "./stream-in.ts";
import { COMMIT, FRAMES, OWN_FRAMES, RETAINED } from "./stream-out.ts";
import { ED25519_KEY, USER, USER_CHECK, USER_FAILURES, USER_RESPONDER, USER_TABLE, VERIFIER } from "./user-stage.ts";
import { READER, SCAN, SCAN_PARTS, TEXTS, VALUES } from "./values-read.ts";
import { BUFFER, SCALARS, WRITER } from "./values-written.ts";

export const ALL_MUTANTS: readonly Mutants[] = [
  BIND,
  MACHINE_OUT,
  MACHINE_IN,
  MACHINE_LINKS,
  MACHINE_END,
  DEFRAMER,
  ASSEMBLIES,
  RETAINED,
  FRAMES,
  OWN_FRAMES,
  COMMIT,
  OUTBOX,
  FLOWS,
  BULK_WINDOW,
  SESSION,
  SUSPICION,
  RATCHET,
  RECORDS,
  RECORD_RECEIVER,
  RECORD_LINK,
  TCP_PIPE,
  KEEPALIVE,
  IDENTITY,
  IDENTITY_GATE,
  IDENTITY_LINK,
  ...IDENTITY_WAYS,
  INITIATOR,
  RESPONDER,
  HELLO,
  KEYS,
  HANDSHAKE_FRAMES,
  NAMES,
  ANSWERING,
  ADMISSION,
  SOURCES,
  TOKEN_BUCKET,
  FLOOD_GUARD,
  AUDIT,
  PENALISED,
  LOG,
  LIMITS_OPTION,
  ADMISSION_BANS,
  BAN_LIST,
  BAN,
  STATE,
  DISK,
  SHARED_FILE,
  STATE_FILE,
  KEPT_STATE,
  ROOM_BANS,
  BARRED_INTRODUCTIONS,
  BARRED_PEERS,
  TOKEN_KEPT,
  SERVER_BANS,
  ANNOUNCEMENTS,
  RETRIES,
  USER,
  USER_RESPONDER,
  USER_TABLE,
  VERIFIER,
  USER_CHECK,
  USER_FAILURES,
  ED25519_KEY,
  CALLER,
  CANCELS,
  CALLEE_CAPS,
  CALLS_MADE,
  METHOD_NUMBERS,
  CALL_HEADER,
  PEER_CONTRACT,
  DISPATCHER,
  CALLS_HANDLED,
  FAILURE_LOG,
  HANDLER_CALL,
  CONVERSATION,
  REGISTRY,
  MESSAGES,
  SCALARS,
  WRITER,
  BUFFER,
  SCAN,
  SCAN_PARTS,
  READER,
  TEXTS,
  VALUES,
  VALUE_KEYS,
];
