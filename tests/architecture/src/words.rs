//! The words of the prose.
