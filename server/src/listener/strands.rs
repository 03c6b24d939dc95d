//! Several futures in one task, each polled only when it was woken itself.
//!
//! hyper wants a task for every stream of an HTTP/2 connection. A signal would then take four turns of the scheduler: the
//! sender's connection, its stream, the receiver's stream, its connection. Here streams run inside their connection's
//! task: two turns, and one object less for each stream. What a connection waits for beside its work, its deadlines and
//! its end from outside, runs here as well and costs a message nothing.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use atomic_waker::AtomicWaker;
use hyper::rt::Executor;
use tokio::task::coop::has_budget_remaining;

/// Turns of the loop before other tasks get theirs.
const ROUNDS: usize = 32;

/// The main future's place among the bits of a [`Bell`].
const MAIN: u32 = 0;
/// The watches' place. They share one: none is woken but in a connection's last moments.
const WATCHES: u32 = 1;
/// Where the strands' places begin.
const FIRST: usize = 2;
/// How many there are. Strands beyond share them.
const PLACES: usize = 61;
/// The task is at it: it needs no waking.
const ATTENDED: u64 = 1 << 63;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Where a connection's library leaves futures to be run beside it.
#[derive(Clone, Default)]
pub(super) struct Spawner(Arc<Mutex<Vec<Boxed<()>>>>);

impl<F> Executor<F> for Spawner
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        lock(&self.0).push(Box::pin(future));
    }
}

/// What ended a wait for [`Strands`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended<T, W> {
    /// The main future did.
    Main(T),
    /// A watch did. The others go on.
    Watch(W),
}

/// A main future, what it spawns, and what is to interrupt it. What has not ended when this is dropped is dropped too.
pub(super) struct Strands<'a, M, W> {
    main: Pin<&'a mut M>,
    main_waker: Waker,
    watches: Vec<Boxed<W>>,
    watches_waker: Waker,
    spawned: Spawner,
    strands: Vec<Option<Strand>>,
    bell: Arc<Bell>,
}

struct Strand {
    future: Boxed<()>,
    waker: Waker,
}

impl<'a, M: Future, W> Strands<'a, M, W> {
    /// `main` leaves in `spawned` what is to run beside it.
    pub(super) fn new(main: Pin<&'a mut M>, spawned: Spawner, watches: Vec<Boxed<W>>) -> Self {
        let bell = Arc::new(Bell::default());
        let (main_waker, watches_waker) = (bell.waker(MAIN), bell.waker(WATCHES));
        main_waker.wake_by_ref();
        watches_waker.wake_by_ref();
        Self { main, main_waker, watches, watches_waker, spawned, strands: Vec::new(), bell }
    }

    /// The main future, for what can be asked of it beside being polled. It is polled again after this.
    pub(super) fn main(&mut self) -> Pin<&mut M> {
        self.main_waker.wake_by_ref();
        self.main.as_mut()
    }

    /// Polls whom `woken` names.
    fn poll_woken(&mut self, woken: u64) -> Poll<Ended<M::Output, W>> {
        if woken & (1 << MAIN) != 0 {
            if let Poll::Ready(output) = self.main.as_mut().poll(&mut Context::from_waker(&self.main_waker)) {
                return Poll::Ready(Ended::Main(output));
            }
            self.take_spawned();
        }
        let mut places = woken >> FIRST;
        while places != 0 {
            let place = places.trailing_zeros() as usize;
            places &= places - 1;
            for slot in self.strands.iter_mut().skip(place).step_by(PLACES) {
                if let Some(strand) = slot
                    && strand.future.as_mut().poll(&mut Context::from_waker(&strand.waker)).is_ready()
                {
                    *slot = None;
                }
            }
        }
        if woken & (1 << WATCHES) != 0 {
            let cx = &mut Context::from_waker(&self.watches_waker);
            for at in (0..self.watches.len()).rev() {
                if let Poll::Ready(output) = self.watches[at].as_mut().poll(cx) {
                    drop(self.watches.swap_remove(at));
                    // The others have not been asked yet.
                    self.watches_waker.wake_by_ref();
                    return Poll::Ready(Ended::Watch(output));
                }
            }
        }
        Poll::Pending
    }

    fn take_spawned(&mut self) {
        if lock(&self.spawned.0).is_empty() {
            return;
        }
        for future in std::mem::take(&mut *lock(&self.spawned.0)) {
            let vacant = self.strands.iter().position(Option::is_none);
            let at = vacant.unwrap_or_else(|| {
                self.strands.push(None);
                self.strands.len() - 1
            });
            let waker = self.bell.waker((FIRST + at % PLACES) as u32);
            waker.wake_by_ref();
            self.strands[at] = Some(Strand { future, waker });
        }
    }
}

impl<M: Future, W> Future for Strands<'_, M, W> {
    type Output = Ended<M::Output, W>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.bell.task.register(cx.waker());
        for _ in 0..ROUNDS {
            let woken = this.bell.attend();
            if woken == 0 {
                if this.bell.leave() {
                    return Poll::Pending;
                }
                continue;
            }
            if let Poll::Ready(ended) = this.poll_woken(woken) {
                // It may be polled again, and others may have been woken.
                cx.waker().wake_by_ref();
                return Poll::Ready(ended);
            }
            if !has_budget_remaining() {
                break;
            }
        }
        // Whoever is woken from here on is found by the next poll, which is under way.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Who was woken, a bit for each place, and whether the task knows.
#[derive(Default)]
struct Bell {
    woken: AtomicU64,
    task: AtomicWaker,
}

impl Bell {
    fn waker(self: &Arc<Self>, place: u32) -> Waker {
        Arc::new(Alarm { bit: 1 << place, bell: self.clone() }).into()
    }

    /// Who was woken since the last call. From now on the task needs no waking.
    fn attend(&self) -> u64 {
        self.woken.swap(ATTENDED, SeqCst) & !ATTENDED
    }

    /// From now on the task must be woken. `false` when somebody was in the meantime.
    fn leave(&self) -> bool {
        self.woken.compare_exchange(ATTENDED, 0, SeqCst, SeqCst).is_ok()
    }
}

/// Wakes those of one place.
struct Alarm {
    bit: u64,
    bell: Arc<Bell>,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // The first to be woken wakes the task.
        if self.bell.woken.fetch_or(self.bit, SeqCst) == 0 {
            self.bell.task.wake();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn strands_run_beside_their_main_future_and_end_with_it() {
        let spawner = Spawner::default();
        let (send, mut receive) = mpsc::channel(8);
        let mut main = pin!(async {
            for n in 0..3 {
                let send = send.clone();
                spawner.execute(async move {
                    tokio::task::yield_now().await;
                    let _ = send.send(n).await;
                });
            }
            let endless = send.clone();
            spawner.execute(async move {
                endless.closed().await;
            });
            let mut heard = Vec::new();
            while heard.len() < 3 {
                heard.extend(receive.recv().await);
            }
            heard
        });
        let mut heard = match Strands::new(main.as_mut(), spawner.clone(), Vec::<Boxed<()>>::new()).await {
            Ended::Main(heard) => heard,
            Ended::Watch(()) => panic!("there is none"),
        };
        heard.sort_unstable();
        assert_eq!(heard, [0, 1, 2]);
    }

    #[tokio::test]
    async fn only_who_was_woken_is_polled() {
        let spawner = Spawner::default();
        let polls = Arc::new(Mutex::new(0));
        let counted = polls.clone();
        spawner.execute(poll_fn(move |_| {
            *lock(&counted) += 1;
            Poll::Pending
        }));
        let mut main = pin!(async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        });
        Strands::new(main.as_mut(), spawner, Vec::<Boxed<()>>::new()).await;
        assert_eq!(*lock(&polls), 1);
    }

    #[tokio::test]
    async fn a_busy_strand_leaves_others_their_turn() {
        let spawner = Spawner::default();
        spawner.execute(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        let (send, receive) = tokio::sync::oneshot::channel();
        let mut main = pin!(receive);
        let other = async {
            let _ = send.send(7);
        };
        let (seven, ()) = tokio::join!(Strands::new(main.as_mut(), spawner, Vec::<Boxed<()>>::new()), other);
        assert_eq!(seven, Ended::Main(Ok(7)));
    }

    #[tokio::test]
    async fn more_strands_than_places_all_run() {
        let spawner = Spawner::default();
        let (send, mut receive) = mpsc::channel(1);
        for n in 0..3 * PLACES {
            let send = send.clone();
            spawner.execute(async move {
                let _ = send.send(n).await;
            });
        }
        let mut main = pin!(async {
            let mut heard = Vec::new();
            while heard.len() < 3 * PLACES {
                heard.extend(receive.recv().await);
            }
            heard.sort_unstable();
            heard
        });
        let all = (0..3 * PLACES).collect();
        assert_eq!(Strands::new(main.as_mut(), spawner, Vec::<Boxed<()>>::new()).await, Ended::Main(all));
    }

    #[tokio::test]
    async fn a_watch_interrupts_and_the_rest_goes_on() {
        let (send, receive) = tokio::sync::oneshot::channel();
        let mut main = pin!(receive);
        let watches: Vec<Boxed<u32>> = vec![Box::pin(std::future::pending()), Box::pin(async { 5 })];
        let mut strands = Strands::new(main.as_mut(), Spawner::default(), watches);
        assert_eq!((&mut strands).await, Ended::Watch(5));
        send.send(7).expect("waited for");
        assert_eq!(strands.await, Ended::Main(Ok(7)));
    }
}
