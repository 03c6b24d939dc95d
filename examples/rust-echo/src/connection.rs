//! One WebRTC connection.
//!
//! str0m is a state machine: its inputs are datagrams and the time, its outputs datagrams to send, events, and the time at
//! which to poll it again. The loop around it is [`Connection::run`].

use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use str0m::{
    Candidate, Event, Input, Output, Rtc, RtcError,
    change::{SdpAnswer, SdpOffer, SdpPendingOffer},
    channel::{ChannelData, ChannelId},
    net::{Protocol, Receive},
};
use tokio::{net::UdpSocket, sync::mpsc, time::sleep_until};
use wigwag_client::{PeerId, Room, SessionDescription};

use crate::backlog::{Backlog, Full, Message};

/// Maximum size of a message from a browser; a channel must be able to buffer one to echo it.
const MAX_MESSAGE: usize = 256 << 10;
/// Maximum number of bytes in channels that the browser has not acknowledged.
const SEND_BUFFER: usize = 4 * MAX_MESSAGE;
/// Label of the channel if this side makes the offer.
const CHANNEL: &str = "echo";
/// Larger than any datagram that is sent over the Internet.
const DATAGRAM: usize = 2_048;

/// A signal from the other member, or the request to make the first offer.
#[derive(Debug)]
pub(crate) enum Signal {
    /// This side makes the first offer.
    Begin,
    /// The member's offer.
    Offer(String),
    /// The member's answer.
    Answer(String),
    /// A candidate of the member.
    Candidate(String),
}

/// A connection with one member.
pub(crate) struct Connection {
    rtc: Rtc,
    socket: UdpSocket,
    room: Room,
    peer: PeerId,
    name: String,
    here: SocketAddr,
    /// This side's offer, until the answer arrives.
    offered: Option<SdpPendingOffer>,
    is_polite: bool,
    backlog: Backlog<ChannelId>,
}

impl Connection {
    /// Opens a socket on this address. The address is the only candidate and is part of the session description, so that
    /// no candidates have to be sent.
    ///
    /// # Errors
    ///
    /// Fails if the address does not belong to this machine or is not valid for ICE.
    pub(crate) async fn open(
        address: IpAddr,
        me: &PeerId,
        room: Room,
        peer: PeerId,
        name: String,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let socket = UdpSocket::bind((address, 0)).await?;
        let here = socket.local_addr()?;
        let mut rtc = Rtc::builder()
            .set_sctp_max_message_size(u32::try_from(MAX_MESSAGE)?)
            .set_sctp_max_buffered_amount(SEND_BUFFER)
            .build(now());
        rtc.add_local_candidate(Candidate::host(here, Protocol::Udp)?);
        let is_polite = me.is_polite_to(&peer);
        Ok(Self { rtc, socket, here, room, peer, name, is_polite, offered: None, backlog: Backlog::new() })
    }

    /// Runs until the other side closes the connection, or the sender of `signals` is dropped because the member has left.
    ///
    /// # Errors
    ///
    /// Fails if the other side violates a protocol, or on an I/O error.
    pub(crate) async fn run(mut self, mut signals: mpsc::Receiver<Signal>) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut datagram = [0; DATAGRAM];
        loop {
            let wake_at = self.drain().await?;
            if !self.rtc.is_alive() {
                return Ok(());
            }
            tokio::select! {
                signal = signals.recv() => match signal {
                    Some(signal) => self.signal(signal).await?,
                    None => {
                        self.rtc.close()?;
                        self.drain().await?;
                        return Ok(());
                    }
                },
                received = self.socket.recv_from(&mut datagram) => {
                    let (length, source) = received?;
                    // Anyone can send to the port: datagrams that are not WebRTC packets are ignored.
                    if let Ok(packet) = Receive::new(Protocol::Udp, source, self.here, &datagram[..length]) {
                        self.rtc.handle_input(Input::Receive(now(), packet))?;
                    }
                }
                () = sleep_until(wake_at.into()) => self.rtc.handle_input(Input::Timeout(now()))?,
            }
        }
    }

    /// Handles all pending outputs. Returns the time at which to poll str0m again.
    async fn drain(&mut self) -> Result<Instant, Box<dyn Error + Send + Sync>> {
        loop {
            match self.rtc.poll_output()? {
                // A packet that cannot be sent counts as lost, as with any UDP packet.
                Output::Transmit(packet) => drop(self.socket.send_to(&packet.contents, packet.destination).await),
                Output::Event(event) => self.on_event(event)?,
                Output::Timeout(at) if self.echo()? == 0 => return Ok(at),
                Output::Timeout(_) => {}
            }
        }
    }

    fn on_event(&mut self, event: Event) -> Result<(), Full> {
        let name = &self.name;
        match event {
            Event::ChannelOpen(_, label) => println!("{name}: the channel {label:?} is open"),
            // str0m 0.25 receives empty messages but cannot send them, so this one is not echoed.
            Event::ChannelData(ChannelData { data, .. }) if data.is_empty() => {}
            Event::ChannelData(ChannelData { id, binary, data }) => {
                self.backlog.push(Message { channel: id, is_binary: binary, content: data })?;
            }
            Event::ChannelClose(id) => {
                println!("{name}: a channel was closed");
                self.backlog.remove(id);
            }
            Event::IceConnectionStateChange(state) => println!("{name}: {state:?}"),
            _ => {}
        }
        Ok(())
    }

    /// Echoes as many messages as the channels accept, and returns their number.
    fn echo(&mut self) -> Result<usize, RtcError> {
        let (rtc, mut sent) = (&mut self.rtc, 0);
        self.backlog.flush(|message| {
            let taken = match rtc.channel(message.channel) {
                Some(mut channel) => channel.write(message.is_binary, &message.content)?,
                // The channel has been closed.
                None => true,
            };
            sent += usize::from(taken);
            Ok::<_, RtcError>(taken)
        })?;
        Ok(sent)
    }

    async fn signal(&mut self, signal: Signal) -> Result<(), Box<dyn Error + Send + Sync>> {
        match signal {
            Signal::Begin => {
                let mut changes = self.rtc.sdp_api();
                changes.add_channel(CHANNEL.into());
                let (offer, pending) = changes.apply().ok_or("the first channel needs an offer")?;
                self.offered = Some(pending);
                self.room.send(&self.peer, SessionDescription::offer(offer.to_sdp_string())).await?;
            }
            // If two offers cross, the polite peer withdraws its own: str0m does so by accepting the other one.
            Signal::Offer(_) if self.offered.is_some() && !self.is_polite => {}
            Signal::Offer(sdp) => {
                self.offered = None;
                let answer = self.rtc.sdp_api().accept_offer(SdpOffer::from_sdp_string(&sdp)?)?;
                self.room.send(&self.peer, SessionDescription::answer(answer.to_sdp_string())).await?;
            }
            Signal::Answer(sdp) => {
                // Without a pending offer, the answer is to one that was withdrawn.
                if let Some(pending) = self.offered.take() {
                    self.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&sdp)?)?;
                }
            }
            // Browsers hide their addresses with mDNS names (`….local`), which are not resolved here. ICE learns the
            // address from the browser's first packet.
            Signal::Candidate(line) => {
                if let Ok(candidate) = Candidate::from_sdp_string(&line) {
                    self.rtc.add_remote_candidate(candidate);
                }
            }
        }
        Ok(())
    }
}

/// Returns the current time; str0m has no clock.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
