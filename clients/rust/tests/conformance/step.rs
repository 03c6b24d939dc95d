//! Executes each step.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use serde_json::{Map, Value};
use tokio::time::{sleep, timeout};
use wigwag_client::{Error, Event, JoinOptions, NewRoom, Outcome, Payload, PeerId, Room, Session, SessionState};

use crate::{
    TIMEOUT,
    actor::Actor,
    backend,
    expectation::{Expectation, is_optional, kind_of},
    fields::Fields,
    payload::{payload, secret},
    play::{Play, check_peer_id, until},
    proxy::Proxy,
};

type Metadata = HashMap<String, String>;

impl Play {
    pub(crate) async fn step(&mut self, mut step: Fields) -> Result<(), String> {
        let what: String = step.take("do")?;
        let refusal: Option<String> = step.find("error")?;
        let name: String = step.find("client")?.unwrap_or_default();
        let outcome = match what.as_str() {
            "connect" => self.connect(&name, &mut step).await?,
            "close" => {
                self.actor(&name)?.session()?.close().await;
                self.actor(&name)?.is_closed = true;
                Ok(())
            }
            "join" => self.join(&name, &mut step).await?,
            // The events wait in their queue until they are read.
            "listen" => step.take::<String>("room").map(|_| Ok(()))?,
            "give_up_join" => {
                let room: String = step.take("room")?;
                give_up_join(self.actor(&name)?.session()?, &room).await;
                Ok(())
            }
            "create_room" => self.create_room(&name, &mut step).await?,
            "leave" => self.joined_room(&name, &mut step)?.leave().await,
            "end_room" => self.joined_room(&name, &mut step)?.end().await,
            "remove_member" => self.remove_member(&name, &mut step).await?,
            "update_member" => {
                let display_name: Option<String> = step.find("displayName")?;
                let metadata: Option<Metadata> = step.find("metadata")?;
                let room = self.joined_room(&name, &mut step)?;
                room.update_me(display_name.as_deref(), metadata.unwrap_or_default()).await
            }
            "send" => self.send(&name, &mut step).await?,
            "send_numbers" => self.send_numbers(&name, &mut step).await?,
            "send_large" => {
                let bytes = step.take("bytes")?;
                self.joined_room(&name, &mut step)?.broadcast(Payload::Text("x".repeat(bytes))).await.map(drop)
            }
            "call" => match backend::call(self.url(), &mut step, |name| self.peer(name)).await {
                Err(Err(why)) => return Err(why),
                Ok(()) => return check_result(None, refusal.as_deref(), step),
                Err(Ok(reason)) => return check_result(Some(reason), refusal.as_deref(), step),
            },
            "expect_receipt" => return self.expect_receipt(&name, step, refusal).await,
            _ => {
                self.look(&what, &name, &mut step).await?;
                Ok(())
            }
        };
        check_result(outcome.err().map(|error| error.reason.into_owned()), refusal.as_deref(), step)
    }

    /// Executes the steps that call no client, and cannot be refused.
    async fn look(&mut self, what: &str, name: &str, step: &mut Fields) -> Result<(), String> {
        match what {
            "expect" => {
                let room: Option<String> = step.find("room")?;
                let skipped: Option<Vec<String>> = step.find("skip")?;
                let wanted = Expectation::read(step, |name| self.peer(name))?;
                expect(self.actor(name)?, room.as_deref(), vec![wanted], &skipped.unwrap_or_default()).await
            }
            "expect_all" => {
                let room: Option<String> = step.find("room")?;
                let events: Vec<Map<String, Value>> = step.take("events")?;
                let read = |event| {
                    let mut fields = Fields::new(event);
                    let wanted = Expectation::read(&mut fields, |name| self.peer(name))?;
                    fields.end().map(|()| wanted)
                };
                let wanted = events.into_iter().map(read).collect::<Result<Vec<_>, String>>()?;
                expect(self.actor(name)?, room.as_deref(), wanted, &[]).await
            }
            "expect_numbers" => {
                let (room, count): (String, u32) = (step.take("room")?, step.take("count")?);
                let from = PeerId::from(self.peer(&step.take::<String>("from")?)?);
                let actor = self.actor(name)?;
                for number in 1..=count {
                    let wanted = Payload::Text(number.to_string());
                    loop {
                        match actor.next(Some(&room)).await? {
                            Event::Envelope { from: Some(sender), payload, .. }
                                if sender == from && payload == wanted =>
                            {
                                break;
                            }
                            event if is_optional(&event) => {}
                            other => return Err(format!("in place of {number} came {other:?}")),
                        }
                    }
                }
                Ok(())
            }
            "members" => {
                let names: Vec<String> = step.take("are")?;
                let wanted = names.iter().map(|name| self.peer(name)).collect::<Result<Vec<_>, String>>()?;
                let room = self.joined_room(name, step)?;
                let ids = || room.members().iter().map(|member| member.peer_id.to_string()).collect::<Vec<_>>();
                until(&format!("the members are {names:?}"), || ids() == wanted).await
            }
            "state" => {
                let wanted = match step.take::<String>("is")?.as_str() {
                    "online" => SessionState::Online,
                    "reconnecting" => SessionState::Reconnecting,
                    "closed" => SessionState::Closed,
                    other => return Err(format!("no session is {other:?}")),
                };
                let session = self.actor(name)?.session()?;
                until(&format!("it is {wanted:?}"), || session.state() == wanted).await
            }
            "cut" => {
                self.actor(name)?.proxy.cut();
                Ok(())
            }
            "cut_after" => {
                let (bytes, times): (usize, Option<usize>) = (step.take("bytes")?, step.find("times")?);
                self.actor(name)?.proxy.cut_after(bytes, times.unwrap_or(1));
                Ok(())
            }
            "offline" => {
                let proxy = &self.actor(name)?.proxy;
                proxy.shut();
                if let Some(away) = step.find("ms")? {
                    sleep(Duration::from_millis(away)).await;
                    proxy.reopen();
                }
                Ok(())
            }
            "online" => {
                self.actor(name)?.proxy.reopen();
                Ok(())
            }
            "restart_server" => {
                self.restart().await;
                Ok(())
            }
            "drain_server" => {
                self.drain().await;
                Ok(())
            }
            other => Err(format!("no step does {other:?}")),
        }
    }

    async fn connect(&mut self, name: &str, step: &mut Fields) -> Result<Result<(), Error>, String> {
        let proxy = Proxy::start(self.address).await;
        let display_name: Option<String> = step.find("displayName")?;
        let mut builder = Session::builder(proxy.url()).display_name(display_name.as_deref().unwrap_or(name));
        if let Some(user_id) = step.find::<String>("userId")? {
            builder = builder.user_id(user_id);
        }
        for (key, value) in step.find::<Metadata>("metadata")?.into_iter().flatten() {
            builder = builder.metadata(key, value);
        }
        if let Some(grace) = step.find("graceMs")? {
            builder = builder.grace(Duration::from_millis(grace));
        }
        if let Some(replaced) = step.find::<String>("replaces")? {
            builder = builder.replaces(self.actor(&replaced)?.session()?.session_token());
        }
        if let Some(json) = step.find("secret")? {
            builder = builder.room_secret(secret(&json)?);
        }
        let mut actor = Actor::new(proxy);
        let connected = builder.connect().await.map(|session| actor.connected(session));
        self.actors.insert(name.to_owned(), actor);
        Ok(connected)
    }

    async fn join(&mut self, name: &str, step: &mut Fields) -> Result<Result<(), Error>, String> {
        let room: String = step.take("room")?;
        let mut options = JoinOptions::default();
        if let Some(display_name) = step.find::<String>("displayName")? {
            options = options.display_name(display_name);
        }
        for (key, value) in step.find::<Metadata>("metadata")?.into_iter().flatten() {
            options = options.metadata(key, value);
        }
        if let Some(json) = step.find("secret")? {
            options = options.room_secret(secret(&json)?);
        }
        let found: Option<Vec<String>> = step.find("found")?;
        let found = found.map(|names| names.iter().map(|name| self.peer(name)).collect::<Result<Vec<_>, String>>());
        let (found, created): (_, Option<bool>) = (found.transpose()?, step.find("created")?);
        let _: Option<bool> = step.find("listens")?;
        let times_given_up: Option<u32> = step.find("times_given_up")?;
        let actor = self.actor(name)?;
        let session = actor.session()?;
        let mut given_up: Vec<_> =
            (0..times_given_up.unwrap_or_default()).map(|_| Box::pin(session.join(&room))).collect();
        for join in &mut given_up {
            poll_once(join.as_mut()).await;
        }
        let mut join = Box::pin(session.join_with(&room, options));
        // Requested before the others are given up: else the client may leave the room between the two.
        let joined = poll_once(join.as_mut()).await;
        drop(given_up);
        let joined = match joined {
            Some(joined) => joined,
            None => join.as_mut().await,
        };
        drop(join);
        let joined = match joined {
            Ok(joined) => joined,
            Err(error) => return Ok(Err(error)),
        };
        let ids: Vec<String> = joined.found().iter().map(|member| member.peer_id.to_string()).collect();
        if found.as_ref().is_some_and(|wanted| *wanted != ids) {
            return Err(format!("it found {ids:?} and not {found:?}"));
        }
        if created.is_some_and(|wanted| wanted != joined.was_created()) {
            return Err(format!("created is {}", joined.was_created()));
        }
        actor.joined(&room, joined);
        Ok(Ok(()))
    }

    async fn create_room(&mut self, name: &str, step: &mut Fields) -> Result<Result<(), Error>, String> {
        let room: String = step.take("room")?;
        let mut new = NewRoom::named(&room);
        if let Some(display_name) = step.find::<String>("displayName")? {
            new = new.display_name(display_name);
        }
        if let Some(members) = step.find("maxMembers")? {
            new = new.max_members(members);
        }
        for (key, value) in step.find::<Metadata>("metadata")?.into_iter().flatten() {
            new = new.metadata(key, value);
        }
        let actor = self.actor(name)?;
        let created = actor.session()?.create_room(new).await;
        Ok(created.map(|joined| actor.joined(&room, joined)))
    }

    fn joined_room(&mut self, name: &str, step: &mut Fields) -> Result<Room, String> {
        let room: String = step.take("room")?;
        self.actor(name)?.room(&room).cloned()
    }

    async fn remove_member(&mut self, name: &str, step: &mut Fields) -> Result<Result<(), Error>, String> {
        let peer = PeerId::from(self.peer(&step.take::<String>("peer")?)?);
        let ban: Option<bool> = step.find("ban")?;
        let room = self.joined_room(name, step)?;
        Ok(if ban.unwrap_or_default() { room.ban(&peer).await } else { room.remove(&peer).await })
    }

    async fn send(&mut self, name: &str, step: &mut Fields) -> Result<Result<(), Error>, String> {
        let content = payload(&step.take::<Value>("payload")?)?;
        let to: Option<String> = step.find("to")?;
        let to = to.map(|name| self.peer(&name)).transpose()?.map(PeerId::from);
        let room: Option<String> = step.find("room")?;
        let receipt: Option<String> = step.find("receipt")?;
        let actor = self.actor(name)?;
        let session = actor.session()?;
        let room = room.map(|room| actor.room(&room)).transpose()?;
        if let Some(called) = receipt {
            let to = to.ok_or("a receipt needs `to`")?;
            let sent = match room {
                Some(room) => room.send_with_receipt(&to, content).await,
                None => session.send_with_receipt(&to, content).await,
            };
            return Ok(sent.map(|receipt| drop(actor.receipts.insert(called, receipt))));
        }
        let sent = match (room, to) {
            (Some(room), Some(to)) => room.send(&to, content).await,
            (Some(room), None) => room.broadcast(content).await,
            (None, Some(to)) => session.send(&to, content).await,
            (None, None) => return Err("an envelope needs a room or `to`".into()),
        };
        Ok(sent.map(drop))
    }

    async fn send_numbers(&mut self, name: &str, step: &mut Fields) -> Result<Result<(), Error>, String> {
        let count: u32 = step.take("count")?;
        let to: Option<String> = step.find("to")?;
        let to = to.map(|name| self.peer(&name)).transpose()?.map(PeerId::from);
        let room = self.joined_room(name, step)?;
        for number in 1..=count {
            let content = Payload::Text(number.to_string());
            let sent = match &to {
                Some(to) => room.send(to, content).await,
                None => room.broadcast(content).await,
            };
            if let Err(error) = sent {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }

    async fn expect_receipt(&mut self, name: &str, mut step: Fields, refusal: Option<String>) -> Result<(), String> {
        let called: String = step.take("receipt")?;
        let (outcome, reason): (Option<String>, Option<String>) = (step.find("outcome")?, step.find("reason")?);
        let peer: Option<String> = step.find("peer")?;
        let peer = peer.map(|name| self.peer(&name)).transpose()?;
        let receipt = self.actor(name)?.receipts.remove(&called).ok_or_else(|| format!("no receipt {called:?}"))?;
        let came = timeout(TIMEOUT, receipt).await.map_err(|_| format!("no receipt within {TIMEOUT:?}"))?;
        let receipt = match came {
            Err(error) => return check_result(Some(error.reason.into_owned()), refusal.as_deref(), step),
            Ok(receipt) => receipt,
        };
        let (came, why) = match &receipt.outcome {
            Outcome::Delivered => ("DELIVERED", None),
            Outcome::Written => ("WRITTEN", None),
            Outcome::Undeliverable { reason } => ("UNDELIVERABLE", Some(reason)),
            _ => ("", None),
        };
        let is_met = outcome.as_deref() == Some(came)
            && peer.is_none_or(|peer| peer == receipt.peer_id.as_str())
            && reason.is_none_or(|reason| Some(&reason) == why);
        if is_met { step.end() } else { Err(format!("it was {receipt:?}")) }
    }
}

/// Requests a join and drops the future before the answer can arrive: it is polled once.
async fn give_up_join(session: &Session, room: &str) {
    // Not with a time-out: the answer might be there before it.
    poll_once(pin!(session.join(room))).await;
}

/// Polls a future once, which is what requests something from the client.
async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Expects these events next, in any order, except for optional ones in between.
async fn expect(
    actor: &mut Actor,
    room: Option<&str>,
    mut wanted: Vec<Expectation>,
    skipped: &[String],
) -> Result<(), String> {
    while !wanted.is_empty() {
        let event = actor.next(room).await?;
        if room.is_none() {
            check_peer_id(actor, &event)?;
        }
        match wanted.iter().position(|one| one.is_met_by(&event)) {
            Some(at) => drop(wanted.remove(at)),
            None if is_optional(&event) || skipped.iter().any(|kind| kind == kind_of(&event)) => {}
            None => return Err(format!("unexpected event {event:?}")),
        }
    }
    Ok(())
}

/// Compares the result of a call with the one expected.
fn check_result(came: Option<String>, wanted: Option<&str>, step: Fields) -> Result<(), String> {
    step.end()?;
    match (came.as_deref(), wanted) {
        (None, None) => Ok(()),
        (Some(came), Some(wanted)) if came == wanted => Ok(()),
        (None, Some(_)) => Err("it succeeded".into()),
        (Some(came), _) => Err(format!("it failed with {came}")),
    }
}
