//! The conversation between a dialect's client and its session.

use std::{
    future::{Future, pending, poll_fn},
    pin::pin,
};

use serde_json::{Map, Value};
use tokio::time::{Duration, Instant, sleep_until};
use wigwag_hub::{Reason, error::Cut, session::Fetched};

use super::{
    complaint::Complaint,
    guest::{Guest, News},
};

/// A message of a dialect, in JSON.
pub(super) type Object = Map<String, Value>;

/// How long a client may be kept waiting without a break because it sends too fast.
const PATIENCE: Duration = Duration::from_secs(5);

/// What carries messages to a client and back.
pub(super) trait Line: Send {
    /// The next message. Cancel safe.
    fn hear(&mut self) -> impl Future<Output = Heard> + Send;
    /// Queues a message.
    fn say(&mut self, message: Value);
    /// Waits until there is room for more.
    fn flushed(&mut self) -> impl Future<Output = ()> + Send;
}

/// What came over a line.
#[derive(Debug)]
pub(super) enum Heard {
    /// A message.
    Said(Object),
    /// Something that is none.
    Unclear(Complaint),
    /// Something after which nothing can be read.
    Broken(Complaint),
    /// The client hung up.
    Gone,
}

/// A way of putting things. It has no rules of its own: it turns messages into frames and news into messages.
pub(super) trait Dialect: Send {
    /// The session is open.
    fn begin(&mut self, guest: &mut Guest, out: &mut Vec<Value>) -> impl Future<Output = ()> + Send;
    /// The client said something.
    fn said(
        &mut self,
        guest: &mut Guest,
        message: Object,
        out: &mut Vec<Value>,
    ) -> impl Future<Output = Result<(), Complaint>> + Send;
    /// The session heard something. A complaint ends the conversation.
    fn heard(&mut self, guest: &Guest, news: News, out: &mut Vec<Value>) -> Result<(), Complaint>;
    /// An error in the dialect's own form.
    fn complain(complaint: &Complaint) -> Value;
    /// When [`Self::tick`] wants to be called.
    fn due(&self) -> Option<Instant> {
        None
    }
    /// The moment has come.
    fn tick(&mut self, _guest: &mut Guest, _out: &mut Vec<Value>) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Talks until either side has enough. Gives the reason when it is the server; it has been said already.
pub(super) async fn converse<L: Line, D: Dialect>(line: &mut L, mut guest: Guest, mut dialect: D) -> Option<Complaint> {
    let (mut out, mut news) = (Vec::new(), Vec::new());
    let mut pace = Pace::default();
    let mut move_on = None;
    dialect.begin(&mut guest, &mut out).await;
    let last = loop {
        out.drain(..).for_each(|message| line.say(message));
        line.flushed().await;
        let (holding, until) = (pace.held.is_some(), pace.until);
        let message = tokio::select! {
            fetched = guest.news(&mut news) => {
                if fetched == Fetched::Cut(Cut::Ended(Reason::Left)) {
                    return None;
                }
                match tell(&mut dialect, &guest, &mut news, &mut move_on, &mut out).and(ended(fetched)) {
                    Ok(()) => continue,
                    Err(complaint) => break complaint,
                }
            }
            heard = pace.hear(line), if !holding => match heard {
                Heard::Said(message) => pace.admit(&guest, Ok(message)),
                Heard::Unclear(complaint) => pace.admit(&guest, Err(complaint)),
                Heard::Broken(complaint) => break complaint,
                Heard::Gone => return None,
            },
            () = sleep_until(until), if holding => match pace.retry(&guest) {
                Ok(message) => message,
                Err(cut) => {
                    guest.give_up(cut);
                    break cut.into();
                }
            },
            () = at(move_on) => break Cut::Ended(Reason::Draining).into(),
            () = at(dialect.due()) => {
                dialect.tick(&mut guest, &mut out).await;
                None
            }
        };
        if let Some(message) = message {
            let done = match message {
                Ok(message) => dialect.said(&mut guest, message, &mut out).await,
                Err(complaint) => Err(complaint),
            };
            if let Err(complaint) = done {
                out.push(D::complain(&complaint));
            }
        }
    };
    // What was told before the end is said before it.
    guest.ready_news(&mut news);
    let _ = tell(&mut dialect, &guest, &mut news, &mut move_on, &mut out);
    if move_on.is_some() {
        guest.end(Reason::Draining);
    }
    out.push(D::complain(&last));
    out.into_iter().for_each(|message| line.say(message));
    Some(last)
}

fn tell<D: Dialect>(
    dialect: &mut D,
    guest: &Guest,
    news: &mut Vec<News>,
    move_on: &mut Option<Instant>,
    out: &mut Vec<Value>,
) -> Result<(), Complaint> {
    for news in news.drain(..) {
        match news {
            News::MoveOn { at } => *move_on = Some(at),
            news => dialect.heard(guest, news, out)?,
        }
    }
    Ok(())
}

fn ended(fetched: Fetched) -> Result<(), Complaint> {
    match fetched {
        Fetched::Cut(cut) => Err(cut.into()),
        Fetched::More | Fetched::Idle => Ok(()),
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

/// A message that came too early, and how long this has been going on.
struct Pace {
    held: Option<Result<Object, Complaint>>,
    until: Instant,
    waiting_since: Option<Instant>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { held: None, until: Instant::now(), waiting_since: None }
    }
}

impl Pace {
    /// The next message. When it has to be waited for, the client keeps its pace again.
    async fn hear<L: Line>(&mut self, line: &mut L) -> Heard {
        let mut heard = pin!(line.hear());
        poll_fn(|cx| {
            let heard = heard.as_mut().poll(cx);
            if heard.is_pending() {
                self.waiting_since = None;
            }
            heard
        })
        .await
    }

    /// Lets a message through, or holds it until it may.
    fn admit(&mut self, guest: &Guest, message: Result<Object, Complaint>) -> Option<Result<Object, Complaint>> {
        match guest.pace() {
            0 => Some(message),
            wait_ms => {
                self.waiting_since.get_or_insert_with(Instant::now);
                self.hold(message, wait_ms);
                None
            }
        }
    }

    /// The held message, if it may go now. Fails when the client has been too fast for too long.
    fn retry(&mut self, guest: &Guest) -> Result<Option<Result<Object, Complaint>>, Cut> {
        if self.waiting_since.is_some_and(|since| since.elapsed() > PATIENCE) {
            return Err(Cut::RateLimited);
        }
        let Some(message) = self.held.take() else { return Ok(None) };
        match guest.pace() {
            0 => Ok(Some(message)),
            wait_ms => {
                self.hold(message, wait_ms);
                Ok(None)
            }
        }
    }

    fn hold(&mut self, message: Result<Object, Complaint>, wait_ms: u32) {
        self.held = Some(message);
        self.until = Instant::now() + Duration::from_millis(wait_ms.into());
    }
}
