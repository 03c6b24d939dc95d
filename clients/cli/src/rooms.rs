//! `wigwag rooms`: over RoomService.

mod watch;

use std::collections::HashMap;

use clap::{Args, Subcommand, ValueEnum};
use wigwag_proto::v1::{
    CreateRoomRequest, DuplicateUsers, EndRoomRequest, GetRoomRequest, ListRoomsRequest, RoomInfo, UpdateRoomRequest,
};

use crate::{
    duration::{age, parse_ms, short},
    exit::Exit,
    failure::Failure,
    globals::Globals,
    metadata::{key_and_value, metadata_text},
    output::{Output, columns, dash, fields},
    remote::{self, PAGE_SIZE},
    target::Target,
};

#[derive(Debug, Subcommand)]
pub(crate) enum RoomsCommand {
    /// List the rooms by name
    List(ListArgs),
    /// Show a room
    Get(RoomArgs),
    /// Create an empty room
    Create(CreateArgs),
    /// Change a room; its members are told
    Update(UpdateArgs),
    /// End rooms; their members leave
    End(EndArgs),
    /// Show rooms, and each change of rooms and members as it happens
    Watch(watch::WatchArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only rooms whose name begins with this
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
    /// Most rooms to list
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct RoomArgs {
    /// Name of the room
    room: String,
}

#[derive(Debug, Args)]
pub(crate) struct EndArgs {
    /// Names of the rooms
    #[arg(required = true, value_name = "ROOM")]
    rooms: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Name of the room; without one the server makes one that cannot be guessed
    room: Option<String>,
    #[command(flatten)]
    settings: Settings,
    /// Idempotency key: the same command with the same key within 60 s creates nothing and shows the same room
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// Name of the room
    room: String,
    #[command(flatten)]
    settings: Settings,
}

/// What can be set of a room.
#[derive(Debug, Args)]
struct Settings {
    /// Name for people
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// Most members; 0 = the server's limit
    #[arg(long, value_name = "COUNT")]
    max_members: Option<u32>,
    /// What happens when a user who is a member joins
    #[arg(long, value_enum, value_name = "RULE")]
    duplicate_users: Option<Rule>,
    /// Metadata; may be repeated. An update with an empty value deletes the key
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    metadata: Vec<(String, String)>,
    /// How long the room may be empty before it ends, such as 5m
    #[arg(long, value_name = "TIME", value_parser = parse_ms)]
    empty_timeout: Option<u32>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Rule {
    /// Both are members
    Allow,
    /// The join fails
    Reject,
    /// The new one replaces the old one
    Replace,
}

impl Settings {
    fn duplicate_users(&self) -> i32 {
        let rule = match self.duplicate_users {
            None => DuplicateUsers::Unspecified,
            Some(Rule::Allow) => DuplicateUsers::Allow,
            Some(Rule::Reject) => DuplicateUsers::Reject,
            Some(Rule::Replace) => DuplicateUsers::Replace,
        };
        rule.into()
    }

    fn metadata(&self) -> HashMap<String, String> {
        self.metadata.iter().cloned().collect()
    }

    fn is_empty(&self) -> bool {
        self.display_name.is_none()
            && self.max_members.is_none()
            && self.duplicate_users.is_none()
            && self.metadata.is_empty()
            && self.empty_timeout.is_none()
    }
}

pub(crate) async fn run(command: &RoomsCommand, globals: &Globals, output: Output) -> Result<Exit, Failure> {
    let target = Target::resolve(globals, output)?;
    match command {
        RoomsCommand::List(arguments) => list(arguments, &target, output).await,
        RoomsCommand::Get(RoomArgs { room }) => {
            let request = GetRoomRequest { room: room.clone() };
            let response = remote::rooms(&target).await?.get_room(request).await?.into_inner();
            show(response.room_info, output)
        }
        RoomsCommand::Create(arguments) => create(arguments, &target, output).await,
        RoomsCommand::Update(arguments) => update(arguments, &target, output).await,
        RoomsCommand::End(arguments) => end(arguments, &target, output).await,
        RoomsCommand::Watch(arguments) => watch::run(arguments, &target, output).await,
    }
}

async fn list(arguments: &ListArgs, target: &Target, output: Output) -> Result<Exit, Failure> {
    let mut client = remote::rooms(target).await?;
    let limit = arguments.limit.unwrap_or(usize::MAX);
    let prefix = arguments.prefix.as_deref().unwrap_or_default();
    let mut rooms: Vec<RoomInfo> = Vec::new();
    let mut page_token = String::new();
    while rooms.len() < limit {
        let page = client.list_rooms(ListRoomsRequest { page_size: PAGE_SIZE, page_token }).await?.into_inner();
        rooms.extend(page.rooms.into_iter().filter(|room| room.room.starts_with(prefix)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    rooms.truncate(limit);
    output.show(&rooms, || {
        let row = |room: &RoomInfo| {
            let limit = if room.max_members == 0 { "-".to_owned() } else { room.max_members.to_string() };
            [
                room.room.clone(),
                room.member_count.to_string(),
                limit,
                age(room.created_at),
                dash(&room.owner),
                room.display_name.clone(),
            ]
        };
        columns(["ROOM", "MEMBERS", "LIMIT", "AGE", "OWNER", "NAME"], rooms.iter().map(row))
    })
}

async fn create(arguments: &CreateArgs, target: &Target, output: Output) -> Result<Exit, Failure> {
    let settings = &arguments.settings;
    let request = CreateRoomRequest {
        room: arguments.room.clone().unwrap_or_default(),
        display_name: settings.display_name.clone().unwrap_or_default(),
        max_members: settings.max_members.unwrap_or_default(),
        duplicate_users: settings.duplicate_users(),
        metadata: settings.metadata(),
        empty_timeout_ms: settings.empty_timeout.unwrap_or_default(),
        request_id: arguments.request_id.clone().unwrap_or_default(),
    };
    let response = remote::rooms(target).await?.create_room(request).await?.into_inner();
    show(response.room_info, output)
}

async fn update(arguments: &UpdateArgs, target: &Target, output: Output) -> Result<Exit, Failure> {
    let settings = &arguments.settings;
    if settings.is_empty() {
        return Err(Failure::new(Exit::Usage, "there is nothing to change").with_hint(
            "name what with --display-name, --max-members, --duplicate-users, --metadata or --empty-timeout",
        ));
    }
    let request = UpdateRoomRequest {
        room: arguments.room.clone(),
        display_name: settings.display_name.clone(),
        max_members: settings.max_members,
        duplicate_users: settings.duplicate_users(),
        metadata: settings.metadata(),
        empty_timeout_ms: settings.empty_timeout,
    };
    let response = remote::rooms(target).await?.update_room(request).await?.into_inner();
    show(response.room_info, output)
}

async fn end(arguments: &EndArgs, target: &Target, output: Output) -> Result<Exit, Failure> {
    let mut client = remote::rooms(target).await?;
    for (index, room) in arguments.rooms.iter().enumerate() {
        let ended = client.end_room(EndRoomRequest { room: room.clone() }).await;
        ended.map_err(|status| {
            let mut failure = Failure::from(status);
            if index > 0 {
                failure.message = format!("{room:?}: {}; the {index} before it were ended", failure.message);
            }
            failure
        })?;
    }
    output.done(&format!("ended {}", arguments.rooms.join(", ")))
}

fn show(room: Option<RoomInfo>, output: Output) -> Result<Exit, Failure> {
    let room = room.unwrap_or_default();
    output.show(&room, || {
        let limit = if room.max_members == 0 { "the server's limit".to_owned() } else { room.max_members.to_string() };
        let mut rows = vec![
            ("room", room.room.clone()),
            ("name", room.display_name.clone()),
            ("members", format!("{} of {limit}", room.member_count)),
            ("owner", dash(&room.owner)),
            ("users twice", rule_name(room.duplicate_users()).to_owned()),
            ("ends when empty for", short(std::time::Duration::from_millis(room.empty_timeout_ms.into()))),
            ("created", room.created_at.map(|at| format!("{at} ({} ago)", age(Some(at)))).unwrap_or_default()),
            ("version", room.version.to_string()),
        ];
        rows.push(("metadata", metadata_text(&room.metadata)));
        fields(rows)
    })
}

fn rule_name(rule: DuplicateUsers) -> &'static str {
    match rule {
        DuplicateUsers::Unspecified | DuplicateUsers::Allow => "allow",
        DuplicateUsers::Reject => "reject",
        DuplicateUsers::Replace => "replace",
    }
}
