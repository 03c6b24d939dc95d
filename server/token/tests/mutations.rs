//! Random changes of good tokens: none is accepted, not even one that decodes to the same bytes.
//!
//! TOKEN_MUTATIONS is the number of changed tokens (default 20,000; `make token-mutations` runs a million), TOKEN_SEED the seed.

#[path = "support/signers.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod signers;

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use signers::{NOW_MS, SIGNERS, encode, verifier};

/// Good tokens of each algorithm that are verified between the batches.
const GOOD: usize = 1_000;

const BATCHES: usize = 4;

#[test]
fn no_changed_token_is_accepted() {
    let number = |name: &str, default: u64| match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is not a number")),
        Err(_) => default,
    };
    let (count, seed) = (number("TOKEN_MUTATIONS", 20_000), number("TOKEN_SEED", 1));
    let mut random = Random(seed);
    let verifier = verifier();
    let good: Vec<Vec<String>> = SIGNERS[..4]
        .iter()
        .map(|signer| (0..GOOD).map(|number| signer.good(&format!("user-{number}"))).collect())
        .collect();
    let all: HashSet<&String> = good.iter().flatten().collect();
    let (mut tried, mut same_bytes) = (0u64, 0u64);
    for batch in 0..BATCHES {
        while tried < count * (batch as u64 + 1) / BATCHES as u64 {
            let algorithm = random.below(good.len());
            let original = &good[algorithm][random.below(GOOD)];
            let other = &good[random.below(good.len())][random.below(GOOD)];
            let changed = mutate(&mut random, original, other);
            if all.contains(&changed) {
                continue;
            }
            tried += 1;
            same_bytes += u64::from(leniently_decoded(&changed) == leniently_decoded(original));
            assert!(
                verifier.verify(&changed, NOW_MS).is_err(),
                "seed {seed}: accepted {changed}, made from {original}"
            );
        }
        for token in good.iter().flatten() {
            verifier.verify(token, NOW_MS).unwrap_or_else(|error| panic!("{error}: {token}"));
        }
    }
    println!("{tried} changed tokens, {same_bytes} of them with the same bytes, seed {seed}: 0 accepted");
    assert!(same_bytes > count / 100, "too few changes that decode to the same bytes: {same_bytes}");
}

fn mutate(random: &mut Random, token: &str, other: &str) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let at = random.below(parts.len());
    let mut bytes = token.as_bytes().to_vec();
    let position = random.below(bytes.len());
    match random.below(14) {
        0 => bytes[position] ^= 1 << random.below(7),
        1 => bytes[position] = ALPHABET[random.below(64)],
        2 => drop(bytes.remove(position)),
        3 => bytes.insert(position, ALPHABET[random.below(64)]),
        4 => bytes.insert(position, b"=.+/ \n\0%"[random.below(8)]),
        5 => bytes.truncate(position),
        6 => {
            let with = random.below(bytes.len());
            bytes.swap(position, with);
        }
        7 => bytes[position] = bytes[position].to_ascii_uppercase().min(bytes[position] ^ 0x20),
        8 => {
            parts[at] = other.split('.').nth(at).unwrap_or_default().to_owned();
            return parts.join(".");
        }
        // The same bytes: the bits after the last byte, padding, the other alphabet, white space.
        9 => {
            let last = parts[at].pop().and_then(|last| ALPHABET.iter().position(|c| char::from(*c) == last));
            let free = [0, 0, 16, 4][(parts[at].len() + 1) % 4].max(1);
            parts[at].push(char::from(ALPHABET[last.unwrap_or(0) ^ random.below(free)]));
            return parts.join(".");
        }
        10 => {
            parts[at].push_str(["=", "==", "\n", "\r\n", " "][random.below(5)]);
            return parts.join(".");
        }
        11 => {
            parts[at] = parts[at].replace('-', "+").replace('_', "/");
            return parts.join(".");
        }
        // Other bytes in good base64.
        12 => {
            let mut decoded = URL_SAFE_NO_PAD.decode(&parts[at]).expect("a good token");
            let position = random.below(decoded.len());
            decoded[position] ^= 1 << random.below(8);
            parts[at] = encode(decoded);
            return parts.join(".");
        }
        _ => {
            let mut decoded = URL_SAFE_NO_PAD.decode(&parts[at]).expect("a good token");
            let position = random.below(decoded.len());
            match random.below(3) {
                0 => drop(decoded.remove(position)),
                1 => decoded.insert(position, b" \t\n0,\"a\0"[random.below(8)]),
                _ => decoded.truncate(position),
            }
            parts[at] = encode(decoded);
            return parts.join(".");
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Decodes as a careless verifier would: both alphabets, without regard to padding, white space and tail bits.
fn leniently_decoded(token: &str) -> Vec<Vec<u8>> {
    let decode = |part: &str| {
        let digits = part.bytes().filter_map(|byte| match byte {
            b'+' => Some(62),
            b'/' => Some(63),
            _ => ALPHABET.iter().position(|c| *c == byte),
        });
        let (mut bytes, mut held, mut bits) = (Vec::new(), 0usize, 0);
        for digit in digits {
            held = (held << 6) | digit;
            bits += 6;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from((held >> bits) & 0xff).expect("a byte"));
            }
        }
        bytes
    };
    token.split('.').map(decode).collect()
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).expect("an index")
    }
}
