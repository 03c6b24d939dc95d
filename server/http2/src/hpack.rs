//! HPACK, the compression of header fields in HTTP/2 (RFC 7541).
//!
//! The decoder implements all of it. The encoder is stateless: it uses the static table, and neither the dynamic table nor
//! Huffman coding, which the RFC leaves to the encoder (section 1.1). So a connection holds no memory for encoding.

mod decoder;
mod encoder;
mod huffman;
mod table;

pub(crate) use decoder::{Decoder, Field};
pub(crate) use encoder::{put_empty_table, put_field, put_status};

/// A header block is not valid HPACK, or refers to an entry that the tables do not have.
///
/// The dynamic tables of both ends may differ from here on, so the connection ends with COMPRESSION_ERROR (RFC 9113,
/// section 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DecodeError;

#[cfg(test)]
mod tests {
    use super::*;

    type Fields = Vec<(Vec<u8>, Vec<u8>)>;

    /// xorshift64, so that a failure can be repeated.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 16) as usize % limit
        }

        fn bytes(&mut self, limit: usize) -> Vec<u8> {
            (0..self.below(limit)).map(|_| self.below(256) as u8).collect()
        }
    }

    fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<Fields, DecodeError> {
        let mut fields = Fields::new();
        decoder.decode(block, |field| fields.push((field.name.to_vec(), field.value.to_vec())))?;
        Ok(fields)
    }

    #[test]
    fn encoded_fields_decode_to_the_same_fields() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut decoder = Decoder::new(4096);
        for round in 0..2_000 {
            let mut block = Vec::new();
            let status = 100 + random.below(900) as u16;
            put_status(status, &mut block);
            let mut sent = vec![(b":status".to_vec(), status.to_string().into_bytes())];
            for _ in 0..random.below(8) {
                let (known_name, known_value) = table::STATIC[random.below(61)];
                let name = if random.below(2) == 0 { known_name.as_bytes().to_vec() } else { random.bytes(400) };
                let value = if random.below(2) == 0 { known_value.as_bytes().to_vec() } else { random.bytes(400) };
                put_field(&name, &value, random.below(4) == 0, &mut block);
                sent.push((name, value));
            }
            assert_eq!(decode(&mut decoder, &block), Ok(sent), "round {round}");
        }
    }

    #[test]
    fn random_blocks_do_not_panic() {
        let mut random = Random(0x2545_f491_4f6c_dd1d);
        let mut decoder = Decoder::new(4096);
        let mut read = 0;
        for _ in 0..200_000 {
            let block = random.bytes(64);
            read += usize::from(decode(&mut decoder, &block).is_ok());
        }
        assert!(read > 1_000, "{read} blocks were well-formed");
    }

    /// Closer to real input than random bytes: literals that are added to the table, with single bytes changed.
    #[test]
    fn damaged_blocks_do_not_panic() {
        let mut random = Random(0x1234_5678_9abc_def1);
        let mut decoder = Decoder::new(512);
        let mut text = Vec::new();
        for _ in 0..10_000 {
            let mut block = Vec::new();
            for _ in 0..1 + random.below(6) {
                match random.below(3) {
                    0 => block.push(0x80 | (1 + random.below(70) as u8)),
                    1 => block.push(0x40 | (1 + random.below(62) as u8)),
                    _ => {
                        block.push(0x40);
                        text.clear();
                        huffman::encode(&random.bytes(40), &mut text);
                        text.truncate(126);
                        block.push(0x80 | text.len() as u8);
                        block.extend_from_slice(&text);
                    }
                }
                if block.last().is_some_and(|last| last & 0xc0 != 0x80) {
                    block.push(3);
                    block.extend_from_slice(b"abc");
                }
            }
            if random.below(2) == 0 {
                let at = random.below(block.len());
                block[at] = random.below(256) as u8;
            }
            let _ = decode(&mut decoder, &block);
        }
    }
}
