//! `wigwag members`: over RoomService.

use clap::{Args, Subcommand};
use wigwag_proto::v1::{
    GetMemberRequest, ListMembersRequest, Member, RemoveMemberRequest,
    member::{Role, State},
};

use crate::{
    duration::age,
    exit::Exit,
    failure::Failure,
    globals::Globals,
    metadata::metadata_text,
    output::{Output, columns, dash, fields},
    remote::{self, PAGE_SIZE},
    target::Target,
};

#[derive(Debug, Subcommand)]
pub(crate) enum MembersCommand {
    /// List the members of a room in the order in which they joined
    List(ListArgs),
    /// Show a member
    Get(MemberArgs),
    /// Remove a member from a room
    Remove(RemoveArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Name of the room
    room: String,
    /// Most members to list
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct MemberArgs {
    /// Name of the room
    room: String,
    /// Peer id of the member
    peer_id: String,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    #[command(flatten)]
    member: MemberArgs,
    /// Refuse further joins until the room ends, by the user of the member's token or else by its peer id
    #[arg(long)]
    ban: bool,
}

pub(crate) async fn run(command: &MembersCommand, globals: &Globals, output: Output) -> Result<Exit, Failure> {
    let target = Target::resolve(globals, output)?;
    match command {
        MembersCommand::List(arguments) => list(arguments, &target, output).await,
        MembersCommand::Get(MemberArgs { room, peer_id }) => {
            let request = GetMemberRequest { room: room.clone(), peer_id: peer_id.clone() };
            let response = remote::rooms(&target).await?.get_member(request).await?.into_inner();
            let member = response.member.unwrap_or_default();
            output.show(&member, || shown(&member))
        }
        MembersCommand::Remove(RemoveArgs { member: MemberArgs { room, peer_id }, ban }) => {
            let request = RemoveMemberRequest { room: room.clone(), peer_id: peer_id.clone(), ban: *ban };
            remote::rooms(&target).await?.remove_member(request).await?;
            output.done(&format!("{} {peer_id} from {room}", if *ban { "banned" } else { "removed" }))
        }
    }
}

async fn list(arguments: &ListArgs, target: &Target, output: Output) -> Result<Exit, Failure> {
    let mut client = remote::rooms(target).await?;
    let limit = arguments.limit.unwrap_or(usize::MAX);
    let mut members: Vec<Member> = Vec::new();
    let mut page_token = String::new();
    while members.len() < limit {
        let request = ListMembersRequest { room: arguments.room.clone(), page_size: PAGE_SIZE, page_token };
        let page = client.list_members(request).await?.into_inner();
        members.extend(page.members);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    members.truncate(limit);
    output.show(&members, || {
        let row = |member: &Member| {
            [
                member.peer_id.clone(),
                dash(&member.user_id),
                role(member).to_owned(),
                state(member).to_owned(),
                age(member.joined_at),
                member.display_name.clone(),
            ]
        };
        columns(["PEER", "USER", "ROLE", "STATE", "AGE", "NAME"], members.iter().map(row))
    })
}

fn shown(member: &Member) -> String {
    fields([
        ("peer", member.peer_id.clone()),
        ("user", member.user_id.clone()),
        ("name", member.display_name.clone()),
        ("role", role(member).to_owned()),
        ("state", state(member).to_owned()),
        ("joined", member.joined_at.map(|at| format!("{at} ({} ago)", age(Some(at)))).unwrap_or_default()),
        ("metadata", metadata_text(&member.metadata)),
    ])
}

pub(crate) fn role(member: &Member) -> &'static str {
    match member.role() {
        Role::Owner => "owner",
        Role::Member | Role::Unspecified => "member",
    }
}

pub(crate) fn state(member: &Member) -> &'static str {
    match member.state() {
        State::Online => "online",
        State::Reconnecting => "reconnecting",
        State::Unspecified => "-",
    }
}
