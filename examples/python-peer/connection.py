"""A WebRTC connection with one other member: signals in, data channels out."""

import asyncio

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

SIGNALS = 128
"""Maximum number of queued signals. A WebRTC stack sends about ten; so many at once are abuse."""

BUFFERED = 16 << 20
"""Maximum number of bytes buffered in a channel. aiortc has no limit, and the other side may have stopped reading."""


class Connection:
    """Created by `start`, which starts its task. Calls `on_channel` with each data channel once it is open."""

    def __init__(self, session, member, on_channel):
        self.name = member.display_name or member.peer_id
        self._session = session
        self._peer_id = member.peer_id
        self._on_channel = on_channel
        # If both offer at the same time, the peer with the greater id withdraws its offer.
        self._is_polite = session.peer_id > member.peer_id
        self._signals = asyncio.Queue()
        self._closing = False
        self._rtc = self._make()

    @classmethod
    def start(cls, session, member, on_channel, offers):
        connection = cls(session, member, on_channel)
        connection._task = asyncio.create_task(connection._run(offers))
        return connection

    def receive(self, envelope):
        """Queues a signal of the other member. Signals are handled in order, since a candidate must follow its offer."""
        if self._signals.qsize() < SIGNALS:
            self._signals.put_nowait(envelope)
        elif not self._closing:
            print(f"{self.name} has sent more than {SIGNALS} signals at once: the connection is closed")
            self._stop()

    async def close(self):
        self._stop()
        await self._task

    def _stop(self):
        # Not by cancelling the task: aioice may swallow the cancellation.
        self._closing = True
        self._signals.put_nowait(None)

    def _make(self):
        # If the list were absent, aiortc would use a public STUN server.
        servers = [
            RTCIceServer(urls=list(server.urls), username=server.username or None, credential=server.credential or None)
            for server in self._session.ice_servers
        ]
        rtc = RTCPeerConnection(RTCConfiguration(iceServers=servers))

        @rtc.on("datachannel")
        def opened(channel):
            print(f"{self.name}: the channel {channel.label!r} is open")
            self._on_channel(self.name, channel)

        @rtc.on("connectionstatechange")
        def changed():
            print(f"{self.name}: {rtc.connectionState}")

        return rtc

    async def _run(self, offers):
        try:
            if offers:
                await self._offer()
            while (envelope := await self._signals.get()) is not None and not self._closing:
                await self._handle(envelope)
        except Exception as error:  # a bad signal must not affect the other connections
            print(f"{self.name}: {error!r}")
        finally:
            await self._rtc.close()
            print(f"{self.name}: closed")

    async def _offer(self):
        channel = self._rtc.createDataChannel("python")

        @channel.on("open")
        def opened():
            print(f"{self.name}: the channel {channel.label!r} is open")
            self._on_channel(self.name, channel)

        await self._describe(await self._rtc.createOffer())

    async def _describe(self, description):
        # Gathers all candidates into the description, so that none has to be sent separately.
        await self._rtc.setLocalDescription(description)
        local = self._rtc.localDescription
        await self._session.describe(self._peer_id, local.type, local.sdp)

    async def _handle(self, envelope):
        match envelope.WhichOneof("payload"):
            case "description":
                await self._handle_description(envelope.description)
            case "candidate":
                await self._handle_candidate(envelope.candidate)

    async def _handle_description(self, description):
        if description.type == "offer":
            if self._rtc.signalingState == "have-local-offer":
                if not self._is_polite:
                    return
                # aiortc cannot roll back an offer, so the polite peer starts a new connection.
                await self._rtc.close()
                self._rtc = self._make()
            await self._rtc.setRemoteDescription(RTCSessionDescription(sdp=description.sdp, type="offer"))
            await self._describe(await self._rtc.createAnswer())
        elif description.type == "answer" and self._rtc.signalingState == "have-local-offer":
            await self._rtc.setRemoteDescription(RTCSessionDescription(sdp=description.sdp, type="answer"))

    async def _handle_candidate(self, signal):
        if not signal.HasField("candidate") or not signal.candidate:
            await self._rtc.addIceCandidate(None)
            return
        candidate = candidate_from_sdp(signal.candidate.removeprefix("candidate:"))
        candidate.sdpMid = signal.sdp_mid if signal.HasField("sdp_mid") else None
        candidate.sdpMLineIndex = signal.sdp_m_line_index if signal.HasField("sdp_m_line_index") else None
        await self._rtc.addIceCandidate(candidate)
