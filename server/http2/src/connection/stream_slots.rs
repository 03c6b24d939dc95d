//! Which bit of a connection's [`WakeSet`](wigwag_poll::WakeSet) stands for which stream.
//!
//! Streams run in the task of their connection, and only those that were woken are polled. The set has 63 bits: three for
//! the driver's [`sources`](crate::sources), the others for the slots of streams. Slots above the 60th share bits.

/// The first bit for streams.
const FIRST: usize = 3;
/// The number of bits for streams.
const BITS: usize = 60;

/// Returns the bit of a stream's slot.
pub(super) fn slot_bit(slot: usize) -> u64 {
    1 << (FIRST + slot % BITS)
}

/// Returns the slots below `len` whose bits are in `woken`.
pub(super) fn slots(woken: u64, len: usize) -> impl Iterator<Item = usize> {
    let mut bits = (woken & (u64::MAX >> 1)) >> FIRST;
    let next = move || {
        let bit = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (bit < BITS).then_some(bit)
    };
    std::iter::from_fn(next).flat_map(move |bit| (bit..len).step_by(BITS))
}

/// Returns whether [`slots`] yields `slot` after `other`.
pub(super) fn comes_after(slot: usize, other: usize) -> bool {
    (slot % BITS, slot) > (other % BITS, other)
}

/// A slot after which [`slots`] yields no other, as long as there are not more slots than bits.
pub(super) const LAST_SLOT: usize = BITS - 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    #[test]
    fn slots_above_the_number_of_bits_share_them() {
        assert_eq!(slots(slot_bit(0) | slot_bit(5), 4).collect::<Vec<_>>(), [0]);
        let woken = slot_bit(1) | slot_bit(62) | sources::ALL;
        assert_eq!(slots(woken, 130).collect::<Vec<_>>(), [1, 61, 121, 2, 62, 122]);
        assert_eq!(slots(u64::MAX, 200).count(), 200);
        assert!(slots(u64::MAX, 200).is_sorted_by(|slot, next| comes_after(*next, *slot)));
    }
}
