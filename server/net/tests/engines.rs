//! Both HTTP/2 engines get the same bytes: what reaches the service, what is answered and how it ends must agree.

#[path = "support/frames.rs"]
mod frames;
#[path = "engines/observed.rs"]
mod observed;
#[path = "engines/sequences.rs"]
mod sequences;

use std::path::PathBuf;

use frames::{ENHANCE_YOUR_CALM, HEADERS, PRIORITY, REFUSED_STREAM, SETTINGS};
use observed::{Observed, Server};
use sequences::{Random, Sequence, by_hand, mutated};
use wigwag_net::listener::Http2Engine;

/// Sequences made at random, from one seed: the same in every run.
const MUTATIONS: usize = 500;
const SEED: u64 = 0x5eed;

/// The seeds of the fuzz target `http2`: bytes after the preface.
fn seeds() -> Vec<Sequence> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../http2/fuzz/seeds/http2");
    let mut seeds: Vec<_> = std::fs::read_dir(folder)
        .expect("the seeds of the fuzz target")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = format!("seed {}", path.file_name().expect("a name").to_string_lossy());
            Sequence { name, bytes: std::fs::read(path).expect("readable") }
        })
        .collect();
    // The order of a folder is not the same everywhere.
    seeds.sort_by(|a, b| a.name.cmp(&b.name));
    seeds
}

/// What an engine did about a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reaction {
    /// Neither a stream was reset nor the connection closed.
    Accepts,
    /// RST_STREAM with this code.
    Resets(u32),
    /// GOAWAY with this code, and the end of the connection.
    Ends(u32),
    /// The end of the connection without GOAWAY.
    Closes,
}

use Reaction::{Accepts, Closes, Ends, Resets};

impl Reaction {
    fn of(before: Option<&Observed>, now: &Observed) -> Self {
        let new_reset = now.streams.iter().find_map(|(id, answer)| {
            let known = before.and_then(|before| before.streams.get(id)?.reset);
            answer.reset.filter(|code| known != Some(*code))
        });
        match (now.closed, now.goaway, new_reset) {
            (true, Some(code), _) => Ends(code),
            (true, None, _) => Closes,
            (false, _, Some(code)) => Resets(code),
            (false, _, None) => Accepts,
        }
    }
}

const DATA: u8 = 0x0;
const WINDOW_UPDATE: u8 = 0x8;

// RFC 9113, section 7.
const PROTOCOL_ERROR: u32 = 0x1;
const FLOW_CONTROL_ERROR: u32 = 0x3;
const STREAM_CLOSED: u32 = 0x5;
const FRAME_SIZE_ERROR: u32 = 0x6;
const COMPRESSION_ERROR: u32 = 0x9;

/// Which frames a difference is known for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    /// The first of a connection.
    First,
    /// Those of a type, but for the first of a connection.
    Type(u8),
    Any,
}

/// A difference between the engines: the frame, what `wigwag` does, what `hyper` does, and why that is not a defect of
/// `wigwag`. The comparison of a connection ends with the first.
type Known = (On, Reaction, Hyper, &'static str);

/// What `hyper` does, where that matters.
type Hyper = Option<Reaction>;

const ENDS: Hyper = Some(Ends(PROTOCOL_ERROR));
const RESETS: Hyper = Some(Resets(PROTOCOL_ERROR));

const KNOWN: &[Known] = &[
    // Both end the connection, but with different codes.
    (On::Any, Ends(FRAME_SIZE_ERROR), ENDS, "section 4.2 names the code; h2 has one for all"),
    (On::Any, Ends(COMPRESSION_ERROR), ENDS, "section 4.3 names the code; h2 has one for all"),
    (On::Any, Ends(STREAM_CLOSED), ENDS, "section 5.1 names the code; h2 has one for all"),
    (On::Any, Ends(FLOW_CONTROL_ERROR), ENDS, "section 6.5.2 names the code; h2 has one for all"),
    (
        On::Any,
        Ends(ENHANCE_YOUR_CALM),
        Some(Ends(COMPRESSION_ERROR)),
        "a very large header block; the RFC names no code",
    ),
    (On::Any, Ends(PROTOCOL_ERROR), Some(Ends(COMPRESSION_ERROR)), "a frame inside one, which h2 has given up before"),
    // An error of a stream may be treated as one of the connection (section 5.4.1).
    (On::Type(HEADERS), Resets(PROTOCOL_ERROR), ENDS, "fields that h2 finds malformed while it decodes them"),
    (On::Type(HEADERS), Resets(REFUSED_STREAM), ENDS, "the same, on a stream over the limit"),
    (On::Type(HEADERS), Closes, ENDS, "the same, in half a header block"),
    (On::Type(HEADERS), Resets(STREAM_CLOSED), ENDS, "the request was complete already"),
    (On::Type(DATA), Resets(STREAM_CLOSED), ENDS, "the request was complete already"),
    (On::Type(PRIORITY), Resets(FRAME_SIZE_ERROR), ENDS, "PRIORITY of other than 5 bytes"),
    (On::Type(WINDOW_UPDATE), Resets(PROTOCOL_ERROR), ENDS, "WINDOW_UPDATE by nothing"),
    (On::Type(WINDOW_UPDATE), Accepts, ENDS, "WINDOW_UPDATE by nothing on a closed stream, for which it means nothing"),
    // h2 looks at the fields first, and at the number of the stream second.
    (On::Type(HEADERS), Ends(PROTOCOL_ERROR), RESETS, "a malformed request on a stream of an even number"),
    (On::Type(HEADERS), Ends(STREAM_CLOSED), RESETS, "a malformed request on a closed stream"),
    (On::Type(PRIORITY), Ends(PROTOCOL_ERROR), RESETS, "an idle stream, which section 6.4 forbids to reset"),
    // The path may be what a user has typed: the request is answered with status 400.
    (On::Type(HEADERS), Accepts, RESETS, "an invalid path; section 8.1.1 allows a response"),
    // h2 is less strict, or more.
    (On::First, Ends(PROTOCOL_ERROR), None, "section 3.4: SETTINGS come first; h2 does not insist"),
    (
        On::Type(HEADERS),
        Resets(PROTOCOL_ERROR),
        Some(Accepts),
        "section 8.1: no pseudo-header in trailers; h2 skips them",
    ),
    (On::Type(HEADERS), Accepts, ENDS, "on a stream that was refused, whose client may not know yet (section 5.1)"),
    (On::Type(SETTINGS), Accepts, ENDS, "an acknowledgment of nothing; the RFC does not forbid it"),
];

/// Sends a sequence to both engines. Returns the place in [`KNOWN`] of the first difference, if there is one.
///
/// # Errors
///
/// A difference that is not known.
async fn compare(wigwag: &Server, hyper: &Server, sequence: &Sequence) -> Result<Option<usize>, String> {
    let (ours, theirs) = (wigwag.observe(sequence).await, hyper.observe(sequence).await);
    let Some(at) = (0..ours.len().max(theirs.len())).find(|at| ours.get(*at) != theirs.get(*at)) else {
        return Ok(None);
    };
    let (our, their) = (&ours[at], &theirs[at]);
    let frame = &sequence.steps()[at].bytes;
    let before = at.checked_sub(1).map(|before| &ours[before]);
    let reactions = (Reaction::of(before, our), Reaction::of(before, their));
    let known = KNOWN.iter().position(|(on, ours, theirs, _)| {
        let here = match on {
            On::First => at == 0,
            On::Type(kind) => at > 0 && frame.get(3) == Some(kind),
            On::Any => true,
        };
        here && *ours == reactions.0 && theirs.is_none_or(|theirs| theirs == reactions.1)
    });
    let same = match reactions {
        _ if at == 0 => true,
        // Only the code differs.
        (Ends(_), Ends(_)) => Observed { goaway: None, ..our.clone() } == Observed { goaway: None, ..their.clone() },
        // What the one let through reached its service.
        (Accepts, _) | (_, Accepts) => true,
        _ => our.requests == their.requests,
    };
    if known.is_some() && same {
        return Ok(known);
    }
    let (name, [ours, theirs]) = (&sequence.name, [reactions.0, reactions.1]);
    Err(format!("{name}, after {frame:02x?}:\nwigwag {ours:?} {our:?}\nhyper {theirs:?} {their:?}\n"))
}

/// Compares the engines on all `sequences`. Returns how often each of [`KNOWN`] was met.
async fn compare_all(sequences: impl Iterator<Item = Sequence>) -> Vec<u32> {
    let (wigwag, hyper) = (Server::start(Http2Engine::Wigwag).await, Server::start(Http2Engine::Hyper).await);
    let (mut met, mut unknown) = (vec![0; KNOWN.len()], Vec::new());
    for sequence in sequences {
        match compare(&wigwag, &hyper, &sequence).await {
            Ok(known) => met.iter_mut().enumerate().for_each(|(at, met)| *met += u32::from(known == Some(at))),
            Err(difference) => unknown.push(difference),
        }
    }
    wigwag.stop().await;
    hyper.stop().await;
    assert!(unknown.is_empty(), "{} unknown differences:\n{}", unknown.len(), unknown.join("\n"));
    met
}

#[tokio::test]
async fn the_engines_agree_on_sequences_written_by_hand_and_on_seeds() {
    let met = compare_all(by_hand().into_iter().chain(seeds())).await;
    for (known, met) in KNOWN.iter().zip(met) {
        assert!(met > 0, "no sequence shows this difference any more: {known:?}");
    }
}

#[tokio::test]
async fn the_engines_agree_on_mutations() {
    let bases: Vec<_> = by_hand().into_iter().chain(seeds()).collect();
    let mut random = Random(SEED);
    compare_all((0..MUTATIONS).map(|number| mutated(&bases, number, &mut random))).await;
}
