//! Runs the scenarios of `clients/conformance` against a real server, and prints the result of each.
//!
//!     cargo build -p wigwag-server
//!     cargo test -p wigwag-client --test conformance -- --nocapture
//!
//! `WIGWAG_SCENARIO=resume` runs only those whose file name contains that word, `WIGWAG_SCENARIOS` names another folder.

mod actor;
mod backend;
mod expectation;
mod fields;
mod payload;
mod play;
#[path = "../support/proxy.rs"]
mod proxy;
mod scenario;
// Shared with the live tests, which use the other functions.
#[allow(dead_code)]
#[path = "../support/server.rs"]
mod server;
mod step;

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::JoinSet, time::Instant};

use self::scenario::Scenario;

/// Limits a step.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Limits the scenarios that run at the same time, each with a server process.
const AT_A_TIME: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenarios() -> Result<(), String> {
    let wanted = std::env::var("WIGWAG_SCENARIO").unwrap_or_default();
    let slots = Arc::new(Semaphore::new(AT_A_TIME));
    let mut plays = JoinSet::new();
    for (name, scenario) in scenario::all().into_iter().filter(|(name, _)| name.contains(&wanted)) {
        let slots = slots.clone();
        plays.spawn(async move {
            let _slot = slots.acquire().await.expect("never closed");
            let since = Instant::now();
            let title = scenario.title.clone();
            (name, title, played(scenario).await, since.elapsed())
        });
    }
    let mut results = plays.join_all().await;
    results.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    assert!(!results.is_empty(), "no scenario is called {wanted:?}");
    let mut failed = 0;
    for (name, title, result, took) in &results {
        let verdict = match result {
            Ok(()) => "ok".to_owned(),
            Err(why) => {
                failed += 1;
                format!("FAILED {why}")
            }
        };
        println!("{name:<26} {:>6.2} s  {title}: {verdict}", took.as_secs_f32());
    }
    println!("{} scenarios, {failed} failed", results.len());
    if failed == 0 { Ok(()) } else { Err(format!("{failed} scenarios failed: the table above says why")) }
}

async fn played(scenario: Scenario) -> Result<(), String> {
    if let Some(need) = scenario.needs.iter().find(|need| *need != "seal") {
        return Err(format!("needs {need:?}, which this runner does not know"));
    }
    play::play(scenario).await
}
