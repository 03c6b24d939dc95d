//! One WebRTC connection.
//!
//! str0m is a state machine: it is told what came from the network and what time it is, and says what to send, what
//! happened, and when it wants to be asked again. The loop around it is [`Connection::run`].

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

/// Largest message a browser may send, and with it the least a channel has to hold to send it back.
const MAX_MESSAGE: usize = 256 << 10;
/// What channels hold until the browser has acknowledged it.
const SEND_BUFFER: usize = 4 * MAX_MESSAGE;
/// Label of the channel where this side makes the offer.
const CHANNEL: &str = "echo";
/// Larger than any datagram on the way.
const DATAGRAM: usize = 2_048;

/// What the other member sent, or is to get first.
#[derive(Debug)]
pub(crate) enum Signal {
    /// Nothing yet: this side makes the first offer.
    Begin,
    /// Its offer.
    Offer(String),
    /// Its answer.
    Answer(String),
    /// One of its candidates.
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
    /// An offer of this side that waits for its answer.
    offered: Option<SdpPendingOffer>,
    is_polite: bool,
    backlog: Backlog<ChannelId>,
}

impl Connection {
    /// Opens a socket on this address. Its only candidate is that address: it goes with the session description, so
    /// that none has to be sent after it.
    ///
    /// # Errors
    ///
    /// The address is not one of this machine's, or one ICE does not take.
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

    /// Runs until the other side closes the connection, or the sender of the signals is gone: the member has left.
    ///
    /// # Errors
    ///
    /// What the other side got wrong, and what this machine cannot do.
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
                    // Anybody can send anything to a port: what is no packet of WebRTC is not for us.
                    if let Ok(packet) = Receive::new(Protocol::Udp, source, self.here, &datagram[..length]) {
                        self.rtc.handle_input(Input::Receive(now(), packet))?;
                    }
                }
                () = sleep_until(wake_at.into()) => self.rtc.handle_input(Input::Timeout(now()))?,
            }
        }
    }

    /// Does what there is to do now. Returns when str0m wants to be asked again.
    async fn drain(&mut self) -> Result<Instant, Box<dyn Error + Send + Sync>> {
        loop {
            match self.rtc.poll_output()? {
                // A packet that cannot be sent is a lost one, which is nothing new to UDP.
                Output::Transmit(packet) => drop(self.socket.send_to(&packet.contents, packet.destination).await),
                Output::Event(event) => self.on_event(event)?,
                Output::Timeout(at) if self.send_back()? == 0 => return Ok(at),
                Output::Timeout(_) => {}
            }
        }
    }

    fn on_event(&mut self, event: Event) -> Result<(), Full> {
        let name = &self.name;
        match event {
            Event::ChannelOpen(_, label) => println!("{name}: the channel {label:?} is open"),
            // str0m 0.25 hears empty messages and sends none: there is nothing to be done with this one.
            Event::ChannelData(ChannelData { data, .. }) if data.is_empty() => {}
            Event::ChannelData(ChannelData { id, binary, data }) => {
                self.backlog.push(Message { channel: id, is_binary: binary, content: data })?;
            }
            Event::ChannelClose(id) => {
                println!("{name}: a channel was closed");
                self.backlog.forget(id);
            }
            Event::IceConnectionStateChange(state) => println!("{name}: {state:?}"),
            _ => {}
        }
        Ok(())
    }

    /// Sends back as much as the channels take, and says how many messages that was.
    fn send_back(&mut self) -> Result<usize, RtcError> {
        let (rtc, mut sent) = (&mut self.rtc, 0);
        self.backlog.flush(|message| {
            let taken = match rtc.channel(message.channel) {
                Some(mut channel) => channel.write(message.is_binary, &message.content)?,
                // Closed since.
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
            // Of two offers that meet, that of the polite peer is withdrawn: str0m does so by taking the other one.
            Signal::Offer(_) if self.offered.is_some() && !self.is_polite => {}
            Signal::Offer(sdp) => {
                self.offered = None;
                let answer = self.rtc.sdp_api().accept_offer(SdpOffer::from_sdp_string(&sdp)?)?;
                self.room.send(&self.peer, SessionDescription::answer(answer.to_sdp_string())).await?;
            }
            Signal::Answer(sdp) => {
                // An answer to nothing is one to an offer that was withdrawn.
                if let Some(pending) = self.offered.take() {
                    self.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&sdp)?)?;
                }
            }
            // Browsers hide their address behind a name of mDNS (`….local`), which is not looked up here. ICE gets to
            // know it all the same, from the browser's first packet.
            Signal::Candidate(line) => {
                if let Ok(candidate) = Candidate::from_sdp_string(&line) {
                    self.rtc.add_remote_candidate(candidate);
                }
            }
        }
        Ok(())
    }
}

/// str0m's time is the caller's.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
