//! Deliberate defects, so that the tests can be tested.
//!
//! `scripts/sabotage.sh` builds the hub with `--cfg wigwag_sabotage` and runs its tests once for each name that appears in
//! `sabotaged!`, expecting them to fail. In any other build each is `false`, and the compiler removes it.

/// Whether the defect of that name is to be shown.
#[cfg(not(wigwag_sabotage))]
macro_rules! sabotaged {
    ($name:literal) => {
        false
    };
}

#[cfg(wigwag_sabotage)]
macro_rules! sabotaged {
    ($name:literal) => {
        $crate::sabotage::chosen($name)
    };
}

/// Whether `WIGWAG_SABOTAGE` names this defect.
#[cfg(wigwag_sabotage)]
pub(crate) fn chosen(name: &str) -> bool {
    use std::{env, sync::LazyLock};

    static CHOSEN: LazyLock<String> = LazyLock::new(|| env::var("WIGWAG_SABOTAGE").unwrap_or_default());
    *CHOSEN == name
}

/// Lets other threads go first now and then, so that what happens between two locks is more than a few nanoseconds.
#[cfg(wigwag_sabotage)]
pub(crate) fn stumble() {
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        thread,
    };

    static STEPS: AtomicU32 = AtomicU32::new(0);
    if STEPS.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9) >> 28 == 0 {
        thread::yield_now();
    }
}
