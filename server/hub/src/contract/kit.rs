//! The test kit of the contract suite: a world with its own clock, and clients that follow the protocol.

mod client;
mod requests;
mod wait;
mod world;

pub(super) use self::wait::WAIT_LIMIT;
pub use self::{
    client::{Client, WrittenCount},
    requests::{direct, in_room, join, room_name, text_bytes},
    wait::{Answer, BlockingWaker, answer, repeat, wait},
    world::World,
};
