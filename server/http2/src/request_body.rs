//! A request's body on its way from the connection to whoever reads it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::error::Error;
use wigwag_poll::ShortQueue;

/// The body of a request that came over HTTP/2.
#[derive(Debug)]
pub struct RequestBody(Option<Arc<BodyBuffer>>);

/// What of a body has come and was not read. Bounded by the stream's window.
#[derive(Debug)]
pub(super) struct BodyBuffer {
    // The connection fills it, the reader empties it: mostly in one task.
    state: Mutex<State>,
    /// Rings for the stream.
    stream: Waker,
}

#[derive(Debug)]
struct State {
    chunks: ShortQueue<Bytes>,
    /// As many of the last ones lie in memory shared with all that came together.
    shared: usize,
    end: End,
    reader: Option<Waker>,
    /// Bytes read since the connection last looked.
    read: u32,
    /// The connection will look without being told.
    attended: bool,
    /// Nobody will read any more.
    left_alone: bool,
    /// What the declared length leaves to come.
    left: Option<u64>,
}

/// Pieces below this are joined with what comes behind them.
const SMALL: usize = 1024;

#[derive(Debug)]
enum End {
    Open,
    Trailers(HeaderMap),
    Over,
    Failed(Error),
}

impl RequestBody {
    /// A body of nothing.
    pub(super) fn empty() -> Self {
        Self(None)
    }

    pub(super) fn of(buffer: Arc<BodyBuffer>) -> Self {
        Self(Some(buffer))
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let Some(buffer) = &self.0 {
            buffer.leave();
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
        self.0.as_ref().is_none_or(|buffer| buffer.is_over())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            None => SizeHint::with_exact(0),
            Some(buffer) => buffer.lock().left.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

impl BodyBuffer {
    pub(super) fn new(declared: Option<u64>, stream: Waker) -> Self {
        let state = State {
            chunks: ShortQueue::default(),
            shared: 0,
            end: End::Open,
            reader: None,
            read: 0,
            attended: false,
            left_alone: false,
            left: declared,
        };
        Self { state: Mutex::new(state), stream }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let state = &mut *self.lock();
        if let Some(chunk) = state.chunks.pop_front() {
            self.count(state, chunk.len());
            state.shared = state.shared.min(state.chunks.len());
            state.left = state.left.map(|left| left.saturating_sub(chunk.len() as u64));
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        match std::mem::replace(&mut state.end, End::Over) {
            End::Open => {
                state.end = End::Open;
                if !state.reader.as_ref().is_some_and(|reader| reader.will_wake(cx.waker())) {
                    state.reader = Some(cx.waker().clone());
                }
                Poll::Pending
            }
            End::Trailers(trailers) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            End::Over => Poll::Ready(None),
            End::Failed(error) => Poll::Ready(Some(Err(error))),
        }
    }

    fn is_over(&self) -> bool {
        let state = self.lock();
        state.chunks.is_empty() && matches!(state.end, End::Over)
    }

    /// Counts bytes as read.
    fn count(&self, state: &mut State, bytes: usize) {
        if state.read == 0 && !state.attended {
            self.stream.wake_by_ref();
        }
        state.read = state.read.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    /// Nobody will read any more: what has come and what still comes counts as read, so that it holds up no other stream.
    pub(super) fn leave(&self) {
        let state = &mut *self.lock();
        state.left_alone = true;
        state.shared = 0;
        let unread: usize = std::mem::take(&mut state.chunks).iter().map(Bytes::len).sum();
        if unread > 0 {
            self.count(state, unread);
        }
    }

    /// Puts a piece of the body. The connection will [`look`](Self::look) afterwards.
    pub(super) fn put(&self, chunk: Bytes) {
        self.change(|state| {
            state.attended = true;
            if state.left_alone {
                self.count(state, chunk.len());
            } else {
                state.chunks.push_back(chunk);
                state.shared += 1;
            }
        });
    }

    /// Nothing more comes.
    pub(super) fn end(&self, trailers: Option<HeaderMap>) {
        self.change(|state| state.end = trailers.map_or(End::Over, End::Trailers));
    }

    /// Nothing more comes, and what has come is not worth reading.
    pub(super) fn fail(&self, error: Error) {
        self.change(|state| {
            state.chunks = ShortQueue::default();
            state.end = End::Failed(error);
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let reader = {
            let state = &mut *self.lock();
            change(state);
            state.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// How many bytes were read since the last look. What is still unread gets memory of its own: a small piece must not
    /// hold all that came with it.
    pub(super) fn look(&self) -> u32 {
        let state = &mut *self.lock();
        if state.shared > 0 {
            state.gather();
        }
        state.attended = false;
        std::mem::take(&mut state.read)
    }
}

impl State {
    /// Copies what lies in shared memory into one piece, with a small one before it: a piece for each byte would take many
    /// times as much memory as the window says.
    fn gather(&mut self) {
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

    use super::super::error::ErrorCode;
    use super::*;
    use wigwag_poll::WakeCount;

    fn buffer(stream: Waker) -> (Arc<BodyBuffer>, RequestBody) {
        let buffer = Arc::new(BodyBuffer::new(None, stream));
        (buffer.clone(), RequestBody::of(buffer))
    }

    fn next(body: &mut RequestBody) -> Bytes {
        let frame = body.frame().now_or_never().expect("ready").expect("more").expect("whole");
        frame.into_data().expect("data")
    }

    #[test]
    fn what_is_read_is_told_when_the_connection_is_not_about_to_look() {
        let (rung, stream) = WakeCount::new();
        let (buffer, mut body) = buffer(stream);
        for _ in 0..4 {
            buffer.put(Bytes::from_static(b"abc"));
        }
        assert_eq!(next(&mut body), "abc");
        assert_eq!((buffer.look(), rung.get()), (3, 0));
        assert_eq!(next(&mut body), "abcabcabc");
        assert_eq!((buffer.look(), rung.get()), (9, 1));
        assert_eq!(buffer.look(), 0);
        buffer.put(Bytes::from_static(b"abc"));
        assert_eq!((buffer.look(), rung.get()), (0, 1));
        buffer.end(Some(HeaderMap::new()));
        assert_eq!(next(&mut body), "abc");
        let last = body.frame().now_or_never().expect("ready").expect("trailers").expect("whole");
        assert!(last.is_trailers());
        assert!(body.frame().now_or_never().expect("ready").is_none());
        assert!(body.is_end_stream());
    }

    #[test]
    fn what_stays_unread_does_not_hold_what_it_came_with() {
        let (buffer, mut body) = buffer(Waker::noop().clone());
        let mut came = bytes::BytesMut::from(&[1; 1000][..]);
        buffer.put(came.split_to(10).freeze());
        buffer.put(came.split_to(10).freeze());
        assert_eq!(next(&mut body).len(), 10);
        came.clear();
        assert!(!came.try_reclaim(1000), "one piece lies in it");
        buffer.look();
        assert!(came.try_reclaim(1000));
        assert_eq!(next(&mut body), [1; 10][..]);
    }

    #[test]
    fn many_small_pieces_take_little_memory() {
        let (buffer, mut body) = buffer(Waker::noop().clone());
        for n in 0..10_000_u32 {
            buffer.put(Bytes::copy_from_slice(&n.to_le_bytes()));
            buffer.look();
        }
        assert!(buffer.lock().chunks.len() < 50);
        let mut whole = Vec::new();
        while whole.len() < 40_000 {
            whole.extend_from_slice(&next(&mut body));
        }
        assert!(whole == (0..10_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
    }

    #[test]
    fn what_nobody_reads_counts_as_read() {
        let (rung, stream) = WakeCount::new();
        let (buffer, body) = buffer(stream);
        buffer.put(Bytes::from_static(b"abc"));
        assert_eq!((buffer.look(), rung.get()), (0, 0));
        drop(body);
        assert_eq!((buffer.look(), rung.get()), (3, 1));
        buffer.put(Bytes::from_static(b"abcd"));
        assert!(buffer.lock().chunks.is_empty());
        assert_eq!((buffer.look(), rung.get()), (4, 1));
    }

    #[test]
    fn a_reset_throws_away_what_was_unread() {
        let (buffer, mut body) = buffer(Waker::noop().clone());
        assert!(body.frame().now_or_never().is_none(), "nothing yet");
        buffer.put(Bytes::from_static(b"abc"));
        buffer.fail(Error { code: ErrorCode::NO_ERROR, reason: "reset" });
        assert!(body.frame().now_or_never().expect("ready").expect("an error").is_err());
        assert!(body.frame().now_or_never().expect("ready").is_none());
    }
}
