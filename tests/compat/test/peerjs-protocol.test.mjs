// The PeerServer protocol: the same checks against this server and against the `peer` package, which is the reference.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { endsBrokenConnections } from "../lib/bad-input.mjs";
import { startReference, startServer } from "../lib/server.mjs";
import { openSocket } from "../lib/socket.mjs";

const ours = {
  name: "this server",
  async start() {
    const server = await startServer("compat.peerjs_discovery=true", "session.direct_messages=false");
    return { ...server, base: `${server.host}/peerjs` };
  },
};

const theirs = {
  name: "the peer package",
  async start() {
    const server = await startReference("peer-server.mjs");
    return { ...server, base: `${server.host}/peerjs` };
  },
};

for (const { name, start } of [ours, theirs]) {
  describe(name, () => {
    let server;
    before(async () => (server = await start()));
    after(() => server.stop());

    const connect = (id, { token = `token-${id}`, key = "peerjs" } = {}) =>
      openSocket(`ws://${server.base}/peerjs?key=${key}&id=${id}&token=${token}&version=1.5.5`);
    const open = async (...args) => {
      const socket = await connect(...args);
      assert.deepEqual(await socket.next("OPEN"), { type: "OPEN" });
      return socket;
    };

    test("an id can be requested", async () => {
      const answer = await fetch(`http://${server.base}/peerjs/id?ts=1&version=1.5.5`);
      assert.equal(answer.status, 200);
      assert.match(answer.headers.get("content-type"), /^text\/html/);
      assert.match(await answer.text(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    });

    test("the root describes the server", async () => {
      const about = await (await fetch(`http://${server.base}/`)).json();
      assert.equal(typeof about.name, "string");
    });

    test("the ids in use can be listed", async () => {
      const [ada, bob] = [await open("list-ada"), await open("list-bob")];
      const answer = await fetch(`http://${server.base}/peerjs/peers`);
      assert.equal(answer.status, 200);
      const ids = await answer.json();
      assert.ok(ids.includes("list-ada") && ids.includes("list-bob"), ids.join());
      await ada.close();
      await bob.close();
    });

    test("offer, answer and candidate arrive unchanged, with the sender's id", async () => {
      const [ada, bob] = [await open("ada"), await open("bob")];
      const payload = {
        sdp: { type: "offer", sdp: "v=0\r\n" }, type: "data", connectionId: "dc_1", label: "dc_1", reliable: false,
        serialization: "binary", metadata: { deep: [1, null, "é😀"] }, browser: "chrome",
      };
      ada.send({ type: "OFFER", payload, dst: "bob", src: "somebody else" });
      assert.deepEqual(await bob.next("OFFER"), { type: "OFFER", src: "ada", dst: "bob", payload });
      bob.send({ type: "ANSWER", payload: { ...payload, sdp: { type: "answer", sdp: "v=0" } }, dst: "ada" });
      assert.equal((await ada.next("ANSWER")).src, "bob");
      const candidate = { candidate: { candidate: "candidate:1", sdpMid: "0" }, type: "data", connectionId: "dc_1" };
      for (let i = 0; i < 100; i += 1) ada.send({ type: "CANDIDATE", payload: { ...candidate, i }, dst: "bob" });
      for (let i = 0; i < 100; i += 1) assert.equal((await bob.next("CANDIDATE")).payload.i, i);
      ada.send({ type: "LEAVE", dst: "bob" });
      assert.equal((await bob.next("LEAVE")).src, "ada");
      await ada.close();
      await bob.close();
    });

    test("a heartbeat is not answered", async () => {
      const ada = await open("heart");
      ada.send({ type: "HEARTBEAT" });
      ada.send({ type: "OFFER", dst: "heart-2", payload: {} });
      await ada.next("EXPIRE");
      assert.deepEqual(ada.inbox.rest(), []);
      await ada.close();
    });

    test("an id that is taken is refused", async () => {
      const ada = await open("taken");
      const second = await connect("taken", { token: "another" });
      const refused = await second.next("ID-TAKEN");
      assert.equal(refused.payload.msg, "ID is taken");
      await second.closed;
      await ada.close();
    });

    test("missing parameters are reported", async () => {
      for (const query of ["key=peerjs&id=x", "key=peerjs&token=x", "id=x&token=x"]) {
        const socket = await openSocket(`ws://${server.base}/peerjs?${query}`);
        const error = await socket.next("ERROR");
        assert.equal(error.payload.msg, "No id, token, or key supplied to websocket server");
        await socket.closed;
      }
    });

    test("messages are held for a peer that connects later, in order", async () => {
      const ada = await open("early");
      for (let i = 0; i < 10; i += 1) ada.send({ type: i ? "CANDIDATE" : "OFFER", payload: { i }, dst: "late" });
      // Once this one has come back, the server has processed those before it.
      ada.send({ type: "OFFER", payload: {}, dst: "early" });
      await ada.next("OFFER");
      const late = await open("late");
      assert.equal((await late.next("OFFER")).payload.i, 0);
      for (let i = 1; i < 10; i += 1) assert.equal((await late.next("CANDIDATE")).payload.i, i);
      await ada.close();
      await late.close();
    });

    test("messages for a peer that does not connect expire after five seconds, once", async () => {
      const ada = await open("waiting");
      const started = Date.now();
      ada.send({ type: "OFFER", payload: {}, dst: "never" });
      ada.send({ type: "CANDIDATE", payload: {}, dst: "never" });
      const expire = await ada.next("EXPIRE");
      assert.equal(expire.src, "never");
      const elapsed = Date.now() - started;
      assert.ok(elapsed >= 4_900 && elapsed < 20_000, `${elapsed} ms`);
      ada.send({ type: "OFFER", payload: {}, dst: "waiting" });
      await ada.next("OFFER");
      assert.deepEqual(ada.inbox.rest(), []);
      await ada.close();
    });

    test("what a client must not send is answered by EXPIRE or not at all", async () => {
      const [ada, bob] = [await open("odd-ada"), await open("odd-bob")];
      const offer = (dst, metadata) => ada.send({ type: "OFFER", dst, payload: { type: "data", connectionId: "dc_1", metadata } });
      const expired = ["x".repeat(300), "odd-nobody", 42];
      for (const dst of [...expired, "", undefined, null, false, 0]) offer(dst);
      for (const text of ["hello", "[1]", "", '{"type":7}', '{"type":"nonsense","dst":"odd-bob"}', "{}", '{"type":"OFFER"}', '{"type":"HEARTBEAT","dst":7}']) {
        ada.socket.send(text);
      }
      const missing = new Set(expired);
      while (missing.size > 0) {
        const { type, src } = await ada.inbox.take(() => true, `EXPIRE for ${[...missing]}`, 20_000);
        assert.equal(type, "EXPIRE");
        assert.ok(missing.delete(src), `EXPIRE of ${src}`);
      }
      // Half an emoji arrives, as it is or replaced.
      ada.socket.send('{"type":"OFFER","dst":"odd-bob","payload":{"text":"a\\ud83d"}}');
      assert.ok(["a\ud83d", "a\ufffd"].includes((await bob.next("OFFER")).payload.text));
      // Metadata beyond the limit arrives, or the peer is unavailable.
      offer("odd-bob", "x".repeat(100_000));
      const arrived = bob.inbox.take(({ payload }) => payload?.metadata?.length === 100_000, "the large offer");
      // It does not arrive when it was refused.
      arrived.catch(() => {});
      assert.ok(["odd-ada", "odd-bob"].includes((await Promise.race([arrived, ada.next("EXPIRE")])).src));
      offer("odd-bob", "still here");
      await bob.inbox.take(({ payload }) => payload?.metadata === "still here", "an offer");
      assert.deepEqual(ada.inbox.rest(), []);
      await Promise.all([ada.close(), bob.close()]);
    });

    if (name === theirs.name) return;

    test("the same token gets its id again, and OPEN", async () => {
      const first = await open("again", { token: "secret" });
      const second = await open("again", { token: "secret" });
      assert.equal((await first.closed).reason, "REPLACED");
      const other = await open("other");
      other.send({ type: "OFFER", payload: { n: 1 }, dst: "again" });
      assert.equal((await second.next("OFFER")).payload.n, 1);
      const ids = await (await fetch(`http://${server.base}/peerjs/peers`)).json();
      assert.deepEqual(ids.filter((id) => id === "again"), ["again"]);
      await second.close();
      await other.close();
    });

    test("an id is free once its client has left", async () => {
      const first = await open("leaver", { token: "one" });
      first.send({ type: "LEAVE" });
      assert.equal((await first.closed).code, 1000);
      const second = await open("leaver", { token: "two" });
      await second.close();
    });

    test("keys keep peers apart", async () => {
      const [ada, bob] = [await open("same", { key: "one" }), await open("same", { key: "two" })];
      const eve = await open("eve", { key: "two" });
      eve.send({ type: "OFFER", payload: { n: 1 }, dst: "same" });
      assert.equal((await bob.next("OFFER")).src, "eve");
      assert.deepEqual(await (await fetch(`http://${server.base}/one/peers`)).json(), ["same"]);
      assert.deepEqual(ada.inbox.rest(), []);
      await Promise.all([ada.close(), bob.close(), eve.close()]);
    });

    test("too many held messages are reported at once", async () => {
      const ada = await open("flood");
      for (let i = 0; i < 65; i += 1) ada.send({ type: "CANDIDATE", payload: { i }, dst: "nobody" });
      const started = Date.now();
      const expire = await ada.next("EXPIRE");
      assert.ok(Date.now() - started < 3_000);
      assert.match(expire.payload.msg, /too many/);
      await ada.close();
    });

    test("a client without a path finds the server at /", async () => {
      const { host } = server;
      assert.match(await (await fetch(`http://${host}/peerjs/id`)).text(), /^[0-9a-f-]{36}$/);
      const socket = await openSocket(`ws://${host}/peerjs?key=peerjs&id=rooted&token=t`);
      await socket.next("OPEN");
      assert.ok((await (await fetch(`http://${host}/peerjs/peers`)).json()).includes("rooted"));
      await socket.close();
    });

    test("bad input does not affect other clients", async () => {
      const [good, bad] = [await open("good"), await open("bad")];
      let n = 0;
      await endsBrokenConnections(() => open(`broken-${(n += 1)}`));
      good.send({ type: "OFFER", payload: { n: 1 }, dst: "bad" });
      assert.equal((await bad.next("OFFER")).src, "good");
      await Promise.all([good.close(), bad.close()]);
      assert.equal(server.log(), "");
    });
  });
}

test("a page without a key sends null, which means the default key", async () => {
  const server = await startServer("compat.peerjs_discovery=true");
  const ada = await openSocket(`ws://${server.host}/peerjs?key=peerjs&id=ada&token=a`);
  await ada.next("OPEN");
  for (const key of ["null", "undefined"]) {
    const thief = await openSocket(`ws://${server.host}/peerjs?key=${key}&id=ada&token=t`);
    await thief.next("ID-TAKEN");
    await thief.closed;
    // With a path in the page's options, and without one.
    for (const path of ["/peerjs", ""]) {
      const answer = await fetch(`http://${server.host}${path}/${key}/id`);
      assert.equal(answer.status, 200, `${path}/${key}/id`);
      assert.match(await answer.text(), /^[0-9a-f-]{36}$/);
      assert.deepEqual(await server.json(`${path}/${key}/peers`), ["ada"]);
    }
  }
  await ada.close();
  await server.stop();
});

test("without discovery the list is refused", async () => {
  const server = await startServer();
  for (const path of ["/peerjs/peerjs", "/peerjs", "/null", "/undefined"]) {
    assert.equal((await fetch(`http://${server.host}${path}/peers`)).status, 401, path);
  }
  await server.stop();
});
