//! The static and the dynamic table, which share one address space of indices (RFC 7541, section 2.3).

use std::collections::VecDeque;

/// The static table (RFC 7541, appendix A); its first entry has index 1.
#[rustfmt::skip]
pub(super) const STATIC: [(&str, &str); 61] = [
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
    (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
    (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
    ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""),
    ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
    ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""),
    ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""),
    ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""),
    ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""),
    ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
    ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""),
    ("www-authenticate", ""),
];

/// Bytes that an entry counts in addition to its name and value (RFC 7541, section 4.1).
const OVERHEAD: usize = 32;

/// A decoder's dynamic table. An empty one does not hold heap memory.
#[derive(Debug)]
pub(super) struct Table {
    /// The newest entry, which has the lowest index, is at the front.
    entries: VecDeque<Entry>,
    /// The sum of the entries' sizes (RFC 7541, section 4.1); at most `limit`.
    size: usize,
    limit: usize,
}

impl Table {
    pub(super) const fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), size: 0, limit }
    }

    /// Returns name and value at an index of either table (RFC 7541, section 2.3.3); `None` at 0 and after the last entry.
    pub(super) fn get(&self, index: u32) -> Option<(&[u8], &[u8])> {
        let index = usize::try_from(index).ok()?.checked_sub(1)?;
        match index.checked_sub(STATIC.len()) {
            None => STATIC.get(index).map(|(name, value)| (name.as_bytes(), value.as_bytes())),
            Some(index) => self.entries.get(index).and_then(|entry| entry.text.split_at_checked(entry.name_len)),
        }
    }

    /// Copies a field into an entry for [`Table::add`]. A separate step, since the name may be borrowed from an entry that
    /// the addition evicts (RFC 7541, section 4.4). Returns `None` without copying if the field is larger than the table.
    pub(super) fn entry(&self, name: &[u8], value: &[u8]) -> Option<Entry> {
        let size = name.len().saturating_add(value.len()).saturating_add(OVERHEAD);
        (size <= self.limit).then(|| Entry { text: [name, value].concat().into_boxed_slice(), name_len: name.len() })
    }

    /// Adds an entry and evicts the oldest ones to make space. `None`, an entry larger than the table, empties it, which
    /// is not an error (RFC 7541, section 4.4).
    pub(super) fn add(&mut self, entry: Option<Entry>) {
        let Some(entry) = entry else { return self.shrink(0) };
        self.shrink(self.limit.saturating_sub(entry.size()));
        self.size += entry.size();
        self.entries.push_front(entry);
    }

    /// Sets the maximum size and evicts entries above it (RFC 7541, section 4.3).
    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
        self.shrink(limit);
    }

    fn shrink(&mut self, max: usize) {
        while self.size > max {
            let Some(oldest) = self.entries.pop_back() else { break };
            self.size -= oldest.size();
        }
        if self.entries.is_empty() {
            self.entries = VecDeque::new();
        }
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.size
    }

    #[cfg(test)]
    pub(super) fn heap_is_empty(&self) -> bool {
        self.entries.capacity() == 0
    }
}

/// A field: its name, directly followed by its value.
#[derive(Debug)]
pub(super) struct Entry {
    text: Box<[u8]>,
    name_len: usize,
}

impl Entry {
    fn size(&self) -> usize {
        self.text.len() + OVERHEAD
    }
}

/// Returns the first index in the static table that has this name.
pub(super) fn static_name(name: &[u8]) -> Option<usize> {
    let (start, end) = (*STARTS.get(name.len())?, *STARTS.get(name.len() + 1)?);
    let (_, index) = NAMES.get(start..end)?.iter().find(|(known, _)| known.as_bytes() == name)?;
    Some(*index)
}

/// Returns the index in the static table of the field that has this value and the name at `first`, the first index of that
/// name.
pub(super) fn static_field(first: usize, value: &[u8]) -> Option<usize> {
    let same_name = STATIC.get(first.checked_sub(1)?..)?;
    let (name, _) = same_name.first()?;
    let offset = same_name.iter().take_while(|(other, _)| other == name).position(|(_, v)| v.as_bytes() == value)?;
    Some(first + offset)
}

/// The length of `access-control-allow-origin`.
const LONGEST: usize = 27;

/// Each name of the static table once, with its first index, sorted by length; `STARTS` has where each length begins. Few
/// names share a length, so that a look-up compares two or three of them.
static NAMES: [(&str, usize); 52] = names_by_length().0;
static STARTS: [usize; LONGEST + 2] = names_by_length().1;

const fn names_by_length() -> ([(&'static str, usize); 52], [usize; LONGEST + 2]) {
    let mut names = [("", 0); 52];
    let mut starts = [0; LONGEST + 2];
    let (mut filled, mut length) = (0, 0);
    while length <= LONGEST {
        starts[length] = filled;
        let mut at = 0;
        while at < STATIC.len() {
            let name = STATIC[at].0;
            // Entries with the same name are adjacent.
            if name.len() == length && (at == 0 || !equal(name.as_bytes(), STATIC[at - 1].0.as_bytes())) {
                names[filled] = (name, at + 1);
                filled += 1;
            }
            at += 1;
        }
        length += 1;
    }
    starts[length] = filled;
    (names, starts)
}

/// Compares slices in a `const fn`, where `==` is not available.
const fn equal(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(table: &mut Table, name: &str, value: &str) {
        let entry = table.entry(name.as_bytes(), value.as_bytes());
        table.add(entry);
    }

    fn get(table: &Table, index: u32) -> Option<(&str, &str)> {
        table.get(index).map(|(n, v)| (str::from_utf8(n).expect("text"), str::from_utf8(v).expect("text")))
    }

    #[test]
    fn static_indices() {
        let table = Table::new(4096);
        assert_eq!(get(&table, 0), None);
        assert_eq!(get(&table, 1), Some((":authority", "")));
        assert_eq!(get(&table, 16), Some(("accept-encoding", "gzip, deflate")));
        assert_eq!(get(&table, 61), Some(("www-authenticate", "")));
        assert_eq!(get(&table, 62), None);
        assert_eq!(get(&table, u32::MAX), None);
    }

    #[test]
    fn static_fields_are_found_by_name_and_value() {
        for (at, (name, value)) in STATIC.iter().enumerate() {
            let first = STATIC.iter().position(|(other, _)| other == name).expect("it is there") + 1;
            assert_eq!(static_name(name.as_bytes()), Some(first), "{name}");
            assert_eq!(static_field(first, value.as_bytes()), Some(at + 1), "{name}: {value}");
            assert_eq!(static_field(first, b"other"), None, "{name}");
        }
        for unknown in ["", "x", "agf", "Age", "accept-rangee", &"x".repeat(27), &"x".repeat(28), &"x".repeat(500)] {
            assert_eq!(static_name(unknown.as_bytes()), None, "{unknown}");
        }
        assert_eq!(static_field(0, b""), None);
        assert_eq!(static_field(62, b""), None);
    }

    #[test]
    fn newest_entry_has_the_lowest_index_and_the_oldest_is_evicted() {
        let mut table = Table::new(2 * (OVERHEAD + 2));
        assert!(table.heap_is_empty());
        add(&mut table, "a", "1");
        add(&mut table, "b", "2");
        assert_eq!((get(&table, 62), get(&table, 63)), (Some(("b", "2")), Some(("a", "1"))));
        assert_eq!(table.size(), 2 * (OVERHEAD + 2));
        add(&mut table, "c", "");
        assert_eq!((get(&table, 62), get(&table, 63)), (Some(("c", "")), Some(("b", "2"))));
        assert_eq!(get(&table, 64), None);
        assert_eq!(table.size(), 2 * OVERHEAD + 3);
    }

    #[test]
    fn entry_as_large_as_the_table_fits_and_a_larger_one_empties_it() {
        let mut table = Table::new(OVERHEAD + 4);
        add(&mut table, "ab", "cd");
        assert_eq!((get(&table, 62), table.size()), (Some(("ab", "cd")), OVERHEAD + 4));
        add(&mut table, "ab", "cde");
        assert_eq!((get(&table, 62), table.size()), (None, 0));
        assert!(table.heap_is_empty());
    }

    #[test]
    fn lower_limit_evicts_entries() {
        let mut table = Table::new(4096);
        add(&mut table, "a", "1");
        add(&mut table, "b", "2");
        table.set_limit(OVERHEAD + 33);
        assert_eq!((get(&table, 62), get(&table, 63)), (Some(("b", "2")), None));
        table.set_limit(0);
        assert!(table.heap_is_empty());
        add(&mut table, "", "");
        assert_eq!((get(&table, 62), table.size()), (None, 0));
    }
}
