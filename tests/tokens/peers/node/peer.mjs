// jose: verifies the tokens on standard input and writes its own.

import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { SignJWT, errors, exportSPKI, generateKeyPair, importSPKI, jwtVerify } from "jose";

for (const { algorithm, key, token, good } of JSON.parse(await text(process.stdin))) {
  const verifying = algorithm === "HS256" ? new TextEncoder().encode(key) : await importSPKI(key, algorithm);
  const options = { algorithms: [algorithm], audience: "signal", issuer: "wigwag" };
  let accepted;
  try {
    const { payload } = await jwtVerify(token, verifying, options);
    accepted = payload.sub === "ada" && payload.wigwag.rooms[0] === "team-*";
  } catch (error) {
    if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    accepted = false;
  }
  assert.equal(accepted, good, algorithm);
}

const secret = "a secret that jose and the server share";
const tokens = [];
for (const algorithm of ["HS256", "RS256", "ES256", "EdDSA"]) {
  const pair = algorithm === "HS256" ? undefined : await generateKeyPair(algorithm, { extractable: true });
  const token = await new SignJWT({ name: "Ada", wigwag: { rooms: ["team-*"], can: ["join"] } })
    .setProtectedHeader({ alg: algorithm, typ: "JWT", kid: "main" })
    .setSubject("ada")
    .setIssuer("peer")
    .setAudience("signal")
    .setIssuedAt()
    .setNotBefore("0s")
    .setExpirationTime("10m")
    .sign(pair?.privateKey ?? new TextEncoder().encode(secret));
  tokens.push({ algorithm, key: pair ? await exportSPKI(pair.publicKey) : secret, token });
}
process.stdout.write(JSON.stringify(tokens));
