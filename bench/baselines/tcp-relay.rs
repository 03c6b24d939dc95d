//! The limit: a plain TCP relay that does nothing but route. One thread, one task per connection, the only queues are
//! the bytes that wait to be written.
//!
//! Messages are prefixed with their length (u32, little endian) and begin with a kind. Up: 1 room name (join), 2 id bytes
//! (send). Down: 1 id (joined), 2 id (another joined), 3 bytes (sent by another).

#![forbid(unsafe_code)]

use std::{
    cell::RefCell,
    collections::HashMap,
    pin::Pin,
    process::ExitCode,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use tokio::{
    io::{AsyncRead as _, AsyncWrite as _, ReadBuf},
    net::{TcpListener, TcpStream},
};

const JOIN: u8 = 1;
const SEND: u8 = 2;
const JOINED: u8 = 1;
const MEMBER: u8 = 2;
const FROM: u8 = 3;

#[derive(Default)]
struct Hub {
    clients: Vec<Rc<RefCell<Mailbox>>>,
    rooms: HashMap<Vec<u8>, Vec<u32>>,
    /// The read buffer of all connections; incomplete messages are kept with their connection.
    buffer: Vec<u8>,
}

#[derive(Default)]
struct Mailbox {
    bytes: Vec<u8>,
    waker: Option<Waker>,
}

impl Mailbox {
    fn put(&mut self, kind: u8, bytes: &[u8]) {
        let len = u32::try_from(bytes.len() + 1).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&len.to_le_bytes());
        self.bytes.push(kind);
        self.bytes.extend_from_slice(bytes);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

struct Client {
    socket: TcpStream,
    id: u32,
    mailbox: Rc<RefCell<Mailbox>>,
    partial: Vec<u8>,
}

impl Client {
    /// Reads, routes and writes until the socket would block. Completes when the connection ends.
    fn poll(&mut self, hub: &RefCell<Hub>, cx: &mut Context<'_>) -> Poll<()> {
        let mut buffer = std::mem::take(&mut hub.borrow_mut().buffer);
        let over = self.poll_read(hub, &mut buffer, cx);
        hub.borrow_mut().buffer = buffer;
        if over.is_ready() {
            return over;
        }
        self.poll_write(cx)
    }

    fn poll_read(&mut self, hub: &RefCell<Hub>, buffer: &mut [u8], cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let kept = self.partial.len();
            buffer[..kept].copy_from_slice(&self.partial);
            let mut read = ReadBuf::new(&mut buffer[kept..]);
            match Pin::new(&mut self.socket).poll_read(cx, &mut read) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !read.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
            }
            let end = kept + read.filled().len();
            self.partial.clear();
            let mut rest = &buffer[..end];
            while let Some((len, tail)) = rest.split_first_chunk::<4>()
                && let Some((message, tail)) = tail.split_at_checked(u32::from_le_bytes(*len) as usize)
            {
                self.route(&mut hub.borrow_mut(), message);
                rest = tail;
            }
            self.partial.extend_from_slice(rest);
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut mailbox = self.mailbox.borrow_mut();
        while !mailbox.bytes.is_empty() {
            match Pin::new(&mut self.socket).poll_write(cx, &mailbox.bytes) {
                Poll::Ready(Ok(written)) => drop(mailbox.bytes.drain(..written)),
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        if !mailbox.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            mailbox.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    fn route(&self, hub: &mut Hub, message: &[u8]) {
        match message {
            [JOIN, room @ ..] => {
                let members = hub.rooms.entry(room.to_vec()).or_default();
                for member in members.iter() {
                    hub.clients[*member as usize].borrow_mut().put(MEMBER, &self.id.to_le_bytes());
                }
                members.push(self.id);
                self.mailbox.borrow_mut().put(JOINED, &self.id.to_le_bytes());
            }
            [SEND, a, b, c, d, bytes @ ..] => {
                let to = u32::from_le_bytes([*a, *b, *c, *d]);
                if let Some(mailbox) = hub.clients.get(to as usize) {
                    mailbox.borrow_mut().put(FROM, bytes);
                }
            }
            _ => {}
        }
    }
}

async fn serve(port: u16) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let hub = Rc::new(RefCell::new(Hub { buffer: vec![0; 64 * 1024], ..Hub::default() }));
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let mailbox = Rc::new(RefCell::new(Mailbox::default()));
        let id = {
            let mut hub = hub.borrow_mut();
            hub.clients.push(mailbox.clone());
            u32::try_from(hub.clients.len() - 1).unwrap_or(u32::MAX)
        };
        let mut client = Client { socket, id, mailbox, partial: Vec::new() };
        let hub = hub.clone();
        tokio::task::spawn_local(async move { std::future::poll_fn(|cx| client.poll(&hub, cx)).await });
    }
}

fn main() -> ExitCode {
    let Some(port) = std::env::args().nth(1).and_then(|port| port.parse().ok()) else {
        eprintln!("usage: bench-tcp-relay PORT");
        return ExitCode::FAILURE;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    let served = runtime.and_then(|runtime| tokio::task::LocalSet::new().block_on(&runtime, serve(port)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-tcp-relay: {error}");
            ExitCode::FAILURE
        }
    }
}
