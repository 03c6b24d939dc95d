/**
 * The secret of a room, which its members share and the server does not know: 32 random bytes, or a passphrase. Prefer the
 * bytes, which cannot be guessed; anyone who records traffic can try passphrases offline, so use at least five random words.
 * A passphrase is normalized to Unicode NFC, and deriving keys from it takes a fraction of a second.
 */
export type RoomSecret = { key: Uint8Array } | { passphrase: string };
