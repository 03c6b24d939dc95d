//! A peer whose way down is `Listen` and whose way up is `Push`.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::ops::{Deref, DerefMut};

use tonic::{Code, Status};
use wigwag_proto::v1::{
    ClientFrame, ErrorFrame, Hello, Joined, ListenRequest, PushRequest, PushResponse, client_frame::Body as Up,
    server_frame::Body as Down,
};

use crate::frames::{self, join};
use crate::inbox::Inbox;
use crate::node::{Client, Node, soon};

pub(crate) struct Web {
    inbox: Inbox,
    pub(crate) client: Client,
    /// The last number sent.
    pub(crate) sent: u32,
}

impl Deref for Web {
    type Target = Inbox;

    fn deref(&self) -> &Inbox {
        &self.inbox
    }
}

impl DerefMut for Web {
    fn deref_mut(&mut self) -> &mut Inbox {
        &mut self.inbox
    }
}

impl Web {
    pub(crate) async fn open(node: &Node) -> Self {
        Self::with(node.client().await, Hello::default()).await
    }

    pub(crate) async fn in_room(node: &Node, room: &str) -> Self {
        let mut web = Self::open(node).await;
        web.join(room).await;
        web
    }

    pub(crate) async fn with(client: Client, hello: Hello) -> Self {
        match Self::try_with(client, hello).await {
            Ok(web) => web,
            Err((error, _)) => panic!("no welcome but {error:?}"),
        }
    }

    pub(crate) async fn try_with(mut client: Client, hello: Hello) -> Result<Self, (ErrorFrame, Status)> {
        let answer = soon("the stream", client.listen(ListenRequest { hello: Some(hello) })).await;
        let inbox = Inbox::open(answer.expect("a stream").into_inner()).await?;
        let sent = inbox.applied;
        Ok(Self { inbox, client, sent })
    }

    /// The hello that resumes this session.
    pub(crate) fn resume(&self) -> Hello {
        frames::resume(&self.welcome, self.seen)
    }

    /// Pushes frames as they are.
    pub(crate) async fn push(&mut self, frames: Vec<ClientFrame>) -> Result<PushResponse, Status> {
        self.push_in(self.welcome.epoch, frames).await
    }

    /// Pushes frames of this epoch.
    pub(crate) async fn push_in(&mut self, epoch: u32, frames: Vec<ClientFrame>) -> Result<PushResponse, Status> {
        let request = PushRequest { session_token: self.welcome.session_token.clone(), epoch, frames };
        soon("the answer of a push", self.client.push(request)).await.map(tonic::Response::into_inner)
    }

    /// Pushes one frame with the next number, which must be applied.
    pub(crate) async fn send(&mut self, body: Up) -> u32 {
        self.sent += 1;
        let frame = ClientFrame { seq: self.sent, ack: self.seen, body: Some(body) };
        let answer = self.push(vec![frame]).await.expect("the push is taken");
        assert_eq!(answer.ack, self.sent);
        self.sent
    }

    pub(crate) async fn join(&mut self, room: &str) -> Joined {
        let seq = self.send(join(room)).await;
        let frame = self.next().await;
        assert_eq!(frame.reply_to, seq);
        let Some(Down::Joined(joined)) = frame.body else { panic!("not joined: {frame:?}") };
        joined
    }

    /// Expects an empty push to fail like this.
    pub(crate) async fn push_fails(&mut self, code: Code, reason: &str) {
        let status = self.push(Vec::new()).await.expect_err("the push must fail");
        assert_eq!((status.code(), frames::reason(&status).as_str()), (code, reason));
    }
}
