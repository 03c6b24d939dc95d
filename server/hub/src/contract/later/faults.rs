//! What goes wrong between a node and its store.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Wake, Waker},
};

use crate::{
    backend::Submitted,
    contract::{kit::Answer, rng::Rng},
    error::StoreError,
    watch::Watch,
};

/// How often something goes wrong, in percent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rates {
    /// Operations that are neither done nor answered.
    pub(super) undone: u64,
    /// Operations that are done and not answered.
    pub(super) unanswered: u64,
    /// Wake-ups that come with the next tick only.
    pub(super) late_wakes: u64,
}

/// Decides what fails.
#[derive(Debug)]
pub(super) struct Faults {
    rates: Rates,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rng: Rng,
    failing: Option<StoreError>,
    holding: bool,
    held_wakers: Vec<Waker>,
    watches: Vec<Weak<Watch>>,
}

/// Whether an operation may be done without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeated {
    /// Its repetition is recognized.
    Once,
    /// Its repetition is another operation.
    Again,
}

impl Faults {
    pub(super) fn new(seed: u64, rates: Rates) -> Arc<Self> {
        let state =
            State { rng: Rng::new(seed), failing: None, holding: false, held_wakers: Vec::new(), watches: Vec::new() };
        Arc::new(Self { rates, state: Mutex::new(state) })
    }

    pub(super) fn fail(&self, error: Option<StoreError>) {
        let watches = {
            let mut state = self.state();
            state.failing = error;
            mem::take(&mut state.watches)
        };
        // What happens meanwhile does not reach them.
        watches.iter().filter_map(Weak::upgrade).for_each(|watch| watch.lose());
    }

    pub(super) fn hold(&self, holding: bool) {
        self.state().holding = holding;
    }

    /// Notes a watch, which loses its place when the store fails.
    pub(super) fn note_watch(&self, watch: &Arc<Watch>) {
        self.state().watches.push(Arc::downgrade(watch));
    }

    /// Runs an operation or leaves it out, and answers later: with the result, or that the store did not answer.
    pub(super) fn run<T: Answer + Send + Unpin + 'static>(
        self: &Arc<Self>,
        repeated: Repeated,
        operation: impl FnOnce() -> Submitted<T>,
    ) -> Submitted<T> {
        let (polls, failing, drawn) = {
            let mut state = self.state();
            (state.rng.between(1, 3), state.failing, state.rng.between(0, 99))
        };
        let unreachable = StoreError::Unreachable { retry_after_ms: 1 };
        let Rates { undone, unanswered, .. } = self.rates;
        let answer = match failing {
            Some(error) => Submitted::Done(T::failed(error)),
            None if drawn < undone => Submitted::Done(T::failed(unreachable)),
            None if drawn < undone + unanswered && repeated == Repeated::Once => {
                operation().forget();
                Submitted::Done(T::failed(unreachable))
            }
            None => operation(),
        };
        Submitted::Pending(Box::pin(Delayed { answer: Box::pin(answer.wait()), polls, faults: self.clone() }))
    }

    /// Returns a waker that may hold its wake-ups back.
    pub(super) fn waker(self: &Arc<Self>, waker: &Waker) -> Waker {
        if self.rates.late_wakes == 0 {
            return waker.clone();
        }
        Waker::from(Arc::new(LateWaker { faults: self.clone(), waker: waker.clone() }))
    }

    /// Wakes what was held back, the last one first.
    pub(super) fn release_wakers(&self) {
        let held = mem::take(&mut self.state().held_wakers);
        held.into_iter().rev().for_each(Waker::wake);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct LateWaker {
    faults: Arc<Faults>,
    waker: Waker,
}

impl Wake for LateWaker {
    fn wake(self: Arc<Self>) {
        let held = {
            let mut state = self.faults.state();
            let late = state.rng.percent(self.faults.rates.late_wakes);
            if late {
                state.held_wakers.push(self.waker.clone());
            }
            late
        };
        if !held {
            self.waker.wake_by_ref();
        }
    }
}

/// An answer that is ready some polls after it is there.
struct Delayed<T> {
    answer: Pin<Box<dyn Future<Output = T> + Send>>,
    polls: u64,
    faults: Arc<Faults>,
}

impl<T> Future for Delayed<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        if self.polls > 0 {
            self.polls -= 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        {
            let mut state = self.faults.state();
            if state.holding {
                state.held_wakers.push(context.waker().clone());
                return Poll::Pending;
            }
        }
        self.answer.as_mut().poll(context)
    }
}
