//! The numbers a setting may have.

use std::fmt;

/// The least and the greatest value of a numeric setting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) key: &'static str,
    least: u64,
    most: u64,
    unit: &'static str,
}

impl Range {
    pub(super) const fn new(key: &'static str, least: u64, most: u64) -> Self {
        Self { key, least, most, unit: "" }
    }

    pub(super) const fn ms(key: &'static str, least: u64, most: u64) -> Self {
        Self { key, least, most, unit: " milliseconds" }
    }

    pub(super) const fn bytes(key: &'static str, least: u64, most: u64) -> Self {
        Self { key, least, most, unit: " bytes" }
    }

    pub(super) fn contains(&self, value: i64) -> bool {
        u64::try_from(value).is_ok_and(|value| (self.least..=self.most).contains(&value))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {} to {}{}", self.least, self.most, self.unit)
    }
}
