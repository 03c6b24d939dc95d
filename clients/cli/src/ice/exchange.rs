//! Requests and answers over UDP and TCP (RFC 8489).

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket, lookup_host},
    time::timeout,
};

use super::url::IceUrl;

/// How long an answer over UDP is waited for before the request is sent again.
const RETRANSMIT: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_millis(1_000),
    Duration::from_millis(2_000),
    Duration::from_millis(4_000),
];

/// A header has the type, the length of what follows it, and at 4 to 20 the cookie and the id of the transaction.
const HEADER: usize = 20;

/// A connection to a server.
pub(super) enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Wire {
    pub(super) async fn connect(url: &IceUrl) -> io::Result<Self> {
        let mut addresses = lookup_host((url.host.as_str(), url.port)).await?;
        let Some(address) = addresses.next() else { return Err(io::Error::other("the name has no address")) };
        if url.is_tcp {
            return Ok(Self::Tcp(TcpStream::connect(address).await?));
        }
        let any: SocketAddr = if address.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0; 8], 0).into() };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(address).await?;
        Ok(Self::Udp(socket))
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Udp(socket) => {
                for patience in RETRANSMIT {
                    socket.send(request).await?;
                    if let Ok(answer) = timeout(patience, answer_to(socket, request)).await {
                        return answer;
                    }
                }
                Err(io::Error::new(io::ErrorKind::TimedOut, "no answer over UDP"))
            }
            Self::Tcp(stream) => {
                stream.write_all(request).await?;
                let mut answer = vec![0; HEADER];
                stream.read_exact(&mut answer).await?;
                let length = usize::from(u16::from_be_bytes([answer[2], answer[3]]));
                answer.resize(HEADER + length, 0);
                stream.read_exact(&mut answer[HEADER..]).await?;
                Ok(answer)
            }
        }
    }
}

/// Waits for the answer of this transaction.
async fn answer_to(socket: &UdpSocket, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; 2_048];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if length >= HEADER && buffer[4..HEADER] == request[4..HEADER] {
            buffer.truncate(length);
            return Ok(buffer);
        }
    }
}
