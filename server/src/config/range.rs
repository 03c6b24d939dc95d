//! The range of a numeric setting.

use std::fmt;

/// The smallest and the largest value of a numeric setting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) key: &'static str,
    min: u64,
    max: u64,
    unit: &'static str,
}

impl Range {
    pub(super) const fn new(key: &'static str, min: u64, max: u64) -> Self {
        Self { key, min, max, unit: "" }
    }

    pub(super) const fn ms(key: &'static str, min: u64, max: u64) -> Self {
        Self { key, min, max, unit: " milliseconds" }
    }

    pub(super) const fn bytes(key: &'static str, min: u64, max: u64) -> Self {
        Self { key, min, max, unit: " bytes" }
    }

    pub(super) fn contains(&self, value: i64) -> bool {
        u64::try_from(value).is_ok_and(|value| (self.min..=self.max).contains(&value))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {} to {}{}", self.min, self.max, self.unit)
    }
}
