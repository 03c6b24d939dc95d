//! The Huffman code for strings (RFC 7541, section 5.2 and appendix B).

use super::DecodeError;

/// The length in bits of the code of each byte; the last one is that of EOS.
///
/// The code is canonical: codes of one length are consecutive numbers in the order of their bytes, and the first of a
/// length follows the last of the length before. So the lengths determine the code.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
     6, 10, 10, 12, 13,  6,  8, 11, 10, 10,  8, 11,  8,  6,  6,  6,
     5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8, 15,  6, 12, 10,
    13,  6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,
     7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8, 13, 19, 13, 14,  6,
    15,  5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,
     6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// The lengths of the shortest and the longest code, and of the longest one that a look-up of one byte finds.
const SHORTEST: u32 = 5;
const SHORT: u32 = 8;
const LONGEST: u32 = 30;

/// Appends the decoded string to `out`. It is at most 8/5 as long as the coded one, since the shortest code has five bits.
///
/// Fails for EOS in the string and for padding that is longer than seven bits or not all ones.
pub(super) fn decode(mut coded: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
    out.reserve(coded.len().saturating_mul(8) / 5);
    // The bits read but not decoded yet, from the most significant one, and zeros below them.
    let (mut bits, mut held) = (0_u64, 0_u32);
    loop {
        while held < 32 {
            if let Some((chunk, rest)) = coded.split_first_chunk() {
                bits |= u64::from(u32::from_be_bytes(*chunk)) << (32 - held);
                (coded, held) = (rest, held + 32);
            } else if let Some((byte, rest)) = coded.split_first() {
                bits |= u64::from(*byte) << (56 - held);
                (coded, held) = (rest, held + 8);
            } else {
                break;
            }
        }
        // Bits after the end are set, as in EOS, so that padding does not decode to a byte.
        let window = ((bits | (u64::MAX >> held)) >> 32) as u32;
        match next(window) {
            Some((byte, length)) if length <= held => {
                out.push(byte);
                bits <<= length;
                held -= length;
            }
            _ if held < 8 && window == u32::MAX => return Ok(()),
            _ => return Err(DecodeError),
        }
    }
}

/// Returns the byte whose code these bits start with, and the length of the code; `None` for EOS.
fn next(window: u32) -> Option<(u8, u32)> {
    let (byte, length) = CODES.short[(window >> 24) as usize];
    if length != 0 {
        return Some((byte, u32::from(length)));
    }
    let (length, level) = (SHORT + 1..).zip(&CODES.long).find(|(_, level)| window <= level.last)?;
    let rank = (window >> (32 - length)).wrapping_sub(level.skew);
    Some((*CODES.bytes.get(rank as usize)?, length))
}

static CODES: Codes = Codes::new();

/// Tables for decoding, derived from [`LENGTHS`].
struct Codes {
    /// For each value of the next eight bits, the byte whose code they start with and the length of that code; 0 if it is
    /// longer than eight bits.
    short: [(u8, u8); 256],
    /// For each length above that of `short`.
    long: [Level; (LONGEST - SHORT) as usize],
    /// All bytes in the order of their codes, without EOS, which would be the last.
    bytes: [u8; 256],
}

#[derive(Clone, Copy)]
struct Level {
    /// The largest 32 bits that start with a code of this length or of a shorter one.
    last: u32,
    /// The difference between a code of this length and its rank among all codes.
    skew: u32,
}

impl Codes {
    const fn new() -> Self {
        let mut codes = Self {
            short: [(0, 0); 256],
            long: [Level { last: 0, skew: 0 }; (LONGEST - SHORT) as usize],
            bytes: [0; 256],
        };
        let (mut code, mut rank, mut length) = (0, 0, SHORTEST);
        while length <= LONGEST {
            let skew = code - rank;
            let mut symbol = 0;
            while symbol < LENGTHS.len() {
                if LENGTHS[symbol] as u32 == length {
                    if symbol < 256 {
                        codes.bytes[rank as usize] = symbol as u8;
                    }
                    let mut entry = 0;
                    while length <= SHORT && entry < 1 << (SHORT - length) {
                        codes.short[((code << (SHORT - length)) + entry) as usize] = (symbol as u8, length as u8);
                        entry += 1;
                    }
                    code += 1;
                    rank += 1;
                }
                symbol += 1;
            }
            if length > SHORT {
                let last = (((code as u64) << (32 - length)) - 1) as u32;
                codes.long[(length - SHORT - 1) as usize] = Level { last, skew };
            }
            code <<= 1;
            length += 1;
        }
        codes
    }
}

/// Appends the coded string to `out`, bit by bit from the definition of the code and not from the decoder's tables.
#[cfg(test)]
pub(super) fn encode(text: &[u8], out: &mut Vec<u8>) {
    let mut bits: Vec<bool> = text.iter().flat_map(|byte| code_of(usize::from(*byte))).collect();
    bits.resize(bits.len().next_multiple_of(8), true);
    out.extend(bits.chunks(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | u8::from(*bit))));
}

/// Returns the bits of a symbol's code. Its value is the number of codes of the same length before it: those of smaller
/// symbols, and all that begin with a shorter code.
#[cfg(test)]
fn code_of(symbol: usize) -> Vec<bool> {
    let length = LENGTHS[symbol];
    let before = LENGTHS.iter().enumerate().filter(|(other, l)| (**l, *other) < (length, symbol));
    let code: u32 = before.map(|(_, shorter)| 1 << (length - shorter)).sum();
    (0..length).rev().map(|bit| code >> bit & 1 == 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).expect("digits"), 16).expect("digits"))
            .collect()
    }

    fn decoded(coded: &[u8]) -> Result<Vec<u8>, DecodeError> {
        let mut out = Vec::new();
        decode(coded, &mut out).map(|()| out)
    }

    fn encoded(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(text, &mut out);
        out
    }

    /// Parses a string of 0 and 1, padded with ones.
    fn bits(text: &str) -> Vec<u8> {
        let text = format!("{text:1<width$}", width = text.len().next_multiple_of(8));
        text.as_bytes().chunks(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | (bit & 1))).collect()
    }

    /// All 256 bytes in order, as Python's hpack 4.2 encodes them.
    const ALL: &str = "\
        ffc7fffd8fffffe2fffffe3fffffe4fffffe5fffffe6fffffe7fffffe8ffffeafffffff3fffffa7fffffabffffffdfffffebffff\
        fecfffffedfffffeefffffefffffff0ffffff1ffffff2fffffffbfffffcffffffd3fffffd7fffffdbfffffdffffffe3fffffe7ff\
        fffebfffffed4fe3f9ffaffcabf1febfafefe7fdfd2cbb00089969b71d79fb9f7fff20ffbff3ff50ddbd7f061c58f265cd9f469d\
        5af66dddbf871e5f9cff7ff7fffc3ff9ffe45fff4719242cb34e6e9d68a6a3d7dac426defe3cfaf7fffbfe7ffbffdffffffcfffe\
        6ffff4bfff9ffffa3fffd3ffff53fffd5ffffb3fffeb7fffdaffffb7ffff73fffeeffffdeffffebffffbfffffd9ffffdbfffebff\
        ffe0ffffeeffffc3ffff8bffff1ffffe4fffee7fffb1ffff97fffd9ffffcdffff9fffffbffffdafffeeffff4ffffb7fffee7fffe\
        8ffffd3fffdeffffd5fffeeffffbdffffe1fffdfffff7fffff5ffffecffff07fff87fffe0ffff17fffedffff87ffff77fffeffff\
        eaffff8bfffe3ffff93ffff87fffcbffff37ffff1fffff83ffffe1fffebfffe3ffff3fffff2ffffa3ffffd9fffff17ffffc7ffff\
        f27ffffdefffffbffffff2fffff8fffffb7fff97fff8fffffe6fffffc1fffff87ffffe7fffffc5ffffe5fffe4ffff2fffffd1fff\
        ff4ffffffefffffe3fffffc9fffff97fffb3ffffcffffb7fffcdffff4ffff9ffffd1ffffcffffeaffffafffffddffffeffffff4f\
        ffff5fffffabffffa7ffffd7fffff9bffffecfffffb7fffff3fffffe8fffffd3fffffabfffff5fffffff7ffffecfffffdbfffffb\
        bfffff7ffffff0fffffbbf";

    #[test]
    fn every_byte_is_decoded() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decoded(&hex(ALL)), Ok(all.clone()));
        assert_eq!(encoded(&all), hex(ALL));
        for byte in 0..=255 {
            for length in 1..10 {
                let text = vec![byte; length];
                assert_eq!(decoded(&encoded(&text)), Ok(text), "{length} times {byte}");
            }
        }
    }

    /// As Python's hpack 4.2 encodes them.
    #[test]
    fn strings_of_another_implementation_are_decoded() {
        for (text, coded) in [
            (&b""[..], ""),
            (b"0", "07"),
            (b"\x22", "fe7f"),
            (b"\xb7\x91", "ffffdfffffdb"),
            (b"\xdf\x6a\xf1\xd8\x3e\x61\xcd", "fffffcbd3fffff37fff93fec7fffff2f"),
            (b"grpc-timeout: 10S", "9acac8b24d494f6a6e28106e"),
            (b"{\"a\":[1,2,~\\]}", "fffdfc8ff9b9ffb0fd0bebffbfffc3ff9ffeff"),
            (b"www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"),
        ] {
            assert_eq!(decoded(&hex(coded)).as_deref(), Ok(text));
            assert_eq!(encoded(text), hex(coded));
        }
    }

    /// Every code, then every number of padding bits up to two bytes.
    #[test]
    fn padding_of_a_byte_or_more_is_an_error() {
        for symbol in 0..=255 {
            let code: String = code_of(usize::from(symbol)).iter().map(|bit| if *bit { '1' } else { '0' }).collect();
            let good = bits(&code);
            assert_eq!(decoded(&good), Ok(vec![symbol]));
            for more in 1..8 {
                let long = [good.clone(), vec![0xff; more]].concat();
                assert_eq!(decoded(&long), Err(DecodeError), "{symbol} and {more} bytes");
            }
        }
        assert_eq!(decoded(&[0xff]), Err(DecodeError));
    }

    #[test]
    fn padding_that_is_not_all_ones_is_an_error() {
        // `0` is 00000.
        assert_eq!(decoded(&bits("00000111")), Ok(b"0".to_vec()));
        for padding in ["000", "001", "010", "011", "100", "101", "110"] {
            assert_eq!(decoded(&bits(&format!("00000{padding}"))), Err(DecodeError), "{padding}");
        }
        // The start of `;`, which is 11111011.
        assert_eq!(decoded(&bits("0000000000111110")), Err(DecodeError));
    }

    #[test]
    fn eos_in_a_string_is_an_error() {
        let eos = "1".repeat(30);
        assert_eq!(decoded(&bits(&eos)), Err(DecodeError));
        assert_eq!(decoded(&bits(&format!("00000{eos}"))), Err(DecodeError));
        assert_eq!(decoded(&bits(&format!("{eos}00000"))), Err(DecodeError));
        assert_eq!(decoded(&bits(&format!("00000{eos}00000"))), Err(DecodeError));
    }

    #[test]
    fn truncated_string_is_a_prefix_or_an_error() {
        let all: Vec<u8> = (0..=255).collect();
        let coded = encoded(&all);
        for cut in 0..coded.len() {
            if let Ok(start) = decoded(&coded[..cut]) {
                assert!(all.starts_with(&start), "{cut}");
            }
        }
    }
}
