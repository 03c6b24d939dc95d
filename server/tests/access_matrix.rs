//! Random users with random grants, and clients with random tickets, do random things over every transport, every compatibility
//! protocol and REST, beside a model written from the tables of docs/access.md and docs/compatibility-protocols.md: everything
//! that arrives must be as the model says, the texts of refusals included.
//!
//! `WIGWAG_ACCESS_STEPS` sets the number of steps (`make access-matrix` does a million), `WIGWAG_ACCESS_WORLDS` the number of
//! worlds that share them: each has its own server and seed, and its own thread. `SEED` is the seed of the first one.

#[path = "websocket/client.rs"]
mod client;
#[path = "access_matrix/client_steps.rs"]
mod client_steps;
#[path = "access_matrix/compat.rs"]
mod compat;
#[path = "access_matrix/grants.rs"]
mod grants;
#[path = "access_matrix/model.rs"]
mod model;
#[path = "access_matrix/native.rs"]
mod native;
#[path = "access_matrix/native_steps.rs"]
mod native_steps;
#[path = "access_matrix/random.rs"]
mod random;
#[path = "access_matrix/rest.rs"]
mod rest;
#[path = "access_matrix/rest_steps.rs"]
mod rest_steps;
#[path = "shell/running.rs"]
mod running;
#[path = "tokens/server.rs"]
mod server;
#[path = "support/transports.rs"]
mod transports;
#[path = "access_matrix/world.rs"]
mod world;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use world::World;

/// Steps after which all participants read what has arrived, whether or not anything was to arrive.
const STEPS_TO_A_FENCE: usize = 100;

/// Plays until the steps are done, or another world has failed.
async fn play(seed: u64, steps: usize, failed: &AtomicBool) {
    let mut world = World::new(seed).await;
    for step in 1..=steps {
        if failed.load(Ordering::Relaxed) {
            return;
        }
        match world.rng.below(20) {
            0..=3 => world.client_step().await,
            4..=7 => world.rest_step().await,
            _ => world.native_step().await,
        }
        if step % STEPS_TO_A_FENCE == 0 {
            world.fence_all().await;
        }
        if step % 50_000 == 0 {
            println!("seed {seed}: {step} steps");
        }
    }
    world.fence_all().await;
}

/// Sets a flag if it is dropped by a panic.
struct Failure<'a>(&'a AtomicBool);

impl Drop for Failure<'_> {
    fn drop(&mut self) {
        self.0.fetch_or(thread::panicking(), Ordering::Relaxed);
    }
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn no_one_gets_more_than_the_docs_say() {
    let (steps, worlds, seed) =
        (number("WIGWAG_ACCESS_STEPS", 20_000), number("WIGWAG_ACCESS_WORLDS", 2), number("SEED", 1));
    println!("{steps} steps in {worlds} worlds from seed {seed}");
    let failed = AtomicBool::new(false);
    thread::scope(|scope| {
        for world in 0..worlds {
            let failed = &failed;
            scope.spawn(move || {
                let _failure = Failure(failed);
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(play((seed + world) as u64, steps / worlds, failed));
            });
        }
    });
}
