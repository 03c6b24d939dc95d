//! Decodes header blocks (RFC 7541, sections 3 and 6).

use super::DecodeError;
use super::huffman;
use super::table::Table;

/// The size of a dynamic table before its first update (RFC 9113, section 6.5.2).
const INITIAL_SIZE: usize = 4096;

/// A field as it was sent. Its bytes are not validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
}

/// Decodes the header blocks of one connection. It must be given all of them, in the order in which they were received.
///
/// It does not allocate until a field is added to its dynamic table, and then holds about the size of the table.
#[derive(Debug)]
pub(crate) struct Decoder {
    table: Table,
    /// SETTINGS_HEADER_TABLE_SIZE, the largest size that an update may set.
    max_size: usize,
}

impl Decoder {
    /// Creates a decoder; `table_size` is this side's SETTINGS_HEADER_TABLE_SIZE, 4096 if it is not sent.
    ///
    /// With more than 4096 the table still starts at 4096: the peer announces a larger one with an update (RFC 7541,
    /// section 4.2). With less it starts at `table_size`, although a peer may rely on 4096 until it has received the
    /// settings: entries it adds before that may be lost, and references to them fail.
    pub(crate) fn new(table_size: usize) -> Self {
        Self { table: Table::new(table_size.min(INITIAL_SIZE)), max_size: table_size }
    }

    /// Decodes a complete header block and calls `field` for each of its fields, in order.
    ///
    /// A reference to a large field takes a single byte, so `field` has to limit what it keeps. After an error, which may
    /// come after some fields were passed on, the decoder must not be used again.
    pub(crate) fn decode(&mut self, block: &[u8], mut field: impl FnMut(Field<'_>)) -> Result<(), DecodeError> {
        let mut reader = Reader(block);
        self.update_size(&mut reader)?;
        // For Huffman-coded strings; not in `self`, so that an idle connection does not hold them.
        let (mut name_buffer, mut value_buffer) = (Vec::new(), Vec::new());
        while let Some(first) = reader.peek() {
            if first & 0x80 != 0 {
                // An indexed field (RFC 7541, section 6.1).
                let (name, value) = self.table.get(reader.integer(0x7f)?).ok_or(DecodeError)?;
                field(Field { name, value });
                continue;
            }
            // A literal: with incremental indexing (section 6.2.1), without indexing (6.2.2) or never indexed (6.2.3).
            let indexing = first & 0x40 != 0;
            if !indexing && first & 0x20 != 0 {
                // A table size update must come before the first field (section 4.2).
                return Err(DecodeError);
            }
            let name = match reader.integer(if indexing { 0x3f } else { 0x0f })? {
                0 => reader.string(&mut name_buffer)?,
                index => self.table.get(index).ok_or(DecodeError)?.0,
            };
            let value = reader.string(&mut value_buffer)?;
            field(Field { name, value });
            if indexing {
                let entry = self.table.entry(name, value);
                self.table.add(entry);
            }
        }
        Ok(())
    }

    /// Applies the dynamic table size updates (RFC 7541, section 6.3) at the beginning of a block. There are at most two:
    /// the smallest size since the last block, and the final one (section 4.2).
    fn update_size(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        for _ in 0..2 {
            if reader.peek().is_none_or(|first| first & 0xe0 != 0x20) {
                break;
            }
            let size = usize::try_from(reader.integer(0x1f)?).map_err(|_| DecodeError)?;
            if size > self.max_size {
                return Err(DecodeError);
            }
            self.table.set_limit(size);
        }
        Ok(())
    }
}

/// Reads a block from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        let (byte, rest) = self.0.split_first().ok_or(DecodeError)?;
        self.0 = rest;
        Ok(*byte)
    }

    /// Reads an integer (RFC 7541, section 5.1) that starts in the bits `mask` of the next byte.
    ///
    /// The RFC leaves the limits to implementations. Here it must fit in 32 bits and end within five more bytes, which is
    /// as many as 32 bits need.
    fn integer(&mut self, mask: u8) -> Result<u32, DecodeError> {
        let prefix = self.byte()? & mask;
        let mut value = u64::from(prefix);
        if prefix < mask {
            return Ok(u32::from(prefix));
        }
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value += u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| DecodeError);
            }
        }
        Err(DecodeError)
    }

    /// Reads a string (RFC 7541, section 5.2). Returns a slice of the block or, if it is Huffman-coded, of `buffer`.
    fn string<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], DecodeError>
    where
        'a: 'b,
    {
        let is_coded = self.peek().is_some_and(|first| first & 0x80 != 0);
        let length = usize::try_from(self.integer(0x7f)?).map_err(|_| DecodeError)?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(DecodeError)?;
        self.0 = rest;
        if !is_coded {
            return Ok(text);
        }
        buffer.clear();
        huffman::decode(text, buffer)?;
        Ok(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Fields = Vec<(String, String)>;

    /// Parses hexadecimal digits, ignoring spaces.
    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).expect("text")
    }

    /// Decodes a block; returns its fields, up to an error if there is one.
    fn read(decoder: &mut Decoder, block: &[u8]) -> (Fields, Result<(), DecodeError>) {
        let mut fields = Fields::new();
        let result = decoder.decode(block, |field| fields.push((text(field.name), text(field.value))));
        (fields, result)
    }

    fn pairs(fields: &[(&str, &str)]) -> Fields {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn entries(decoder: &Decoder) -> Fields {
        (62..).map_while(|index| decoder.table.get(index)).map(|(name, value)| (text(name), text(value))).collect()
    }

    /// A block, its fields, the dynamic table after it, and the size of the table.
    type Step<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)], usize);

    /// Runs an example of RFC 7541, appendix C, and each of its blocks cut at every position.
    fn example(table_size: usize, steps: &[Step<'_>]) {
        for (at, (block, fields, _, _)) in steps.iter().enumerate() {
            let block = hex(block);
            for cut in 0..block.len() {
                let mut decoder = Decoder::new(table_size);
                for (before, ..) in &steps[..at] {
                    assert_eq!(read(&mut decoder, &hex(before)).1, Ok(()));
                }
                let (start, result) = read(&mut decoder, &block[..cut]);
                assert!(pairs(fields).starts_with(&start), "block {at} cut at {cut}");
                assert!(start.len() < fields.len(), "block {at} cut at {cut}: {result:?}");
            }
        }
        let mut decoder = Decoder::new(table_size);
        for (at, (block, fields, table, size)) in steps.iter().enumerate() {
            assert_eq!(read(&mut decoder, &hex(block)), (pairs(fields), Ok(())), "block {at}");
            assert_eq!(entries(&decoder), pairs(table), "block {at}");
            assert_eq!(decoder.table.size(), *size, "block {at}");
        }
    }

    /// RFC 7541, appendix C.2.
    #[test]
    fn rfc_7541_c2_single_fields() {
        let custom = &[("custom-key", "custom-header")];
        example(4096, &[("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", custom, custom, 55)]);
        example(4096, &[("040c 2f73 616d 706c 652f 7061 7468", &[(":path", "/sample/path")], &[], 0)]);
        example(4096, &[("1008 7061 7373 776f 7264 0673 6563 7265 74", &[("password", "secret")], &[], 0)]);
        example(4096, &[("82", &[(":method", "GET")], &[], 0)]);
    }

    /// RFC 7541, appendix C.3, and C.4 with the same fields in Huffman code.
    #[test]
    fn rfc_7541_c3_c4_requests() {
        const GET: (&str, &str) = (":method", "GET");
        const HTTP: (&str, &str) = (":scheme", "http");
        const HOST: (&str, &str) = (":authority", "www.example.com");
        const NO_CACHE: (&str, &str) = ("cache-control", "no-cache");
        const CUSTOM: (&str, &str) = ("custom-key", "custom-value");
        let plain = [
            "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "8286 84be 5808 6e6f 2d63 6163 6865",
            "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
        ];
        let coded = [
            "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
            "8286 84be 5886 a8eb 1064 9cbf",
            "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
        ];
        for [first, second, third] in [plain, coded] {
            example(
                4096,
                &[
                    (first, &[GET, HTTP, (":path", "/"), HOST], &[HOST], 57),
                    (second, &[GET, HTTP, (":path", "/"), HOST, NO_CACHE], &[NO_CACHE, HOST], 110),
                    (
                        third,
                        &[GET, (":scheme", "https"), (":path", "/index.html"), HOST, CUSTOM],
                        &[CUSTOM, NO_CACHE, HOST],
                        164,
                    ),
                ],
            );
        }
    }

    /// RFC 7541, appendix C.5, and C.6 with the same fields in Huffman code.
    #[test]
    fn rfc_7541_c5_c6_responses_with_evictions() {
        const FOUND: (&str, &str) = (":status", "302");
        const REDIRECT: (&str, &str) = (":status", "307");
        const PRIVATE: (&str, &str) = ("cache-control", "private");
        const DATE: (&str, &str) = ("date", "Mon, 21 Oct 2013 20:13:21 GMT");
        const LATER: (&str, &str) = ("date", "Mon, 21 Oct 2013 20:13:22 GMT");
        const LOCATION: (&str, &str) = ("location", "https://www.example.com");
        const GZIP: (&str, &str) = ("content-encoding", "gzip");
        const COOKIE: (&str, &str) = ("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1");
        let plain = [
            "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 \
             3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "4803 3330 37c1 c0bf",
            "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 \
             7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 \
             6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
        ];
        let coded = [
            "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad \
             1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
            "4883 640e ffc1 c0bf",
            "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 \
             e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
        ];
        for [first, second, third] in [plain, coded] {
            example(
                256,
                &[
                    (first, &[FOUND, PRIVATE, DATE, LOCATION], &[LOCATION, DATE, PRIVATE, FOUND], 222),
                    (second, &[REDIRECT, PRIVATE, DATE, LOCATION], &[REDIRECT, LOCATION, DATE, PRIVATE], 222),
                    (third, &[(":status", "200"), PRIVATE, LATER, LOCATION, GZIP, COOKIE], &[COOKIE, GZIP, LATER], 215),
                ],
            );
        }
    }

    fn result(block: &str) -> Result<(), DecodeError> {
        read(&mut Decoder::new(4096), &hex(block)).1
    }

    /// RFC 7541, appendix C.1, and the limits.
    #[test]
    fn integers() {
        let integer = |mask, bytes: &str| Reader(&hex(bytes)).integer(mask);
        assert_eq!(integer(0x1f, "0a"), Ok(10));
        assert_eq!(integer(0x1f, "ea"), Ok(10), "bits outside the mask are ignored");
        assert_eq!(integer(0x1f, "1f 9a0a"), Ok(1337));
        assert_eq!(integer(0xff, "2a"), Ok(42));
        assert_eq!(integer(0x1f, "1f 00"), Ok(31));
        assert_eq!(integer(0x1f, "1f 8080 8080 00"), Ok(31), "zeros at the end are allowed");
        assert_eq!(integer(0x1f, "1f e0ff ffff 0f"), Ok(u32::MAX));
        assert_eq!(integer(0x1f, "1f e1ff ffff 0f"), Err(DecodeError), "one more");
        assert_eq!(integer(0x1f, "1f ffff ffff 7f"), Err(DecodeError));
        assert_eq!(integer(0x1f, "1f 8080 8080 8000"), Err(DecodeError), "six bytes");
        for cut in ["", "1f", "1f 80", "1f 8080 8080"] {
            assert_eq!(integer(0x1f, cut), Err(DecodeError), "{cut}");
        }
    }

    #[test]
    fn integers_in_a_block_have_limits() {
        for block in ["ff ffff ffff 7f", "ff 8080 8080 8000", "ff80", "7f ffff ffff 7f", "0f ffff ffff 7f"] {
            assert_eq!(result(block), Err(DecodeError), "{block}");
        }
        // The length of a string, and the size of the table.
        assert_eq!(result("00 7f ffff ffff 7f"), Err(DecodeError));
        assert_eq!(result("3f ffff ffff 7f"), Err(DecodeError));
    }

    #[test]
    fn index_outside_the_tables_is_an_error() {
        // 0, 62 and 4,294,967,295 as a field; 62 as a name, with each kind of literal.
        for block in ["80", "be", "ff 80ff ffff 0f", "7e 0161", "0f2f 0161", "1f2f 0161"] {
            assert_eq!(result(block), Err(DecodeError), "{block}");
        }
        // 62 after something was added, and 63.
        assert_eq!(result("4001 6101 62 be"), Ok(()));
        assert_eq!(result("4001 6101 62 bf"), Err(DecodeError));
    }

    #[test]
    fn string_beyond_the_block_is_an_error() {
        for block in ["00", "0001", "0001 61", "0001 6102", "0001 6102 62", "41", "4103 6162", "00 8207", "00 7fff"] {
            assert_eq!(result(block), Err(DecodeError), "{block}");
        }
    }

    #[test]
    fn invalid_huffman_strings_are_errors() {
        assert_eq!(result("00 8107 8107"), Ok(()));
        assert_eq!(result("00 8107 80"), Ok(()), "an empty one");
        assert_eq!(result("00 8107 8207 ff"), Err(DecodeError), "padding of more than seven bits");
        assert_eq!(result("00 8106 8107"), Err(DecodeError), "padding that is not all ones, in a name");
        assert_eq!(result("00 8107 8106"), Err(DecodeError), "the same in a value");
        assert_eq!(result("00 8107 84ff ffff ff"), Err(DecodeError), "EOS");
    }

    #[test]
    fn table_size_update_above_the_setting_or_after_a_field_is_an_error() {
        assert_eq!(result("3fe1 1f"), Ok(()), "4096, and a block without fields");
        assert_eq!(result("3fe2 1f"), Err(DecodeError), "4097");
        assert_eq!(result("20 3fe1 1f 82"), Ok(()), "two of them");
        assert_eq!(result("20 20 20 82"), Err(DecodeError), "three of them");
        assert_eq!(result("82 20"), Err(DecodeError), "after a field");
        assert_eq!(result("20 82 20"), Err(DecodeError));
        assert_eq!(result("3f"), Err(DecodeError), "cut");
    }

    #[test]
    fn table_size_update_evicts() {
        let mut decoder = Decoder::new(4096);
        let a = pairs(&[("a", "1")]);
        assert_eq!(read(&mut decoder, &hex("4001 6101 31")).1, Ok(()));
        assert_eq!(entries(&decoder), a);
        // To 34 bytes, which the entry has; to 33; and back to 4096, which brings nothing back.
        assert_eq!((read(&mut decoder, &hex("3f03")).1, entries(&decoder)), (Ok(()), a));
        assert_eq!((read(&mut decoder, &hex("3f02")).1, entries(&decoder)), (Ok(()), vec![]));
        assert!(decoder.table.heap_is_empty());
        assert_eq!((read(&mut decoder, &hex("3fe1 1f")).1, entries(&decoder)), (Ok(()), vec![]));
    }

    #[test]
    fn table_grows_above_4096_only_after_an_update() {
        let large = [&hex("4001 617f ad1e")[..], &[b'v'; 4012]].concat();
        let mut decoder = Decoder::new(8192);
        for _ in 0..2 {
            assert_eq!(read(&mut decoder, &large).1, Ok(()));
            assert_eq!(decoder.table.size(), 4045);
        }
        // To 8192.
        assert_eq!(read(&mut decoder, &[&hex("3fe1 3f")[..], &large].concat()).1, Ok(()));
        assert_eq!(decoder.table.size(), 2 * 4045);
    }

    /// RFC 7541, section 4.4.
    #[test]
    fn entry_may_take_its_name_from_one_it_evicts() {
        let mut decoder = Decoder::new(40);
        let block = hex("4004 6e61 6d65 0131 7e01 32");
        assert_eq!(read(&mut decoder, &block), (pairs(&[("name", "1"), ("name", "2")]), Ok(())));
        assert_eq!((entries(&decoder), decoder.table.size()), (pairs(&[("name", "2")]), 37));
        // The same with one that is too large: it is read, and the table is empty.
        let block = hex("7e05 3132 3334 35");
        assert_eq!(read(&mut decoder, &block), (pairs(&[("name", "12345")]), Ok(())));
        assert_eq!((entries(&decoder), decoder.table.size()), (vec![], 0));
    }

    #[test]
    fn decoder_does_not_allocate_before_the_first_entry() {
        let mut decoder = Decoder::new(4096);
        // Indexed, Huffman-coded without indexing, never indexed.
        assert_eq!(read(&mut decoder, &hex("82 0081 0781 07 1001 6101 62")).1, Ok(()));
        assert!(decoder.table.heap_is_empty());
        assert_eq!(read(&mut Decoder::new(0), &hex("4001 6101 62")), (pairs(&[("a", "b")]), Ok(())));
    }

    #[test]
    fn empty_block_has_no_fields() {
        assert_eq!(read(&mut Decoder::new(4096), b""), (vec![], Ok(())));
    }
}
