"""One WebRTC connection with another member, from its signals to its data channel."""

import asyncio

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

SIGNALS = 128
"""Signals that may wait. A WebRTC stack sends some ten; who sends this many at once means no good."""

BUFFERED = 16 << 20
"""Bytes a channel may hold. aiortc takes any number, and the other side may have stopped reading."""


class Connection:
    """Made by `begin`, which starts its task. `on_channel` gets each data channel, of either side, once it is open."""

    def __init__(self, session, member, on_channel):
        self.name = member.display_name or member.peer_id
        self._session = session
        self._peer_id = member.peer_id
        self._on_channel = on_channel
        # Whoever has the greater id gives way when both offer.
        self._is_polite = session.peer_id > member.peer_id
        self._signals = asyncio.Queue()
        self._closing = False
        self._rtc = self._make()

    @classmethod
    def begin(cls, session, member, on_channel, offers):
        connection = cls(session, member, on_channel)
        connection._task = asyncio.create_task(connection._run(offers))
        return connection

    def hear(self, envelope):
        """Takes a signal of the other member. They are worked off in order: a candidate comes after its offer."""
        if self._signals.qsize() < SIGNALS:
            self._signals.put_nowait(envelope)
        elif not self._closing:
            print(f"{self.name} sends more signals than its connection takes")
            self._stop()

    async def close(self):
        self._stop()
        await self._task

    def _stop(self):
        # Not by cancelling the task: what it awaits in aioice may swallow that.
        self._closing = True
        self._signals.put_nowait(None)

    def _make(self):
        # Without a list of its own, aiortc asks a public STUN server.
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
                await self._take(envelope)
        except Exception as error:  # whatever a signal does to aiortc, the other connections go on
            print(f"{self.name}: {error!r}")
        finally:
            await self._rtc.close()
            print(f"{self.name}: over")

    async def _offer(self):
        channel = self._rtc.createDataChannel("python")

        @channel.on("open")
        def opened():
            print(f"{self.name}: the channel {channel.label!r} is open")
            self._on_channel(self.name, channel)

        await self._describe(await self._rtc.createOffer())

    async def _describe(self, description):
        # Gathers all candidates, which then are part of the description: none has to be sent after it.
        await self._rtc.setLocalDescription(description)
        local = self._rtc.localDescription
        await self._session.describe(self._peer_id, local.type, local.sdp)

    async def _take(self, envelope):
        match envelope.WhichOneof("payload"):
            case "description":
                await self._take_description(envelope.description)
            case "candidate":
                await self._take_candidate(envelope.candidate)

    async def _take_description(self, description):
        if description.type == "offer":
            if self._rtc.signalingState == "have-local-offer":
                if not self._is_polite:
                    return
                # aiortc cannot withdraw an offer, so that the one who gives way begins anew.
                await self._rtc.close()
                self._rtc = self._make()
            await self._rtc.setRemoteDescription(RTCSessionDescription(sdp=description.sdp, type="offer"))
            await self._describe(await self._rtc.createAnswer())
        elif description.type == "answer" and self._rtc.signalingState == "have-local-offer":
            await self._rtc.setRemoteDescription(RTCSessionDescription(sdp=description.sdp, type="answer"))

    async def _take_candidate(self, signal):
        if not signal.HasField("candidate") or not signal.candidate:
            await self._rtc.addIceCandidate(None)
            return
        candidate = candidate_from_sdp(signal.candidate.removeprefix("candidate:"))
        candidate.sdpMid = signal.sdp_mid if signal.HasField("sdp_mid") else None
        candidate.sdpMLineIndex = signal.sdp_m_line_index if signal.HasField("sdp_m_line_index") else None
        await self._rtc.addIceCandidate(candidate)
