//! What the clients of the comparison send after the preface: whole frames one by one, most of them with something wrong.

use crate::frames::{GOAWAY, HEADERS, PING, PRIORITY, RST_STREAM, SETTINGS, frame};

const DATA: u8 = 0x0;
const PUSH_PROMISE: u8 = 0x5;
const WINDOW_UPDATE: u8 = 0x8;
const CONTINUATION: u8 = 0x9;
const UNKNOWN: u8 = 0x40;

const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const HAS_PRIORITY: u8 = 0x20;

/// A name for messages, and the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

type Fields<'a> = &'a [(&'a str, &'a str)];

/// A header block of literals that are neither indexed nor compressed.
fn block(fields: Fields<'_>) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).ok().filter(|len| *len < 127).expect("short"));
            block.extend(text.as_bytes());
        }
    }
    block
}

fn head<'a>(method: &'a str, path: &'a str) -> [(&'a str, &'a str); 4] {
    [(":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost")]
}

fn headers(stream: u32, ends: bool, fields: Fields<'_>) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | if ends { END_STREAM } else { 0 }, stream, &block(fields))
}

fn get(stream: u32, path: &str) -> Vec<u8> {
    headers(stream, true, &head("GET", path))
}

fn post(stream: u32, path: &str) -> Vec<u8> {
    headers(stream, false, &head("POST", path))
}

/// A request with fields beside the usual ones.
fn with(method: &str, ends: bool, more: Fields<'_>) -> Vec<u8> {
    headers(1, ends, &[&head(method, "/echo")[..], more].concat())
}

fn data(stream: u32, ends: bool, bytes: &[u8]) -> Vec<u8> {
    frame(DATA, if ends { END_STREAM } else { 0 }, stream, bytes)
}

fn number(kind: u8, stream: u32, number: u32) -> Vec<u8> {
    frame(kind, 0, stream, &number.to_be_bytes())
}

fn setting(name: u16, value: u32) -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[&name.to_be_bytes()[..], &value.to_be_bytes()].concat())
}

fn goaway() -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[0; 8])
}

/// Sequences written by hand. Each begins with SETTINGS and the acknowledgment of the server's, unless it says otherwise.
pub(crate) fn by_hand() -> Vec<Sequence> {
    let hello = [frame(SETTINGS, 0, 0, &[]), frame(SETTINGS, ACK, 0, &[])].concat();
    let all =
        [well_formed(), lifecycles(), malformed_frames(), malformed_heads(), flow_control()].into_iter().flatten();
    let all =
        all.map(|(name, frames)| Sequence { name: name.to_owned(), bytes: [hello.clone(), frames.concat()].concat() });
    let bare = [
        ("no settings but a request", vec![get(1, "/echo")]),
        (
            "half a malformed head",
            vec![
                hello.clone(),
                frame(HEADERS, 0, 1, &block(&[&head("GET", "/echo")[..], &[("X-Upper", "1")]].concat())),
            ],
        ),
        ("no settings but an acknowledgment", vec![frame(SETTINGS, ACK, 0, &[])]),
        ("a request before the acknowledgment", vec![frame(SETTINGS, 0, 0, &[]), get(1, "/echo")]),
        ("half a frame", vec![hello.clone(), get(1, "/echo")[..20].to_vec()]),
        ("half a head", vec![hello.clone(), frame(HEADERS, 0, 1, &block(&head("GET", "/echo")))]),
    ];
    let bare = bare.into_iter().map(|(name, frames)| Sequence { name: name.to_owned(), bytes: frames.concat() });
    all.chain(bare).collect()
}

type Named = Vec<(&'static str, Vec<Vec<u8>>)>;

fn well_formed() -> Named {
    let whole = block(&head("POST", "/echo"));
    let (start, rest) = whole.split_at(11);
    let (middle, end) = rest.split_at(20);
    vec![
        ("GET", vec![get(1, "/echo?a=b")]),
        ("HEAD", vec![headers(1, true, &head("HEAD", "/sized"))]),
        ("OPTIONS *", vec![headers(1, true, &head("OPTIONS", "*"))]),
        ("two at a time", vec![post(1, "/echo"), get(3, "/echo"), data(1, true, b"one")]),
        ("POST in pieces", vec![post(1, "/echo"), data(1, false, b"a"), data(1, false, b"bc"), data(1, true, b"")]),
        ("POST without a body", vec![headers(1, true, &head("POST", "/echo"))]),
        ("a declared length", vec![with("POST", false, &[("content-length", "3")]), data(1, true, b"abc")]),
        (
            "trailers",
            vec![post(1, "/echo"), data(1, false, b"abc"), headers(1, true, &[("x-sum", "6"), ("x-more", "a")])],
        ),
        ("trailers and no body", vec![post(1, "/echo"), headers(1, true, &[("x-sum", "0")])]),
        (
            "CONTINUATION",
            vec![
                frame(HEADERS, 0, 1, start),
                frame(CONTINUATION, 0, 1, middle),
                frame(CONTINUATION, END_HEADERS, 1, end),
                data(1, true, b"abc"),
            ],
        ),
        (
            "an empty HEADERS",
            vec![
                frame(HEADERS, END_STREAM, 1, &[]),
                frame(CONTINUATION, END_HEADERS, 1, &block(&head("GET", "/echo"))),
            ],
        ),
        (
            "padding",
            vec![
                frame(HEADERS, END_HEADERS | PADDED, 1, &[&[4][..], &block(&head("POST", "/echo")), &[0; 4]].concat()),
                frame(DATA, PADDED, 1, b"\x03abc\0\0\0"),
                frame(DATA, PADDED | END_STREAM, 1, &[0; 8].map(|_| 7)),
            ],
        ),
        (
            "a priority",
            vec![
                frame(
                    HEADERS,
                    END_HEADERS | END_STREAM | HAS_PRIORITY,
                    1,
                    &[&[0, 0, 0, 0, 9][..], &block(&head("GET", "/echo"))].concat(),
                ),
                frame(PRIORITY, 0, 3, &[0, 0, 0, 1, 9]),
            ],
        ),
        ("an unknown frame", vec![frame(UNKNOWN, 0xff, 0, b"what"), frame(UNKNOWN, 0, 7, b"is it"), get(1, "/echo")]),
        ("an unknown setting", vec![setting(0x7777, 9), get(1, "/echo")]),
        ("PING", vec![frame(PING, 0, 0, b"12345678"), frame(PING, ACK, 0, b"87654321"), get(1, "/echo")]),
        ("no table", vec![setting(1, 0), get(1, "/echo"), get(3, "/echo")]),
        ("no push", vec![setting(2, 0), get(1, "/echo")]),
        ("repeated fields", vec![with("GET", true, &[("x", "1"), ("cookie", "a=1"), ("x", "2"), ("cookie", "b=2")])]),
        ("no authority", vec![headers(1, true, &head("GET", "/echo")[..3])]),
        ("host for authority", vec![headers(1, true, &[&head("GET", "/echo")[..3], &[("host", "a")]].concat())]),
        ("TE: trailers", vec![with("GET", true, &[("te", "trailers")])]),
        ("a known length", vec![get(1, "/sized")]),
        ("an empty answer", vec![get(1, "/empty"), post(3, "/empty"), data(3, true, b"abc")]),
        (
            "an answer before the body",
            vec![post(1, "/early"), data(1, false, b"abc"), data(1, true, b"d"), get(3, "/echo")],
        ),
        ("an answer that fails", vec![get(1, "/fail"), get(3, "/echo")]),
        ("a service that fails", vec![get(1, "/error"), get(3, "/echo")]),
        ("CONNECT", vec![headers(1, false, &[(":method", "CONNECT"), (":authority", "localhost:1")])]),
        (
            "extended CONNECT",
            vec![headers(
                1,
                false,
                &[&[(":method", "CONNECT"), (":protocol", "websocket")], &head("", "/echo")[1..]].concat(),
            )],
        ),
    ]
}

/// How streams and connections come and go.
fn lifecycles() -> Named {
    vec![
        (
            "RST_STREAM in a body",
            vec![post(1, "/echo"), data(1, false, b"ab"), number(RST_STREAM, 1, 8), get(3, "/echo")],
        ),
        ("RST_STREAM of an answered stream", vec![get(1, "/echo"), number(RST_STREAM, 1, 8), get(3, "/echo")]),
        (
            "RST_STREAM twice",
            vec![post(1, "/echo"), number(RST_STREAM, 1, 8), number(RST_STREAM, 1, 8), get(3, "/echo")],
        ),
        ("RST_STREAM of a stream without an answer", vec![get(1, "/hold"), number(RST_STREAM, 1, 8), get(3, "/echo")]),
        ("RST_STREAM of an idle stream", vec![number(RST_STREAM, 5, 8)]),
        ("DATA after RST_STREAM", vec![post(1, "/echo"), number(RST_STREAM, 1, 8), data(1, true, b"late")]),
        ("HEADERS after RST_STREAM", vec![post(1, "/echo"), number(RST_STREAM, 1, 8), get(1, "/echo")]),
        (
            "too many streams",
            vec![
                post(1, "/echo"),
                post(3, "/echo"),
                post(5, "/echo"),
                post(7, "/echo"),
                get(9, "/echo"),
                data(1, true, b"a"),
                get(11, "/echo"),
            ],
        ),
        (
            "a refused stream again",
            vec![post(1, "/hold"), post(3, "/hold"), post(5, "/hold"), get(7, "/echo"), get(7, "/echo")],
        ),
        (
            "a malformed request over the limit",
            vec![post(1, "/hold"), post(3, "/hold"), post(5, "/hold"), headers(7, true, &[("X-Upper", "1")])],
        ),
        (
            "WINDOW_UPDATE by nothing on a closed stream",
            vec![get(1, "/echo"), number(WINDOW_UPDATE, 1, 0), get(3, "/echo")],
        ),
        ("GOAWAY without streams", vec![goaway()]),
        ("GOAWAY after a request", vec![get(1, "/echo"), goaway()]),
        ("GOAWAY in a body", vec![post(1, "/echo"), goaway(), data(1, true, b"rest")]),
        ("GOAWAY and a new stream", vec![post(1, "/echo"), goaway(), get(3, "/echo"), data(1, true, b"rest")]),
        ("DATA after the end", vec![post(1, "/echo"), data(1, true, b"a"), data(1, true, b"b"), get(3, "/echo")]),
        ("DATA after the end of a held stream", vec![get(1, "/hold"), data(1, true, b"b"), get(3, "/echo")]),
        ("HEADERS after the end", vec![get(1, "/echo"), get(1, "/echo")]),
        (
            "HEADERS after the end of a held stream",
            vec![get(1, "/hold"), headers(1, true, &[("x", "1")]), get(3, "/echo")],
        ),
        ("a lower stream", vec![get(5, "/echo"), get(3, "/echo")]),
        ("a second head", vec![post(1, "/echo"), headers(1, false, &[("x", "1")])]),
        ("trailers with a pseudo-header", vec![post(1, "/echo"), headers(1, true, &[(":path", "/")])]),
        ("settings in between", vec![get(1, "/echo"), setting(4, 10), get(3, "/echo"), setting(4, 100_000)]),
    ]
}

/// Frames that break the rules of sections 4 to 6 of RFC 9113.
fn malformed_frames() -> Named {
    vec![
        ("an even stream", vec![get(2, "/echo")]),
        ("HEADERS on stream 0", vec![get(0, "/echo")]),
        ("DATA on stream 0", vec![data(0, true, b"a")]),
        ("DATA on an idle stream", vec![data(1, true, b"a")]),
        ("RST_STREAM on stream 0", vec![number(RST_STREAM, 0, 8)]),
        ("RST_STREAM of 3 bytes", vec![post(1, "/echo"), frame(RST_STREAM, 0, 1, &[0; 3])]),
        ("PRIORITY on stream 0", vec![frame(PRIORITY, 0, 0, &[0; 5])]),
        ("PRIORITY of 4 bytes", vec![post(1, "/echo"), frame(PRIORITY, 0, 1, &[0; 4]), get(3, "/echo")]),
        (
            "a stream that depends on itself",
            vec![post(1, "/hold"), frame(PRIORITY, 0, 1, &[0, 0, 0, 1, 0]), get(3, "/echo")],
        ),
        ("an idle stream that depends on itself", vec![frame(PRIORITY, 0, 1, &[0, 0, 0, 1, 0])]),
        ("SETTINGS on a stream", vec![frame(SETTINGS, 0, 1, &[])]),
        ("SETTINGS of 5 bytes", vec![frame(SETTINGS, 0, 0, &[0; 5])]),
        ("an acknowledgment with settings", vec![frame(SETTINGS, ACK, 0, &[0, 1, 0, 0, 0, 0])]),
        ("a second acknowledgment", vec![frame(SETTINGS, ACK, 0, &[]), get(1, "/echo")]),
        ("ENABLE_PUSH 2", vec![setting(2, 2)]),
        ("INITIAL_WINDOW_SIZE of 2^31", vec![setting(4, 1 << 31)]),
        ("MAX_FRAME_SIZE of 1", vec![setting(5, 1)]),
        ("PUSH_PROMISE", vec![get(1, "/hold"), frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2])]),
        ("PING on a stream", vec![frame(PING, 0, 1, b"12345678")]),
        ("PING of 7 bytes", vec![frame(PING, 0, 0, b"1234567")]),
        ("GOAWAY on a stream", vec![frame(GOAWAY, 0, 1, &[0; 8])]),
        ("GOAWAY of 7 bytes", vec![frame(GOAWAY, 0, 0, &[0; 7])]),
        ("WINDOW_UPDATE by nothing", vec![number(WINDOW_UPDATE, 0, 0)]),
        ("WINDOW_UPDATE by nothing on a stream", vec![post(1, "/echo"), number(WINDOW_UPDATE, 1, 0), get(3, "/echo")]),
        ("WINDOW_UPDATE of 3 bytes", vec![frame(WINDOW_UPDATE, 0, 0, &[0; 3])]),
        ("WINDOW_UPDATE of an idle stream", vec![number(WINDOW_UPDATE, 1, 1)]),
        ("CONTINUATION without HEADERS", vec![frame(CONTINUATION, END_HEADERS, 1, &[])]),
        ("CONTINUATION of another stream", vec![frame(HEADERS, 0, 1, &[]), frame(CONTINUATION, END_HEADERS, 3, &[])]),
        ("DATA in a header block", vec![frame(HEADERS, 0, 1, &[]), data(1, true, b"a")]),
        ("more padding than payload", vec![post(1, "/echo"), frame(DATA, PADDED, 1, &[9, 0, 0])]),
        ("padding without a length", vec![post(1, "/echo"), frame(DATA, PADDED, 1, &[])]),
        ("more padding than head", vec![frame(HEADERS, PADDED | END_HEADERS, 1, &[200, 0x82])]),
        ("a priority without room", vec![frame(HEADERS, HAS_PRIORITY | END_HEADERS, 1, &[0, 0])]),
        ("a frame over the largest size", vec![post(1, "/echo"), data(1, true, &[0; 16_385])]),
        ("an index of no field", vec![frame(HEADERS, END_HEADERS, 1, &[0xfe])]),
        ("half a field", vec![frame(HEADERS, END_HEADERS, 1, &[0x82, 0x00, 0x05, b'a'])]),
        ("a table that is too large", vec![frame(HEADERS, END_HEADERS, 1, &[0x3f, 0xff, 0xff, 0x07, 0x82])]),
    ]
}

/// Requests that break the rules of section 8.
fn malformed_heads() -> Named {
    let without = |missing: &str| {
        let fields: Vec<_> = head("GET", "/echo").into_iter().filter(|(name, _)| *name != missing).collect();
        vec![headers(1, true, &fields), get(3, "/echo")]
    };
    let extra = |field| vec![with("GET", true, &[field]), get(3, "/echo")];
    vec![
        ("an empty header block", vec![frame(HEADERS, END_HEADERS | END_STREAM, 1, &[]), get(3, "/echo")]),
        ("no method", without(":method")),
        ("no scheme", without(":scheme")),
        ("no path", without(":path")),
        ("an empty path", vec![headers(1, true, &head("GET", "")), get(3, "/echo")]),
        ("a path without a slash", vec![headers(1, true, &head("GET", "echo")), get(3, "/echo")]),
        ("a path without a slash, and a body", vec![headers(1, false, &head("POST", "echo")), get(3, "/echo")]),
        ("two paths", extra((":path", "/echo"))),
        ("an unknown pseudo-header", extra((":what", "is it"))),
        (":status in a request", extra((":status", "200"))),
        (":protocol without CONNECT", extra((":protocol", "websocket"))),
        ("CONNECT with a path", vec![headers(1, false, &head("CONNECT", "/echo")), get(3, "/echo")]),
        (
            "a pseudo-header after a field",
            vec![headers(1, true, &[&[("x", "1")][..], &head("GET", "/echo")].concat()), get(3, "/echo")],
        ),
        ("a name in upper case", extra(("X-Upper", "1"))),
        ("a name with a space", extra(("x y", "1"))),
        ("an empty name", extra(("", "1"))),
        ("a value with a line break", extra(("x", "a\r\nb"))),
        ("Connection", extra(("connection", "close"))),
        ("Transfer-Encoding", extra(("transfer-encoding", "chunked"))),
        ("Upgrade", extra(("upgrade", "h2c"))),
        ("Keep-Alive", extra(("keep-alive", "timeout=5"))),
        ("Proxy-Connection", extra(("proxy-connection", "close"))),
        ("TE: gzip", extra(("te", "gzip"))),
        ("a method with a space", vec![headers(1, true, &head("GE T", "/echo")), get(3, "/echo")]),
        (
            "an authority with a space",
            vec![headers(1, true, &[&head("GET", "/echo")[..3], &[(":authority", "a b")]].concat()), get(3, "/echo")],
        ),
        ("a length that is not a number", extra(("content-length", "1x"))),
        ("a length of a body that never comes", extra(("content-length", "1"))),
        (
            "two lengths",
            vec![with("POST", false, &[("content-length", "1"), ("content-length", "2")]), get(3, "/echo")],
        ),
        (
            "a body over its length",
            vec![with("POST", false, &[("content-length", "3")]), data(1, true, b"abcd"), get(3, "/echo")],
        ),
        (
            "a body under its length",
            vec![with("POST", false, &[("content-length", "3")]), data(1, true, b"ab"), get(3, "/echo")],
        ),
        (
            "trailers under the length",
            vec![with("POST", false, &[("content-length", "3")]), headers(1, true, &[("x", "1")]), get(3, "/echo")],
        ),
        (
            "malformed fields on an even stream",
            vec![headers(2, true, &[&head("GET", "/echo")[..], &[("upgrade", "h2c")]].concat()), get(3, "/echo")],
        ),
        (
            "malformed fields on a lower stream",
            vec![get(3, "/echo"), with("GET", true, &[("upgrade", "h2c")]), get(5, "/echo")],
        ),
        ("a large head", vec![large_head(20_000), get(3, "/echo")]),
        ("a very large head", vec![large_head(200_000), get(3, "/echo")]),
        ("DATA in a very large head", vec![large_head(200_000)[..4 * (9 + 16_384)].to_vec(), data(1, true, b"a")]),
    ]
}

/// A request of so many bytes, in frames of the largest size.
fn large_head(size: usize) -> Vec<u8> {
    let mut whole = block(&head("GET", "/echo"));
    while whole.len() < size {
        whole.extend(block(&[("x-filling", &"x".repeat(100))]));
    }
    let pieces: Vec<&[u8]> = whole.chunks(16_384).collect();
    let last = pieces.len() - 1;
    let frames = pieces.iter().enumerate().map(|(at, piece)| match at {
        0 => frame(HEADERS, END_STREAM, 1, piece),
        at => frame(CONTINUATION, if at == last { END_HEADERS } else { 0 }, 1, piece),
    });
    frames.collect::<Vec<_>>().concat()
}

fn flow_control() -> Named {
    let full = [7; 900];
    vec![
        ("a body of many windows", {
            let mut frames = vec![post(1, "/echo")];
            frames.extend((0..20).map(|n| data(1, n == 19, &full)));
            frames
        }),
        (
            "DATA over the stream's window",
            vec![post(1, "/hold"), data(1, false, &full), data(1, false, &full), get(3, "/echo")],
        ),
        ("DATA over the connection's window", {
            let mut frames = vec![frame(SETTINGS, 0, 0, &[])];
            frames.extend((0..80).flat_map(|n| {
                [post(2 * n + 1, "/hold"), data(2 * n + 1, false, &full), number(RST_STREAM, 2 * n + 1, 8)]
            }));
            frames.push(get(201, "/echo"));
            frames
        }),
        (
            "an answer over the window",
            vec![
                get(1, "/big"),
                number(WINDOW_UPDATE, 1, 50_000),
                number(WINDOW_UPDATE, 0, 20_000),
                number(WINDOW_UPDATE, 0, 50_000),
            ],
        ),
        ("small windows", vec![setting(4, 3), get(1, "/sized"), number(WINDOW_UPDATE, 1, 2), setting(4, 30)]),
        ("no window", vec![setting(4, 0), get(1, "/sized"), get(3, "/empty"), number(WINDOW_UPDATE, 1, 100)]),
        ("a connection's window over the largest", vec![number(WINDOW_UPDATE, 0, (1 << 31) - 1)]),
        (
            "a stream's window over the largest",
            vec![get(1, "/hold"), number(WINDOW_UPDATE, 1, (1 << 31) - 1), get(3, "/echo")],
        ),
        (
            "settings that make a window too large",
            vec![get(1, "/hold"), number(WINDOW_UPDATE, 1, 1 << 30), setting(4, (1 << 31) - 1)],
        ),
        ("WINDOW_UPDATE of a closed stream", vec![get(1, "/echo"), number(WINDOW_UPDATE, 1, 1), get(3, "/echo")]),
    ]
}

/// Pseudo-random numbers (SplitMix64): the same in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).expect("below a usize")
    }
}

/// Changes one to three things about one of `bases`: a byte, or a whole frame.
pub(crate) fn mutated(bases: &[Sequence], number: usize, random: &mut Random) -> Sequence {
    let base = &bases[random.below(bases.len())];
    let (mut frames, tail) = split(&base.bytes);
    let mut frames: Vec<Vec<u8>> = frames.drain(..).map(<[u8]>::to_vec).collect();
    for _ in 0..=random.below(3) {
        if frames.is_empty() {
            break;
        }
        let mut at = random.below(frames.len());
        if at < 2 && random.below(4) > 0 {
            // Most sequences begin with the same two frames, and what follows them is of more interest.
            at = random.below(frames.len());
        }
        match random.below(8) {
            0 => drop(frames.remove(at)),
            1 => frames.insert(at, frames[at].clone()),
            2 => {
                let other = random.below(frames.len());
                frames.swap(at, other);
            }
            3 => frames[at][4] ^= 1 << random.below(8),
            4 => frames[at][8] = u8::try_from(random.below(8)).expect("small"),
            5 => frames[at][3] = u8::try_from(random.below(11)).expect("small"),
            _ => {
                let byte = random.below(frames[at].len());
                frames[at][byte] = u8::try_from(random.below(256)).expect("a byte");
            }
        }
    }
    let bytes = [frames.concat(), tail.to_vec()].concat();
    Sequence { name: format!("mutation {number} of \"{}\"", base.name), bytes }
}

/// The whole frames of a sequence, and what is left.
fn split(mut bytes: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut frames = Vec::new();
    while let [a, b, c, _, _, _, _, _, _, rest @ ..] = bytes {
        let len = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        if rest.len() < len {
            break;
        }
        let (frame, behind) = bytes.split_at(9 + len);
        frames.push(frame);
        bytes = behind;
    }
    (frames, bytes)
}

/// What is sent before the next answer is waited for.
pub(crate) struct Step {
    pub(crate) bytes: Vec<u8>,
    /// A frame, or a header block with all its frames. Otherwise half of one, and the last step.
    pub(crate) is_whole: bool,
}

impl Sequence {
    pub(crate) fn steps(&self) -> Vec<Step> {
        let (frames, tail) = split(&self.bytes);
        let (mut steps, mut bytes, mut in_block) = (Vec::new(), Vec::new(), false);
        for frame in frames {
            bytes.extend_from_slice(frame);
            in_block = match frame[3] {
                HEADERS => frame[4] & END_HEADERS == 0,
                CONTINUATION => in_block && frame[4] & END_HEADERS == 0,
                _ => false,
            };
            if !in_block {
                steps.push(Step { bytes: std::mem::take(&mut bytes), is_whole: true });
            }
        }
        bytes.extend_from_slice(tail);
        if !bytes.is_empty() {
            steps.push(Step { bytes, is_whole: false });
        }
        steps
    }
}
