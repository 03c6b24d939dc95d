//! The memory backend passes the contract suite, directly and with delayed answers.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use wigwag_hub::{
    MemoryBackend,
    contract::{CASES, later::Later, suite},
};

#[test]
fn memory_backend() {
    suite(|limits| Arc::new(MemoryBackend::new(limits)));
}

#[test]
fn memory_backend_that_answers_later() {
    suite(|limits| Arc::new(Later::new(Arc::new(MemoryBackend::new(limits)))));
}

#[test]
fn memory_backend_behind_a_store_that_fails() {
    let rounds = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(10);
    let seed = AtomicU64::new(0);
    for _ in 0..rounds {
        suite(|limits| {
            let seed = seed.fetch_add(1, Ordering::Relaxed);
            Arc::new(Later::with_faults(Arc::new(MemoryBackend::new(limits)), seed))
        });
    }
}

#[test]
fn case_names_are_unique() {
    let mut names: Vec<_> = CASES.iter().map(|case| case.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CASES.len());
}
