//! The memory backend passes the contract suite, directly and with delayed answers.

use std::sync::Arc;

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
fn case_names_are_unique() {
    let mut names: Vec<_> = CASES.iter().map(|case| case.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CASES.len());
}
