// Runs in Chromium: joins a room, opens a data channel with every other member, sends messages through it and compares
// them with the echoes.
import { connect, type Member, type ReceivedPayload, type Room, type Session } from "@wigwag/client";

/** The functions of a page. */
export interface TestPage {
  /** Joins the room, with encrypted signals if there is a passphrase, and keeps a connection with each of its members. */
  join(server: string, room: string, displayName: string, passphrase?: string): Promise<void>;
  /** Resolves once the channel to the member of that name is open, with the channel's label. */
  opened(displayName: string): Promise<string>;
  /** Sends random messages of these sizes in bytes; resolves once all have been echoed, with the differences. */
  echo(displayName: string, sizes: number[], binary: boolean): Promise<string[]>;
  /** Sends a text; resolves with the next message. */
  ask(displayName: string, text: string): Promise<string>;
  /** Replaces the connection with the member of that name by a new one, for which this page makes the offer. */
  renew(displayName: string): Promise<void>;
  /** Sends the member of that name a text through the server. */
  tell(displayName: string, text: string): Promise<void>;
  /** Resolves with the next text that arrives through the server. */
  nextText(): Promise<string>;
  /** Removes the member of that name from the room. */
  remove(displayName: string): Promise<void>;
  /** Ends the session, and with it all connections. */
  leave(): Promise<void>;
  /** Resolves once the member of that name has left. */
  gone(displayName: string): Promise<void>;
}

type Message = string | ArrayBuffer;

/** Maximum number of bytes that getRandomValues fills. */
const RANDOM_AT_ONCE = 65_536;
/** Maximum number of bytes buffered in the channel before the next message is sent. */
const BUFFERED = 1 << 20;

class Peer {
  readonly connection: RTCPeerConnection;
  readonly channel: Promise<RTCDataChannel>;
  readonly #received: Message[] = [];
  #wake = () => undefined as void;
  #work: Promise<void> = Promise.resolve();

  constructor(
    readonly room: Room,
    readonly member: Member,
    offers: boolean,
  ) {
    this.connection = new RTCPeerConnection();
    this.connection.onicecandidate = ({ candidate }) => void room.send(member.peerId, { candidate });
    this.channel = new Promise((resolve) => {
      const use = (channel: RTCDataChannel) => {
        channel.binaryType = "arraybuffer";
        channel.onmessage = ({ data }: MessageEvent<Message>) => {
          this.#received.push(data);
          this.#wake();
        };
        if (channel.readyState === "open") resolve(channel);
        else channel.onopen = () => resolve(channel);
      };
      if (offers) use(this.connection.createDataChannel("page"));
      else this.connection.ondatachannel = ({ channel }) => use(channel);
    });
    if (offers) this.#work = this.#describe();
  }

  /** Handles a signal after the previous ones: a candidate must wait for the description before it. */
  receive(payload: ReceivedPayload): void {
    this.#work = this.#work.then(async () => {
      if ("description" in payload) {
        await this.connection.setRemoteDescription(payload.description);
        if (payload.description.type === "offer") await this.#describe();
      } else if ("candidate" in payload) {
        await this.connection.addIceCandidate(payload.candidate);
      }
    });
  }

  async next(): Promise<Message> {
    for (;;) {
      const message = this.#received.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async #describe(): Promise<void> {
    await this.connection.setLocalDescription();
    const description = this.connection.localDescription;
    if (description) await this.room.send(this.member.peerId, { description });
  }
}

let session: Session;
/** Texts that arrived through the server. */
const texts: string[] = [];
const peers = new Map<string, Peer>();
/** Called when a peer joins or leaves, or a text arrives. */
const watchers = new Set<() => void>();

async function until<T>(check: () => T | undefined): Promise<T> {
  for (;;) {
    const found = check();
    if (found !== undefined) return found;
    await new Promise<void>((resolve) => watchers.add(resolve));
  }
}

function changed(): void {
  for (const watcher of watchers) watcher();
  watchers.clear();
}

function named(displayName: string): Peer | undefined {
  return [...peers.values()].find(({ member }) => member.displayName === displayName);
}

function meet(room: Room, member: Member, offers: boolean): void {
  peers.set(member.peerId, new Peer(room, member, offers));
  changed();
}

async function serve(room: Room): Promise<void> {
  for await (const event of room.events()) {
    if (event.type === "joined") meet(room, event.member, false);
    else if (event.type === "envelope" && "text" in event.payload) {
      texts.push(event.payload.text);
      changed();
    } else if (event.type === "envelope") peers.get(event.from)?.receive(event.payload);
    else if (event.type === "left") {
      peers.get(event.member.peerId)?.connection.close();
      peers.delete(event.member.peerId);
      changed();
    }
  }
}

function random(size: number, binary: boolean): Message {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += RANDOM_AT_ONCE) crypto.getRandomValues(bytes.subarray(at, at + RANDOM_AT_ONCE));
  if (binary) return bytes.buffer;
  return Array.from(bytes, (byte) => String.fromCharCode(32 + (byte % 94))).join("");
}

function same(one: Message, other: Message): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  const [left, right] = [new Uint8Array(one), new Uint8Array(other)];
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

function show(message: Message): string {
  return typeof message === "string" ? `a text of ${message.length}` : `${message.byteLength} bytes`;
}

const page: TestPage = {
  async join(server, name, displayName, passphrase) {
    session = await connect(server, { displayName });
    const room = await session.join(name, passphrase === undefined ? {} : { secret: { passphrase } });
    // The peer that finds the other one already in the room makes the first offer.
    for (const member of room.members.values()) meet(room, member, true);
    void serve(room);
  },
  async opened(displayName) {
    const peer = await until(() => named(displayName));
    return (await peer.channel).label;
  },
  async echo(displayName, sizes, binary) {
    const peer = await until(() => named(displayName));
    const channel = await peer.channel;
    channel.bufferedAmountLowThreshold = BUFFERED / 2;
    const sent = sizes.map((size) => random(size, binary));
    const sending = (async () => {
      for (const message of sent) {
        if (channel.bufferedAmount > BUFFERED) {
          await new Promise<void>((resolve) => (channel.onbufferedamountlow = () => resolve()));
        }
        channel.send(message as string);
      }
    })();
    const wrong: string[] = [];
    for (const [at, message] of sent.entries()) {
      const echo = await peer.next();
      if (!same(echo, message)) wrong.push(`message ${at}: ${show(message)} sent, ${show(echo)} received`);
    }
    await sending;
    return wrong;
  },
  async ask(displayName, text) {
    const peer = await until(() => named(displayName));
    (await peer.channel).send(text);
    return String(await peer.next());
  },
  async renew(displayName) {
    const { room, member, connection } = await until(() => named(displayName));
    connection.close();
    meet(room, member, true);
  },
  async tell(displayName, text) {
    const { room, member } = await until(() => named(displayName));
    await room.send(member.peerId, { text });
  },
  nextText: () => until(() => texts.shift()),
  async remove(displayName) {
    const { room, member } = await until(() => named(displayName));
    await room.remove(member.peerId);
  },
  async leave() {
    await session.close();
    for (const { connection } of peers.values()) connection.close();
  },
  gone: (displayName) => until(() => (named(displayName) ? undefined : true)).then(() => undefined),
};
Object.assign(globalThis, { page });
