//! The settings of rooms, and the options for joining or creating one.

use std::{collections::HashMap, time::SystemTime};

use wigwag_proto::v1;

use crate::{
    member::{PeerId, point_in_time},
    sealing,
};

/// A room's settings and counters.
///
/// ```no_run
/// # fn example(room: wigwag_client::Room) {
/// let info = room.info();
/// println!("{} belongs to {:?}", info.name, info.owner);
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomInfo {
    /// Name: 1 to 128 bytes of UTF-8 without control characters, compared byte by byte.
    pub name: String,
    /// The name shown to people, at most 128 bytes. May be empty.
    pub display_name: String,
    /// Limits the members at a time. 0: the server's limit applies (1,000 by default).
    pub max_members: u32,
    /// The number of members at `version`, including this session and reconnecting members.
    pub member_count: u32,
    /// What happens when a user joins who is a member already.
    pub duplicate_users: DuplicateUsers,
    /// The room's key-value pairs, at most 4 KiB in total.
    pub metadata: HashMap<String, String>,
    /// The peer that may end the room and remove members. `None` if the room has no owner.
    pub owner: Option<PeerId>,
    /// When the room was created, by the server's clock.
    pub created_at: Option<SystemTime>,
    /// Increases with every change of the room and its members, from 1.
    pub version: u32,
}

/// What a room does when a user joins who is a member already. Applies only to users from tokens.
///
/// ```
/// use wigwag_client::{DuplicateUsers, NewRoom};
///
/// // A user who joins from another device replaces the older membership.
/// let room = NewRoom::named("desk").duplicate_users(DuplicateUsers::Replace);
/// # let _ = room;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DuplicateUsers {
    /// Both are members.
    #[default]
    Allow,
    /// The new join is refused with `USER_TAKEN`.
    Reject,
    /// The new join succeeds; the older membership ends with `REPLACED`.
    Replace,
}

/// Options for joining a room.
///
/// ```no_run
/// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
/// use wigwag_client::JoinOptions;
///
/// let options = JoinOptions::default().display_name("The host").metadata("device", "phone");
/// let room = session.join_with("demo", options).await?;
/// # let _ = room;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct JoinOptions {
    pub(crate) display_name: String,
    pub(crate) metadata: HashMap<String, String>,
    pub(crate) secret: Option<sealing::Secret>,
}

impl JoinOptions {
    /// Sets the name shown to people in this room, at most 128 bytes. Default: the session's.
    ///
    /// ```
    /// use wigwag_client::JoinOptions;
    ///
    /// let options = JoinOptions::default().display_name("The host");
    /// # let _ = options;
    /// ```
    #[must_use]
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = name.into();
        self
    }

    /// Adds a key-value pair to the member's metadata in this room, at most 4 KiB in total. Default: the session's.
    ///
    /// ```
    /// use wigwag_client::JoinOptions;
    ///
    /// let options = JoinOptions::default().metadata("device", "phone");
    /// # let _ = options;
    /// ```
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Encrypts what is sent in this room and decrypts what is received: see [`seal`](crate::seal). Joining a room again
    /// with another secret replaces the secret. Default: the session's.
    ///
    /// ```
    /// use wigwag_client::{JoinOptions, seal::RoomSecret};
    ///
    /// let options = JoinOptions::default().room_secret(RoomSecret::key([7; 32]));
    /// # let _ = options;
    /// ```
    #[cfg(feature = "seal")]
    #[must_use]
    pub fn room_secret(mut self, secret: crate::seal::RoomSecret) -> Self {
        self.secret = Some(secret);
        self
    }
}

/// Options for creating a room.
///
/// ```
/// use wigwag_client::{DuplicateUsers, NewRoom};
///
/// let room = NewRoom::named("standup").max_members(2).duplicate_users(DuplicateUsers::Reject);
/// # let _ = room;
/// ```
#[derive(Debug, Clone, Default)]
pub struct NewRoom {
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) max_members: u32,
    pub(crate) duplicate_users: DuplicateUsers,
    pub(crate) metadata: HashMap<String, String>,
    pub(crate) secret: Option<sealing::Secret>,
}

impl NewRoom {
    /// Names the room: 1 to 128 bytes of UTF-8 without control characters.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::NewRoom;
    ///
    /// let room = session.create_room(NewRoom::named("standup")).await?;
    /// assert!(room.was_created());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Leaves the name to the server, which makes one that cannot be guessed.
    ///
    /// ```no_run
    /// # async fn example(session: wigwag_client::Session) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::NewRoom;
    ///
    /// let room = session.create_room(NewRoom::unnamed()).await?;
    /// println!("invite others to {}", room.name());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn unnamed() -> Self {
        Self::default()
    }

    /// Sets the name shown to people, at most 128 bytes. Default: empty.
    ///
    /// ```
    /// use wigwag_client::NewRoom;
    ///
    /// let room = NewRoom::unnamed().display_name("Weekly review");
    /// # let _ = room;
    /// ```
    #[must_use]
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = name.into();
        self
    }

    /// Limits the members at a time. Default: 0, the server's limit.
    ///
    /// ```
    /// use wigwag_client::NewRoom;
    ///
    /// let room = NewRoom::unnamed().max_members(2);
    /// # let _ = room;
    /// ```
    #[must_use]
    pub fn max_members(mut self, members: u32) -> Self {
        self.max_members = members;
        self
    }

    /// Sets what happens when a user joins who is a member already. Default: allow.
    ///
    /// ```
    /// use wigwag_client::{DuplicateUsers, NewRoom};
    ///
    /// let room = NewRoom::named("exam").duplicate_users(DuplicateUsers::Reject);
    /// # let _ = room;
    /// ```
    #[must_use]
    pub fn duplicate_users(mut self, rule: DuplicateUsers) -> Self {
        self.duplicate_users = rule;
        self
    }

    /// Adds a key-value pair to the room's metadata, at most 4 KiB in total.
    ///
    /// ```
    /// use wigwag_client::NewRoom;
    ///
    /// let room = NewRoom::named("standup").metadata("topic", "releases");
    /// # let _ = room;
    /// ```
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Encrypts what is sent in this room and decrypts what is received: see [`seal`](crate::seal). If the room has no name,
    /// this client makes one, since the keys depend on it. Default: the session's.
    ///
    /// ```
    /// use wigwag_client::{NewRoom, seal::RoomSecret};
    ///
    /// let room = NewRoom::unnamed().room_secret(RoomSecret::key([7; 32]));
    /// # let _ = room;
    /// ```
    #[cfg(feature = "seal")]
    #[must_use]
    pub fn room_secret(mut self, secret: crate::seal::RoomSecret) -> Self {
        self.secret = Some(secret);
        self
    }
}

impl From<v1::RoomInfo> for RoomInfo {
    fn from(info: v1::RoomInfo) -> Self {
        let duplicate_users = match info.duplicate_users() {
            v1::DuplicateUsers::Reject => DuplicateUsers::Reject,
            v1::DuplicateUsers::Replace => DuplicateUsers::Replace,
            v1::DuplicateUsers::Allow | v1::DuplicateUsers::Unspecified => DuplicateUsers::Allow,
        };
        Self {
            name: info.room,
            display_name: info.display_name,
            max_members: info.max_members,
            member_count: info.member_count,
            duplicate_users,
            metadata: info.metadata,
            owner: (!info.owner.is_empty()).then(|| info.owner.into()),
            created_at: point_in_time(info.created_at),
            version: info.version,
        }
    }
}

impl From<DuplicateUsers> for v1::DuplicateUsers {
    fn from(rule: DuplicateUsers) -> Self {
        match rule {
            DuplicateUsers::Allow => Self::Allow,
            DuplicateUsers::Reject => Self::Reject,
            DuplicateUsers::Replace => Self::Replace,
        }
    }
}

impl From<NewRoom> for v1::CreateRoom {
    fn from(room: NewRoom) -> Self {
        Self {
            room: room.name,
            display_name: room.display_name,
            max_members: room.max_members,
            duplicate_users: v1::DuplicateUsers::from(room.duplicate_users).into(),
            metadata: room.metadata,
        }
    }
}
