//! The PROXY protocol, versions 1 and 2 (`doc/proxy-protocol.txt` of HAProxy): the address of a client, which a proxy sends
//! ahead of the client's bytes.
//!
//! The parser is not a library's, since TLS may follow, whose stream reads from the socket itself: no byte after the header
//! may be taken from it. So the header is read in steps, each of which says how many bytes surely belong to it.

#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
#[cfg(test)]
mod tests;

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    task::{Context, Poll, ready},
};

use tokio::io::ReadBuf;

use super::AcceptedIo;

/// What a header of version 2 begins with.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// What a header of version 1 begins with.
const PREFIX: &[u8] = b"PROXY ";

/// The shortest header of version 1: `PROXY UNKNOWN`.
const MIN_TEXT: usize = 15;

/// The longest header of version 1, line break included.
const MAX_TEXT: usize = 107;

/// Bytes of a header of version 2 before its addresses.
const BINARY_HEAD: usize = 16;

/// The most bytes after those, addresses and extensions (TLVs): with a certificate's name and the like a few hundred.
const MAX_BINARY: usize = 4096;

/// A header that is being read.
#[derive(Debug, Default)]
pub(super) struct ProxyHeader {
    /// What has been received; of version 2 without what follows the addresses.
    received: Vec<u8>,
    /// How many bytes after that were received and are not needed.
    skipped: usize,
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proxied {
    /// The connection is that of a client at this address.
    Client(SocketAddr),
    /// The proxy made the connection itself (LOCAL), or does not say for whom (UNKNOWN, or an address that is not one of TCP
    /// over IP).
    Unknown,
}

/// What a header needs next.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// At most so many bytes more, all of which belong to the header. Not 0.
    Read(usize),
    /// It is complete.
    Done(Proxied),
}

/// The bytes are not a header that the protocol allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Malformed;

impl ProxyHeader {
    /// Returns whether any of it has been received.
    pub(super) fn has_begun(&self) -> bool {
        !self.received.is_empty()
    }

    /// Reads the header from a socket. Takes no byte after it.
    pub(super) fn poll_read<I: AcceptedIo>(&mut self, io: &mut I, cx: &mut Context<'_>) -> Poll<io::Result<Proxied>> {
        loop {
            let wanted = match self.step() {
                Ok(Step::Done(proxied)) => return Poll::Ready(Ok(proxied)),
                Ok(Step::Read(wanted)) => wanted,
                Err(Malformed) => return Poll::Ready(Err(ErrorKind::InvalidData.into())),
            };
            let mut bytes = [0; 256];
            let mut buf = ReadBuf::new(&mut bytes[..wanted.min(256)]);
            ready!(io.poll_read_plain(cx, &mut buf))?;
            if buf.filled().is_empty() {
                return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
            }
            self.add(buf.filled());
        }
    }

    /// Adds bytes that were received.
    fn add(&mut self, bytes: &[u8]) {
        // The longest addresses are those of IPv6; of version 1 all is kept.
        let kept = bytes.len().min(MAX_TEXT.saturating_sub(self.received.len()));
        self.received.extend_from_slice(&bytes[..kept]);
        self.skipped += bytes.len() - kept;
    }

    /// Returns what to do next.
    fn step(&self) -> Result<Step, Malformed> {
        let received = &self.received[..];
        let begins = |with: &[u8]| {
            let compared = received.len().min(with.len());
            received[..compared] == with[..compared]
        };
        if begins(&SIGNATURE) && !received.is_empty() {
            self.binary_step()
        } else if begins(PREFIX) {
            text_step(received)
        } else {
            Err(Malformed)
        }
    }

    fn binary_step(&self) -> Result<Step, Malformed> {
        let received = &self.received[..];
        if received.len() < BINARY_HEAD {
            return Ok(Step::Read(BINARY_HEAD - received.len()));
        }
        let (version_command, family) = (received[12], received[13]);
        let length = usize::from(u16::from_be_bytes([received[14], received[15]]));
        let (min_length, is_local) = match (version_command, family) {
            // Whatever the addresses are: they are not looked at.
            (0x20, _) => (0, true),
            // Unspecified; UDP over IP and both kinds of Unix sockets, which do not carry what is served here.
            (0x21, 0x00) => (0, true),
            (0x21, 0x12) => (12, true),
            (0x21, 0x22) => (36, true),
            (0x21, 0x31 | 0x32) => (216, true),
            (0x21, 0x11) => (12, false),
            (0x21, 0x21) => (36, false),
            _ => return Err(Malformed),
        };
        if length < min_length || length > MAX_BINARY {
            return Err(Malformed);
        }
        let arrived = received.len() + self.skipped;
        if arrived < BINARY_HEAD + length {
            return Ok(Step::Read(BINARY_HEAD + length - arrived));
        }
        if is_local {
            return Ok(Step::Done(Proxied::Unknown));
        }
        let bytes =
            |from: usize, len: usize| received.get(BINARY_HEAD + from..BINARY_HEAD + from + len).ok_or(Malformed);
        let (ip, port_at): (IpAddr, usize) = match family {
            0x11 => (IpAddr::V4(<[u8; 4]>::try_from(bytes(0, 4)?).map_err(|_| Malformed)?.into()), 8),
            _ => (IpAddr::V6(<[u8; 16]>::try_from(bytes(0, 16)?).map_err(|_| Malformed)?.into()), 32),
        };
        let port = <[u8; 2]>::try_from(bytes(port_at, 2)?).map(u16::from_be_bytes).map_err(|_| Malformed)?;
        Ok(Step::Done(Proxied::Client(SocketAddr::new(ip.to_canonical(), port))))
    }
}

fn text_step(received: &[u8]) -> Result<Step, Malformed> {
    let end = received.windows(2).position(|pair| pair == b"\r\n");
    let Some(end) = end else {
        return match received.len() {
            // All headers are at least this long.
            len @ ..MIN_TEXT => Ok(Step::Read(MIN_TEXT - len)),
            ..MAX_TEXT => Ok(Step::Read(1)),
            _ => Err(Malformed),
        };
    };
    // No header is so short that the first read took more.
    if end + 2 != received.len() {
        return Err(Malformed);
    }
    let line = std::str::from_utf8(&received[PREFIX.len()..end]).map_err(|_| Malformed)?;
    let fields: Vec<&str> = line.split(' ').collect();
    match fields[..] {
        // Whatever follows is not looked at.
        ["UNKNOWN", ..] => Ok(Step::Done(Proxied::Unknown)),
        ["TCP4", source, destination, source_port, destination_port] => {
            let ip: Ipv4Addr = source.parse().map_err(|_| Malformed)?;
            destination.parse::<Ipv4Addr>().map_err(|_| Malformed)?;
            client(ip.into(), source_port, destination_port)
        }
        ["TCP6", source, destination, source_port, destination_port] => {
            let ip: Ipv6Addr = source.parse().map_err(|_| Malformed)?;
            destination.parse::<Ipv6Addr>().map_err(|_| Malformed)?;
            client(ip.into(), source_port, destination_port)
        }
        _ => Err(Malformed),
    }
}

fn client(ip: IpAddr, source_port: &str, destination_port: &str) -> Result<Step, Malformed> {
    let port = port(source_port)?;
    self::port(destination_port)?;
    Ok(Step::Done(Proxied::Client(SocketAddr::new(ip.to_canonical(), port))))
}

/// Reads a decimal number without leading zeros.
fn port(text: &str) -> Result<u16, Malformed> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if is_decimal { text.parse().map_err(|_| Malformed) } else { Err(Malformed) }
}
