//! The memory backend keeps the contract, as it is and when its answers come later.

use std::sync::Arc;

use wigwag_hub::{
    MemoryBackend,
    contract::{CASES, later::Later, suite},
};

#[test]
fn memory() {
    suite(|limits| Arc::new(MemoryBackend::new(limits)));
}

#[test]
fn memory_that_answers_later() {
    suite(|limits| Arc::new(Later::new(Arc::new(MemoryBackend::new(limits)))));
}

#[test]
fn cases_have_names_of_their_own() {
    let mut names: Vec<_> = CASES.iter().map(|case| case.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CASES.len());
}
