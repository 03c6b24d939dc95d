//! Request bodies: the buffer between the connection, which fills it, and the service, which reads it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use wigwag_poll::ShortQueue;

use crate::error::Error;

/// The body of a request. Its bytes return to the client's flow-control windows as they are read.
///
/// Dropping it discards the rest of the body, so that the unread bytes do not block other streams of the connection.
/// Reading fails with an [`Error`] if the stream is reset or its connection closed before the end.
#[derive(Debug)]
pub struct RequestBody(Option<Arc<BodyBuffer>>);

/// The bytes of a body that were received and not read. The stream's window bounds them.
#[derive(Debug)]
pub(crate) struct BodyBuffer {
    // Mostly uncontended: the connection and the reader run in one task unless the service spawns another.
    state: Mutex<BodyState>,
    /// Wakes the stream.
    stream: Waker,
}

#[derive(Debug)]
struct BodyState {
    chunks: ShortQueue<Bytes>,
    /// The number of chunks, from the back, that are slices of a larger read.
    shared: usize,
    end: BodyEnd,
    reader: Option<Waker>,
    /// Bytes read since [`BodyBuffer::take_read`].
    read: u32,
    /// Whether the connection will call [`BodyBuffer::take_read`] without being woken.
    connection_is_active: bool,
    /// Whether the reader is gone.
    discarded: bool,
    /// What is to be done about `expect: 100-continue` (RFC 9110, section 10.1.1).
    expect: Expect,
    /// Bytes that `content-length` leaves to be read.
    content_left: Option<u64>,
}

/// Chunks below this are joined with those after them.
const SMALL: usize = 1024;

/// What a client expects before it sends a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Nothing,
    /// A response with status 100, once the body is wanted.
    Continue,
    /// The same, and the body is wanted.
    ContinueNow,
}

/// How a body ends, after its chunks.
#[derive(Debug)]
enum BodyEnd {
    /// The end was not received yet.
    Open,
    /// With trailers, which were not read yet.
    Trailers(HeaderMap),
    /// Without trailers, or they and the error were read.
    Ended,
    Failed(Error),
}

impl RequestBody {
    pub(crate) fn empty() -> Self {
        Self(None)
    }

    pub(crate) fn new(buffer: Arc<BodyBuffer>) -> Self {
        Self(Some(buffer))
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let Some(buffer) = &self.0 {
            buffer.discard();
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(buffer) = &self.0 else { return Poll::Ready(None) };
        buffer.poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(|buffer| buffer.is_ended())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            None => SizeHint::with_exact(0),
            Some(buffer) => buffer.lock().content_left.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

impl BodyBuffer {
    pub(crate) fn new(content_length: Option<u64>, stream: Waker) -> Self {
        let state = BodyState {
            chunks: ShortQueue::default(),
            shared: 0,
            end: BodyEnd::Open,
            reader: None,
            read: 0,
            connection_is_active: false,
            discarded: false,
            expect: Expect::Nothing,
            content_left: content_length,
        };
        Self { state: Mutex::new(state), stream }
    }

    /// Notes that the client waits for a response with status 100 before it sends the body.
    pub(crate) fn expect_continue(&self) {
        self.lock().expect = Expect::Continue;
    }

    /// Returns whether a response with status 100 is to be sent. Once for a body.
    pub(crate) fn take_continue(&self) -> bool {
        let state = &mut *self.lock();
        let now = state.expect == Expect::ContinueNow;
        if now {
            state.expect = Expect::Nothing;
        }
        now
    }

    fn lock(&self) -> MutexGuard<'_, BodyState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let state = &mut *self.lock();
        if let Some(chunk) = state.chunks.pop_front() {
            self.count_read(state, chunk.len());
            state.shared = state.shared.min(state.chunks.len());
            state.content_left = state.content_left.map(|left| left.saturating_sub(chunk.len() as u64));
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        match std::mem::replace(&mut state.end, BodyEnd::Ended) {
            BodyEnd::Open => {
                state.end = BodyEnd::Open;
                if state.expect == Expect::Continue {
                    state.expect = Expect::ContinueNow;
                    self.stream.wake_by_ref();
                }
                if !state.reader.as_ref().is_some_and(|reader| reader.will_wake(cx.waker())) {
                    state.reader = Some(cx.waker().clone());
                }
                Poll::Pending
            }
            BodyEnd::Trailers(trailers) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            BodyEnd::Ended => Poll::Ready(None),
            BodyEnd::Failed(error) => Poll::Ready(Some(Err(error))),
        }
    }

    fn is_ended(&self) -> bool {
        let state = self.lock();
        state.chunks.is_empty() && matches!(state.end, BodyEnd::Ended)
    }

    fn count_read(&self, state: &mut BodyState, bytes: usize) {
        if state.read == 0 && !state.connection_is_active {
            self.stream.wake_by_ref();
        }
        state.read = state.read.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    /// Discards the body: what was received, and what still will be, counts as read, so that the connection's window
    /// does not run out.
    pub(crate) fn discard(&self) {
        let state = &mut *self.lock();
        state.discarded = true;
        state.shared = 0;
        let unread: usize = std::mem::take(&mut state.chunks).iter().map(Bytes::len).sum();
        if unread > 0 {
            self.count_read(state, unread);
        }
    }

    /// Appends a chunk. The connection must call [`take_read`](Self::take_read) before it waits.
    pub(crate) fn put(&self, chunk: Bytes) {
        self.change(|state| {
            state.connection_is_active = true;
            // The client has not waited.
            state.expect = Expect::Nothing;
            if state.discarded {
                self.count_read(state, chunk.len());
            } else {
                state.chunks.push_back(chunk);
                state.shared += 1;
            }
        });
    }

    /// Ends the body.
    pub(crate) fn end(&self, trailers: Option<HeaderMap>) {
        self.change(|state| state.end = trailers.map_or(BodyEnd::Ended, BodyEnd::Trailers));
    }

    /// Ends the body with an error, and drops what was not read.
    pub(crate) fn fail(&self, error: Error) {
        self.change(|state| {
            state.chunks = ShortQueue::default();
            state.end = BodyEnd::Failed(error);
        });
    }

    fn change(&self, change: impl FnOnce(&mut BodyState)) {
        let reader = {
            let state = &mut *self.lock();
            change(state);
            state.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Returns how many bytes were read since the last call. Moves what is still unread into separate memory: a small
    /// chunk must not keep the whole read alive that it is a slice of.
    pub(crate) fn take_read(&self) -> u32 {
        let state = &mut *self.lock();
        if state.shared > 0 {
            state.unshare();
        }
        state.connection_is_active = false;
        std::mem::take(&mut state.read)
    }
}

impl BodyState {
    /// Copies the shared chunks into one, together with the one before them if it is small: the overhead of a chunk for
    /// each byte would be many times the window.
    fn unshare(&mut self) {
        let mut first = self.chunks.len().saturating_sub(self.shared);
        if first > 0 && self.chunks.iter().nth(first - 1).is_some_and(|before| before.len() < SMALL) {
            first -= 1;
        }
        let pieces: Vec<&[u8]> = self.chunks.iter().skip(first).map(|chunk| &chunk[..]).collect();
        let whole = pieces.concat();
        self.chunks.truncate(first);
        self.chunks.push_back(whole.into());
        self.shared = 0;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use http_body_util::BodyExt as _;

    use wigwag_poll::WakeCount;

    use super::*;
    use crate::error::ErrorCode;

    fn buffer(stream: Waker) -> (Arc<BodyBuffer>, RequestBody) {
        let buffer = Arc::new(BodyBuffer::new(None, stream));
        (buffer.clone(), RequestBody::new(buffer))
    }

    fn next(body: &mut RequestBody) -> Bytes {
        let frame = body.frame().now_or_never().expect("ready").expect("more").expect("whole");
        frame.into_data().expect("data")
    }

    #[test]
    fn reading_wakes_the_connection_unless_it_is_active() {
        let (wakes, stream) = WakeCount::new();
        let (buffer, mut body) = buffer(stream);
        for _ in 0..4 {
            buffer.put(Bytes::from_static(b"abc"));
        }
        assert_eq!(next(&mut body), "abc");
        assert_eq!((buffer.take_read(), wakes.get()), (3, 0));
        assert_eq!(next(&mut body), "abcabcabc");
        assert_eq!((buffer.take_read(), wakes.get()), (9, 1));
        assert_eq!(buffer.take_read(), 0);
        buffer.put(Bytes::from_static(b"abc"));
        assert_eq!((buffer.take_read(), wakes.get()), (0, 1));
        buffer.end(Some(HeaderMap::new()));
        assert_eq!(next(&mut body), "abc");
        let last = body.frame().now_or_never().expect("ready").expect("trailers").expect("whole");
        assert!(last.is_trailers());
        assert!(body.frame().now_or_never().expect("ready").is_none());
        assert!(body.is_end_stream());
    }

    #[test]
    fn unread_chunk_does_not_keep_the_read_it_came_in() {
        let (buffer, mut body) = buffer(Waker::noop().clone());
        let mut received = bytes::BytesMut::from(&[1; 1000][..]);
        buffer.put(received.split_to(10).freeze());
        buffer.put(received.split_to(10).freeze());
        assert_eq!(next(&mut body).len(), 10);
        received.clear();
        assert!(!received.try_reclaim(1000), "a chunk is a slice of it");
        buffer.take_read();
        assert!(received.try_reclaim(1000));
        assert_eq!(next(&mut body), [1; 10][..]);
    }

    #[test]
    fn small_chunks_are_joined() {
        let (buffer, mut body) = buffer(Waker::noop().clone());
        for n in 0..10_000_u32 {
            buffer.put(Bytes::copy_from_slice(&n.to_le_bytes()));
            buffer.take_read();
        }
        assert!(buffer.lock().chunks.len() < 50);
        let mut whole = Vec::new();
        while whole.len() < 40_000 {
            whole.extend_from_slice(&next(&mut body));
        }
        assert!(whole == (0..10_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
    }

    #[test]
    fn discarded_body_counts_as_read() {
        let (wakes, stream) = WakeCount::new();
        let (buffer, body) = buffer(stream);
        buffer.put(Bytes::from_static(b"abc"));
        assert_eq!((buffer.take_read(), wakes.get()), (0, 0));
        drop(body);
        assert_eq!((buffer.take_read(), wakes.get()), (3, 1));
        buffer.put(Bytes::from_static(b"abcd"));
        assert!(buffer.lock().chunks.is_empty());
        assert_eq!((buffer.take_read(), wakes.get()), (4, 1));
    }

    #[test]
    fn failed_body_drops_what_was_unread() {
        let (buffer, mut body) = buffer(Waker::noop().clone());
        assert!(body.frame().now_or_never().is_none(), "nothing yet");
        buffer.put(Bytes::from_static(b"abc"));
        buffer.fail(Error::new(ErrorCode::NO_ERROR, "reset"));
        assert!(body.frame().now_or_never().expect("ready").expect("an error").is_err());
        assert!(body.frame().now_or_never().expect("ready").is_none());
    }
}
