//! Unmasks the payloads of client frames (RFC 6455, section 5.3).

/// Removes or applies the mask.
pub(super) fn unmask(bytes: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    // Whole words, which the compiler vectorizes.
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(wide.to_ne_bytes()) {
        *byte ^= mask;
    }
}

/// Returns the mask for the bytes that follow the first `done` bytes.
pub(super) fn advance(mut mask: [u8; 4], done: usize) -> [u8; 4] {
    mask.rotate_left(done % 4);
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_length_is_unmasked_in_one_piece_and_in_two() {
        let mask = [0x12, 0x34, 0x56, 0xF8];
        for len in 0..70_u8 {
            let plain: Vec<u8> = (0..len).map(|byte| byte.wrapping_mul(37)).collect();
            let masked: Vec<u8> = plain.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]).collect();
            for cut in 0..=plain.len() {
                let mut bytes = masked.clone();
                let (one, other) = bytes.split_at_mut(cut);
                unmask(one, mask);
                unmask(other, advance(mask, cut));
                assert_eq!(bytes, plain, "{len} bytes cut at {cut}");
            }
        }
    }
}
