//! A server of either engine that notes what reaches its service, and a client that notes what comes back.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error as StdError;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body, Frame as BodyFrame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wigwag_http2::PlainBody;
use wigwag_net::listener::{self, Http2Engine, IncomingBody, ListenerConfig};

use crate::frames::{self, Frame, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM};
use crate::sequences::Sequence;

const END_STREAM: u8 = 0x1;
const DATA: u8 = 0x0;
const NO_ERROR: u32 = 0x0;

/// All that can be seen of a connection, from both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Observed {
    /// What reached the service, in this order.
    pub(crate) requests: Vec<Seen>,
    /// What came back on each stream.
    pub(crate) streams: BTreeMap<u32, Answer>,
    /// The code of the last GOAWAY.
    pub(crate) goaway: Option<u32>,
    /// The server has closed the connection.
    pub(crate) closed: bool,
}

/// A request as the service saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// How the body ended: `Some` with the trailers when it was complete.
    pub(crate) end: Option<Vec<String>>,
}

/// What came back on a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: String,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<String>,
    pub(crate) ended: bool,
    /// The code of RST_STREAM.
    pub(crate) reset: Option<u32>,
}

fn fields(headers: &HeaderMap) -> Vec<String> {
    let mut fields: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    // Values of one name keep their order.
    fields.sort_by(|a, b| a.split(':').next().cmp(&b.split(':').next()));
    fields
}

type Requests = Arc<Mutex<Vec<Arc<Mutex<Seen>>>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A listener of one engine.
pub(crate) struct Server {
    addr: SocketAddr,
    requests: Requests,
    stop: CancellationToken,
    served: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(engine: Http2Engine) -> Self {
        let settings = ListenerConfig {
            http2_engine: engine,
            max_concurrent_streams: 3,
            stream_window: 1_000,
            connection_window: 65_535,
            keepalive_interval: None,
            ..ListenerConfig::default()
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let addr = listener.local_addr().expect("bound");
        let (requests, stop) = (Requests::default(), CancellationToken::new());
        let service = tower::service_fn({
            let requests = requests.clone();
            move |request: Request<IncomingBody>| {
                let (head, body) = request.into_parts();
                let seen = Arc::new(Mutex::new(Seen {
                    head: format!("{} {} {:?}", head.method, head.uri, fields(&head.headers)),
                    ..Seen::default()
                }));
                lock(&requests).push(seen.clone());
                answer(head.method, head.uri.path().to_owned(), body, seen)
            }
        });
        let served = tokio::spawn(listener::serve(listener, service, settings, Arc::default(), stop.clone()));
        Self { addr, requests, stop, served }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.served.await.expect("no panic");
    }

    /// Sends a sequence frame by frame, each as soon as the one before has had its effect. Returns what can be seen after
    /// each, from the beginning of the connection, until it is closed.
    pub(crate) async fn observe(&self, sequence: &Sequence) -> Vec<Observed> {
        let looked = tokio::time::timeout(Duration::from_secs(10), self.look(sequence)).await;
        looked.unwrap_or_else(|_| panic!("no answer and no end: {sequence:?}"))
    }

    async fn look(&self, sequence: &Sequence) -> Vec<Observed> {
        lock(&self.requests).clear();
        let socket = TcpStream::connect(self.addr).await.expect("connects");
        socket.set_nodelay(true).expect("an option");
        let (mut read, mut write) = socket.into_split();
        let mut client = Client::default();
        let mut observed = Vec::new();
        // That a connection is closed is noticed by what is read.
        let _ = write.write_all(PREFACE).await;
        for (number, step) in sequence.steps().into_iter().enumerate() {
            let _ = write.write_all(&step.bytes).await;
            if step.is_whole {
                // The second ping is answered after whatever the answer to the first had left to be done.
                for half in [0, 1] {
                    let mark = [b'm', b'a', b'r', b'k', 0, 0, u8::try_from(number).unwrap_or(u8::MAX), half];
                    let _ = write.write_all(&frames::frame(PING, 0, 0, &mark)).await;
                    while !client.observed.closed && !client.read(frames::next(&mut read).await, &mark) {}
                }
            } else {
                let _ = write.shutdown().await;
                while !client.observed.closed {
                    client.read(frames::next(&mut read).await, &[]);
                }
            }
            let requests = lock(&self.requests).iter().map(|seen| lock(seen).clone()).collect();
            observed.push(Observed { requests, ..client.observed.clone() });
            if client.observed.closed {
                break;
            }
        }
        observed
    }
}

#[derive(Default)]
struct Client {
    observed: Observed,
    decoder: fluke_hpack::Decoder<'static>,
}

impl Client {
    /// Notes a frame. `true` when it is the answer to the ping with this mark.
    fn read(&mut self, frame: Option<Frame>, mark: &[u8]) -> bool {
        let Some(frame) = frame else {
            self.observed.closed = true;
            return false;
        };
        let stream = self.observed.streams.entry(frame.stream);
        match frame.kind {
            DATA => {
                let answer = stream.or_default();
                answer.body.extend_from_slice(&frame.payload);
                answer.ended |= frame.flags & END_STREAM != 0;
            }
            HEADERS => {
                let answer = stream.or_default();
                let list = self.decoder.decode(&frame.payload).expect("a header block");
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                for (name, value) in list {
                    match (&name[..], answer.status.is_empty()) {
                        (b":status", _) => answer.status = text(&value),
                        (_, true) => panic!("a field before the status"),
                        (b"x-trailer", _) => answer.trailers.push(text(&value)),
                        // Which others there are is for the engine to say.
                        _ => {}
                    }
                }
                answer.ended |= frame.flags & END_STREAM != 0;
            }
            RST_STREAM => {
                let answer = stream.or_default();
                // After a complete answer NO_ERROR says that the rest of the request is not needed. `hyper` sends it at
                // once, `wigwag` a second later and only if the client goes on.
                if !answer.ended || frame.u32_at(0) != NO_ERROR {
                    answer.reset = Some(frame.u32_at(0));
                }
            }
            GOAWAY => self.observed.goaway = Some(frame.u32_at(4)),
            PING => return frame.payload == mark,
            _ => {}
        }
        false
    }
}

/// What the service does, by path.
async fn answer(
    method: Method,
    path: String,
    mut body: IncomingBody,
    seen: Arc<Mutex<Seen>>,
) -> Result<Response<PlainBody<TestBody>>, Box<dyn StdError + Send + Sync>> {
    let of = |chunks: &[&'static [u8]]| TestBody {
        chunks: chunks.iter().copied().map(Bytes::from).collect(),
        ..TestBody::default()
    };
    let answer = match (method, &path[..]) {
        (Method::CONNECT, _) => {
            let mut response = Response::new(PlainBody(TestBody::default()));
            *response.status_mut() = StatusCode::NOT_FOUND;
            return Ok(response);
        }
        (_, "/hold") => {
            let _held = body;
            return std::future::pending().await;
        }
        (_, "/error") => return Err("the service fails".into()),
        (_, "/early") => of(&[b"early"]),
        (_, "/empty") => TestBody::default(),
        (_, "/sized") => TestBody { exact: true, ..of(&[b"sized"]) },
        (_, "/big") => of(&[&[7; 60_000], &[8; 40_000]]),
        (_, "/fail") => TestBody { fails_after: Some(3), ..of(&[b"begins"]) },
        _ => {
            while let Some(frame) = body.frame().await {
                match frame?.into_data() {
                    Ok(data) => lock(&seen).body.extend_from_slice(&data),
                    Err(frame) => lock(&seen).end = frame.trailers_ref().map(fields),
                }
            }
            let seen = &mut *lock(&seen);
            seen.end.get_or_insert_default();
            let chunks = [seen.head.clone().into(), seen.body.clone().into()];
            let trailer = HeaderValue::try_from(seen.body.len().to_string()).expect("digits");
            TestBody { chunks: chunks.into(), trailer: Some(trailer), ..TestBody::default() }
        }
    };
    Ok(Response::new(PlainBody(answer)))
}

/// A response body of known chunks.
#[derive(Default)]
struct TestBody {
    chunks: VecDeque<Bytes>,
    trailer: Option<HeaderValue>,
    /// Its size is known beforehand.
    exact: bool,
    /// It ends with an error, after so many times in which it was not ready.
    fails_after: Option<u8>,
}

impl Body for TestBody {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Self::Error>>> {
        if let Some(chunk) = self.chunks.pop_front() {
            return Poll::Ready(Some(Ok(BodyFrame::data(chunk))));
        }
        if let Some(left) = &mut self.fails_after {
            if *left == 0 {
                return Poll::Ready(Some(Err("the body fails".into())));
            }
            *left -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let trailer = self.trailer.take();
        Poll::Ready(trailer.map(|value| {
            Ok(BodyFrame::trailers([(http::HeaderName::from_static("x-trailer"), value)].into_iter().collect()))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty() && self.trailer.is_none() && self.fails_after.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if !self.exact {
            return SizeHint::default();
        }
        SizeHint::with_exact(self.chunks.iter().map(|chunk| chunk.len() as u64).sum())
    }
}
