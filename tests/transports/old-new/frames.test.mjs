// Frames by hand, over a WebSocket in JSON and in binary: a client of the latest release at the server of this tree, and a client
// of this tree at the server of the release. Run by scripts/test-old-new.sh.
import assert from "node:assert/strict";
import { test } from "node:test";

import { startProgram } from "../../compat/lib/server.mjs";
import { API, loadApi } from "../lib/schema.mjs";
import { open } from "../lib/websocket-client.mjs";

const { OLD_SERVER, NEW_SERVER, OLD_API } = process.env;
const old = loadApi(OLD_API);

/** A resumable session, numbered and acknowledged by hand. */
class Session {
  #seq = 0;
  #seen = 0;

  constructor(port, form, api, hello) {
    Object.assign(this, { port, form, api, given: hello });
  }

  /** Connects, and resumes the session if there is one. */
  async connect() {
    const resume = this.welcome && { sessionToken: this.welcome.sessionToken, epoch: this.welcome.epoch, lastSeq: this.#seen };
    this.client = await open(this.port, this.form, this.api);
    this.client.send({ hello: { resumable: true, ...this.given, ...(resume && { resume: { ...resume, roomVersions: { demo: 1 } } }) } });
    this.welcome = await this.client.take("welcome");
    if (resume) this.client.send({ ack: this.#seen });
    return this;
  }

  send(body) {
    this.client.send({ seq: (this.#seq += 1), ack: this.#seen, ...body });
  }

  /** Returns the body of the next numbered frame, which must be this one, and acknowledges it. */
  async next(body) {
    this.#seen += 1;
    const taken = await this.client.take(body);
    this.client.send({ ack: this.#seen });
    return taken;
  }

  /** Breaks the connection. */
  async cut() {
    this.client.socket.terminate();
    await this.client.closed;
  }
}

const cases = [
  { what: "a client of the release at this server", server: NEW_SERVER, api: old, hello: {}, features: undefined },
  { what: "a client of this tree at the server of the release", server: OLD_SERVER, api: API, hello: { features: ["envelope_hints"] }, features: undefined },
  { what: "a client of this tree at this server", server: NEW_SERVER, api: API, hello: { features: ["envelope_hints"] }, features: ["envelope_hints", "roster_parts", "token_expiring"] },
];

for (const { what, server: program, api, hello, features } of cases) {
  for (const form of ["wigwag.v1.json", "wigwag.v1.proto"]) {
    test(`${what}, ${form}: join, exchange, resume, roster, receipts`, async () => {
      const server = await startProgram(program, 0);
      const [ada, bob, eve] = ["Ada", "Bob", "Eve"].map((displayName) => new Session(server.port, form, api, { displayName, ...hello }));
      const adaId = (await ada.connect()).welcome.peerId;
      assert.deepEqual(ada.welcome.features, features);
      const bobId = (await bob.connect()).welcome.peerId;
      ada.send({ join: { room: "demo" } });
      await ada.next("joined");
      bob.send({ join: { room: "demo" } });
      assert.deepEqual((await bob.next("joined")).members.map(({ peerId }) => peerId), [adaId]);
      assert.equal((await ada.client.take("memberJoined")).member.peerId, bobId);

      ada.send({ envelope: { room: "demo", to: bobId, receipt: true, description: { type: "offer", sdp: "v=0\r\n" } } });
      assert.deepEqual((await bob.next("envelope")).description, { type: "offer", sdp: "v=0\r\n" });
      assert.deepEqual(await ada.next("receipt"), { peerId: bobId, outcome: "OUTCOME_DELIVERED" });

      await bob.cut();
      ada.send({ envelope: { room: "demo", to: bobId, candidate: { candidate: "" } } });
      ada.send({ envelope: { room: "demo", message: { text: "to all" } } });
      await eve.connect();
      eve.send({ join: { room: "demo" } });
      const eveId = (await eve.next("joined")).me.peerId;
      await bob.connect();
      assert.deepEqual([bob.welcome.outcome, bob.welcome.peerId, bob.welcome.features], ["OUTCOME_RESUMED", bobId, features]);
      const roster = await bob.client.take("roster");
      assert.deepEqual(roster.members.map(({ peerId, displayName }) => [peerId, displayName]), [[adaId, "Ada"], [eveId, "Eve"]]);
      assert.deepEqual((await bob.next("envelope")).candidate, { candidate: "" });
      assert.deepEqual((await bob.next("envelope")).message, { text: "to all" });

      await bob.cut();
      ada.send({ envelope: { room: "demo", to: bobId, sealed: "AQID" } });
      await bob.connect();
      bob.client.send({ seq: 2, bye: {} });
      assert.equal((await bob.client.closed).code, 1000);
      const receipt = await ada.next("receipt");
      assert.deepEqual([receipt.peerId, receipt.outcome], [bobId, "OUTCOME_UNDELIVERABLE"]);
      assert.equal((await ada.client.take("memberLeft")).peerId, bobId);
      for (const { client } of [ada, bob, eve]) assert.deepEqual(client.odd, [], "frames with fields that this version does not have");
      // A session without a bye would keep the drain waiting.
      for (const session of [ada, eve]) session.send({ bye: {} });
      await Promise.all([ada.client.closed, eve.client.closed]);
      await server.stop();
    });
  }
}
