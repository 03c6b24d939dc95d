//! A request's body on its way from the connection to whoever reads it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::error::Broken;
use crate::short_queue::ShortQueue;

/// The body of a request that came over HTTP/2.
#[derive(Debug)]
pub struct Incoming(Option<Arc<Inbox>>);

/// What of a body has come and was not read. Bounded by the stream's window.
#[derive(Debug)]
pub(super) struct Inbox {
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
    /// What the declared length leaves to come.
    left: Option<u64>,
}

#[derive(Debug)]
enum End {
    Open,
    Trailers(HeaderMap),
    Over,
    Broken(Broken),
}

impl Incoming {
    /// A body of nothing.
    pub(super) fn empty() -> Self {
        Self(None)
    }

    pub(super) fn of(inbox: Arc<Inbox>) -> Self {
        Self(Some(inbox))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Nobody reads it any more.
        if let Some(inbox) = &self.0 {
            inbox.lock().chunks = ShortQueue::default();
        }
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(inbox) = &self.0 else { return Poll::Ready(None) };
        inbox.poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(|inbox| inbox.is_over())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            None => SizeHint::with_exact(0),
            Some(inbox) => inbox.lock().left.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

impl Inbox {
    pub(super) fn new(declared: Option<u64>, stream: Waker) -> Self {
        let state = State {
            chunks: ShortQueue::default(),
            shared: 0,
            end: End::Open,
            reader: None,
            read: 0,
            attended: false,
            left: declared,
        };
        Self { state: Mutex::new(state), stream }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let state = &mut *self.lock();
        if let Some(chunk) = state.chunks.pop_front() {
            if state.read == 0 && !state.attended {
                self.stream.wake_by_ref();
            }
            state.read = state.read.saturating_add(u32::try_from(chunk.len()).unwrap_or(u32::MAX));
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
            End::Broken(broken) => Poll::Ready(Some(Err(broken))),
        }
    }

    fn is_over(&self) -> bool {
        let state = self.lock();
        state.chunks.is_empty() && matches!(state.end, End::Over)
    }

    /// Puts a piece of the body. The connection will [`look`](Self::look) afterwards.
    pub(super) fn put(&self, chunk: Bytes) {
        self.change(|state| {
            state.chunks.push_back(chunk);
            state.shared += 1;
            state.attended = true;
        });
    }

    /// Nothing more comes.
    pub(super) fn end(&self, trailers: Option<HeaderMap>) {
        self.change(|state| state.end = trailers.map_or(End::Over, End::Trailers));
    }

    /// Nothing more comes, and what has come is not worth reading.
    pub(super) fn breaks(&self, broken: Broken) {
        self.change(|state| {
            state.chunks = ShortQueue::default();
            state.end = End::Broken(broken);
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
        for chunk in state.chunks.iter_mut().rev().take(state.shared) {
            *chunk = Bytes::copy_from_slice(chunk);
        }
        state.shared = 0;
        state.attended = false;
        std::mem::take(&mut state.read)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use http_body_util::BodyExt as _;

    use super::super::error::Code;
    use super::*;
    use crate::wake_count::WakeCount;

    fn inbox(stream: Waker) -> (Arc<Inbox>, Incoming) {
        let inbox = Arc::new(Inbox::new(None, stream));
        (inbox.clone(), Incoming::of(inbox))
    }

    fn next(body: &mut Incoming) -> Bytes {
        let frame = body.frame().now_or_never().expect("ready").expect("more").expect("whole");
        frame.into_data().expect("data")
    }

    #[test]
    fn what_is_read_is_told_when_the_connection_is_not_about_to_look() {
        let (rung, stream) = WakeCount::new();
        let (inbox, mut body) = inbox(stream);
        for _ in 0..4 {
            inbox.put(Bytes::from_static(b"abc"));
        }
        assert_eq!(next(&mut body), "abc");
        assert_eq!((inbox.look(), rung.get()), (3, 0));
        assert_eq!((next(&mut body), next(&mut body)), ("abc".into(), "abc".into()));
        assert_eq!((inbox.look(), rung.get()), (6, 1));
        assert_eq!(inbox.look(), 0);
        inbox.end(Some(HeaderMap::new()));
        assert_eq!(next(&mut body), "abc");
        let last = body.frame().now_or_never().expect("ready").expect("trailers").expect("whole");
        assert!(last.is_trailers());
        assert!(body.frame().now_or_never().expect("ready").is_none());
        assert!(body.is_end_stream());
    }

    #[test]
    fn what_stays_unread_does_not_hold_what_it_came_with() {
        let (inbox, mut body) = inbox(Waker::noop().clone());
        let mut came = bytes::BytesMut::from(&[1; 1000][..]);
        inbox.put(came.split_to(10).freeze());
        inbox.put(came.split_to(10).freeze());
        assert_eq!(next(&mut body).len(), 10);
        came.clear();
        assert!(!came.try_reclaim(1000), "one piece lies in it");
        inbox.look();
        assert!(came.try_reclaim(1000));
        assert_eq!(next(&mut body), [1; 10][..]);
    }

    #[test]
    fn a_reset_throws_away_what_was_unread() {
        let (inbox, mut body) = inbox(Waker::noop().clone());
        assert!(body.frame().now_or_never().is_none(), "nothing yet");
        inbox.put(Bytes::from_static(b"abc"));
        inbox.breaks(Broken { code: Code::NO_ERROR, why: "reset" });
        assert!(body.frame().now_or_never().expect("ready").expect("an error").is_err());
        assert!(body.frame().now_or_never().expect("ready").is_none());
    }
}
