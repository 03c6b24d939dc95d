//! What a stream does to the others of its connection, and the limits that refill with time.

use super::super::stream_slots;
use super::*;

fn updates(frames: &[Frame], stream: u32) -> u32 {
    let updates =
        frames.iter().filter(|frame| frame.header.kind == kind::WINDOW_UPDATE && frame.header.stream == stream);
    updates.map(|frame| frame.number(0)).sum()
}

/// The handle of the stream that was opened last.
fn handle(peer: &Peer) -> StreamHandle {
    peer.connection.service.1.lock().expect("no panic").last().cloned().expect("a stream")
}

#[test]
fn handle_resets_its_stream_only() {
    let mut peer = Peer::new();
    peer.send(&settings(&[(setting::INITIAL_WINDOW_SIZE, 10)]));
    peer.send(&post(1, "/count"));
    peer.send(&get(3, "/25"));
    let stuck = handle(&peer);
    stuck.reset();
    assert_eq!(resets(&peer.recv()), [(3, ErrorCode::CANCEL)]);
    stuck.reset();
    assert!(peer.recv().is_empty(), "the stream is closed already");
    assert!(ended(&peer.send(&frame(kind::DATA, flag::END_STREAM, 1, b"1")), 1));
    assert_eq!(peer.connection.take_counts().aborted, 1);
}

#[test]
fn handle_frees_its_stream_while_nothing_can_be_sent() {
    let mut peer = Peer::new();
    peer.send(&post(1, "/never"));
    handle(&peer).reset();
    let woken = peer.wakes.unpark();
    // What `peer` does not read of the connection's output.
    peer.connection.send.buffer = vec![0; 20_000];
    assert!(peer.connection.is_full());
    peer.connection.poll_resets(woken);
    assert_eq!(peer.connection.streams.count(), 0);
}

#[test]
fn streams_that_share_a_bit_are_polled_only_when_woken() {
    let mut peer = Peer::new();
    let open: Vec<u8> = (0..61).flat_map(|n| post(2 * n + 1, "/count")).collect();
    peer.send(&open);
    let (first, last) = (0, 60);
    peer.connection.streams.get(first).expect("open").signal.waker().wake();
    let woken = peer.wakes.unpark();
    assert_eq!(woken, stream_slots::slot_bit(last), "they share it");
    assert!(!peer.connection.streams.get(last).expect("open").take_due());
    assert!(peer.connection.streams.get(first).expect("open").take_due());
    assert!(!peer.connection.streams.get(first).expect("open").take_due());
}

#[test]
fn unread_streams_leave_the_window_of_the_connection_to_others() {
    let mut peer = Peer::new();
    // As much as the whole window, held by streams whose service does not read.
    for stream in [1, 3] {
        let frames =
            peer.send(&[post(stream, "/never"), frame(kind::DATA, 0, stream, &[0; 16_384]).repeat(4)].concat());
        assert_eq!((resets(&frames), goaway(&frames)), (Vec::new(), None));
        assert!(updates(&frames, 0) > 0 && updates(&frames, stream) == 0);
    }
    let mut frames = peer.send(&post(5, "/count"));
    for _ in 0..40 {
        frames.extend(peer.send(&frame(kind::DATA, 0, 5, &[0; 16_000])));
    }
    assert!(updates(&frames, 0) > 500_000 && updates(&frames, 5) > 500_000);
    let frames = peer.send(&frame(kind::DATA, flag::END_STREAM, 5, &[]));
    assert_eq!(data(&frames, 5), "640000".len());
}

#[test]
fn window_update_is_due_at_half_of_what_may_still_be_sent() {
    let mut peer = Peer::new();
    // Until its SETTINGS are acknowledged, a client may send as much as the protocol's initial window.
    peer.send(&frame(kind::SETTINGS, flag::ACK, 0, &[]));
    let frames = peer.send(&[post(1, "/count"), frame(kind::DATA, 0, 1, &[0; 16_000])].concat());
    assert_eq!(updates(&frames, 1), 0, "three quarters are left");
    let frames = peer.send(&frame(kind::DATA, 0, 1, &[0; 16_000]));
    assert_eq!(updates(&frames, 1), 32_000);
}

#[test]
fn stream_that_holds_the_most_is_reset_when_requests_use_up_the_memory() {
    let mut peer = Peer::new();
    for stream in [1, 3, 5, 7] {
        let pieces = if stream == 5 { 4 } else { 3 };
        let body = frame(kind::DATA, 0, stream, &[0; 16_384]).repeat(pieces);
        assert_eq!(resets(&peer.send(&[post(stream, "/never"), body].concat())), []);
    }
    let frames = peer.send(&[post(9, "/never"), frame(kind::DATA, 0, 9, &[0; 16_384]).repeat(2)].concat());
    assert_eq!(resets(&frames), [], "240 KiB and some header fields");
    let frames = peer.send(&[post(11, "/never"), frame(kind::DATA, 0, 11, &[0; 16_384]).repeat(3)].concat());
    assert_eq!(resets(&frames), [(5, ErrorCode::ENHANCE_YOUR_CALM)]);
    assert_eq!(peer.connection.take_counts().request_memory, 1);
    assert!(ended(&peer.send(&get(13, "/1")), 13));
}

#[test]
fn header_fields_count_until_the_request_is_answered() {
    let mut peer = Peer::new();
    // 25 fields of a byte each: little to send, 3 KiB to keep.
    let many: Vec<(&str, &str)> = vec![("x", "1"); 25];
    let head = |stream, path| frame(kind::HEADERS, flag::END_HEADERS, stream, &block(path, &many));
    for n in 0..90 {
        let stream = 4 * n + 1;
        assert_eq!(resets(&peer.send(&head(stream, "/1"))), [], "{stream} was answered");
    }
    let (mut reset, mut held) = (0, 0);
    for n in 0..90 {
        let frames = peer.send(&head(4 * n + 401, "/never"));
        reset += resets(&frames).len();
        held = peer.connection.recv.held;
        assert!(held <= LIMITS.request_memory);
    }
    assert!(reset > 5 && held > 200_000, "{reset} of 90, {held} bytes held");
    assert!(ended(&peer.send(&get(1_001, "/1")), 1_001));
}

#[test]
fn memory_is_released_however_a_request_ends() {
    let mut peer = Peer::new();
    let body = |stream| frame(kind::DATA, 0, stream, &[0; 1_000]);
    peer.send(&[post(1, "/never"), body(1), rst(1)].concat());
    peer.send(&[post(3, "/count"), body(3), frame(kind::DATA, flag::END_STREAM, 3, &[])].concat());
    peer.send(&[post(5, "/3"), body(5)].concat());
    peer.send(&[post(7, "/never"), body(7)].concat());
    handle(&peer).reset();
    peer.recv();
    assert_eq!(peer.connection.recv.held, 0);
}

#[test]
fn blocked_response_is_reset_in_time() {
    let mut peer = Peer::new();
    peer.send(&settings(&[(setting::INITIAL_WINDOW_SIZE, 10)]));
    peer.send(&[get(1, "/25"), get(3, "/25"), post(5, "/count")].concat());
    assert!(peer.connection.needs_tick());
    assert_eq!(resets(&peer.wait(2)), []);
    // A client that reads slowly is not late.
    assert_eq!(data(&peer.send(&window(3, 1)), 3), 1);
    assert_eq!(resets(&peer.wait(2)), [(1, ErrorCode::CANCEL)]);
    assert_eq!(resets(&peer.wait(2)), [(3, ErrorCode::CANCEL)]);
    assert_eq!(peer.connection.take_counts().send_timeouts, 2);
    assert!(ended(&peer.send(&frame(kind::DATA, flag::END_STREAM, 5, b"1")), 5));
    peer.wait(1);
    assert!(!peer.connection.needs_tick());
}

#[test]
fn streams_that_use_up_the_window_of_the_connection_are_reset_and_not_those_that_wait() {
    let mut peer = Peer::new();
    peer.send(&settings(&[(setting::INITIAL_WINDOW_SIZE, 1 << 20)]));
    let frames = peer.send(&get(1, "/70000"));
    assert_eq!(data(&frames, 1), 65_535, "the whole window of the connection");
    assert_eq!(data(&peer.send(&get(3, "/100")), 3), 0);
    let frames = peer.wait(1);
    assert_eq!(resets(&frames), []);
    let ping = frames.iter().find(|frame| frame.header.kind == kind::PING).expect("a PING");
    // The client is alive, so that it could have returned something.
    peer.send(&frame(kind::PING, flag::ACK, 0, &ping.payload));
    assert_eq!(resets(&peer.wait(1)), [(1, ErrorCode::CANCEL)]);
    // The client discards what it held of the stream.
    assert!(ended(&peer.send(&window(0, 65_535)), 3));
}

#[test]
fn early_resets_return_with_time() {
    let mut peer = Peer::new();
    for n in 0..10 {
        peer.send(&[post(2 * n + 1, "/never"), rst(2 * n + 1)].concat());
    }
    assert_eq!(resets(&peer.send(&get(101, "/1"))), [(101, ErrorCode::REFUSED_STREAM)]);
    peer.wait(1);
    for n in 0..2 {
        let reset = [post(2 * n + 103, "/never"), rst(2 * n + 103)].concat();
        assert_eq!(resets(&peer.send(&reset)), []);
    }
    assert_eq!(resets(&peer.send(&get(111, "/1"))), [(111, ErrorCode::REFUSED_STREAM)]);
    assert_eq!(peer.connection.take_counts().refused_resets, 2);
    assert!(peer.connection.needs_tick());
    peer.wait(5);
    assert!(!peer.connection.needs_tick());
}

#[test]
fn answered_streams_may_be_cancelled_without_limit() {
    let mut peer = Peer::new();
    peer.send(&settings(&[(setting::INITIAL_WINDOW_SIZE, 10)]));
    for n in 0..1_000 {
        let frames = peer.send(&get(2 * n + 1, "/25"));
        assert!(frames.iter().any(|frame| frame.header.kind == kind::HEADERS), "{frames:?}");
        assert!(peer.send(&rst(2 * n + 1)).is_empty());
    }
}

#[test]
fn answered_request_is_reset_later_unless_the_client_ends_it() {
    let mut peer = Peer::new();
    assert_eq!(resets(&peer.send(&[post(1, "/3"), post(3, "/3"), post(5, "/3"), post(7, "/3")].concat())), []);
    assert_eq!(resets(&peer.wait(1)), [], "not with the next bytes");
    // What came in between is ignored, and END_STREAM and RST_STREAM make the reset unnecessary.
    let end = frame(kind::DATA, flag::END_STREAM, 3, b"1");
    assert_eq!(resets(&peer.send(&[frame(kind::DATA, 0, 1, b"1"), end, rst(5)].concat())), []);
    assert_eq!(resets(&peer.wait(1)), [(1, ErrorCode::NO_ERROR), (7, ErrorCode::NO_ERROR)]);
    assert!(!peer.connection.needs_tick());
}

#[test]
fn late_frames_of_any_stream_that_was_ended_here_are_ignored() {
    let mut peer = Peer::new();
    let streams: Vec<u32> = (0..1_000).map(|n| 2 * n + 1).collect();
    for &stream in &streams {
        peer.send(&post(stream, "/3"));
    }
    let trailers = flag::END_HEADERS | flag::END_STREAM;
    for &stream in &streams {
        let late = [frame(kind::DATA, 0, stream, b"1"), frame(kind::HEADERS, trailers, stream, &[])].concat();
        let frames = peer.send(&late);
        assert!(frames.iter().all(|frame| frame.header.kind == kind::WINDOW_UPDATE), "{stream}: {frames:?}");
    }
    // A stream that the client itself has ended is its error.
    assert!(ended(&peer.send(&get(2_001, "/1")), 2_001));
    let again = frame(kind::HEADERS, trailers, 2_001, &[]);
    assert_eq!(goaway(&peer.send(&again)), Some((2_001, ErrorCode::STREAM_CLOSED)));
}

#[test]
fn whole_response_ends_with_its_last_data() {
    let mut peer = Peer::new();
    let frames = peer.send(&get(1, "/20000"));
    let kinds: Vec<(u8, usize)> = frames.iter().map(|frame| (frame.header.kind, frame.header.len)).collect();
    assert_eq!(kinds[1..], [(kind::DATA, 16_384), (kind::DATA, 20_000 - 16_384)]);
    assert!(frames[2].header.has(flag::END_STREAM) && !frames[1].header.has(flag::END_STREAM));
}

#[test]
fn resets_of_both_sides_are_counted() {
    let mut peer = Peer::new();
    // One of an open stream, one of a stream that is closed already.
    peer.send(&[post(1, "/never"), rst(1), post(3, "/3"), rst(3)].concat());
    let counts = peer.connection.take_counts();
    assert_eq!((counts.resets_sent, counts.resets_received), (0, 2));
    assert!(peer.connection.needs_tick(), "so that the driver takes the counts");
    peer.send(&post(5, "/never"));
    handle(&peer).reset();
    peer.send(&post(7, "/3"));
    peer.wait(2);
    let counts = peer.connection.take_counts();
    assert_eq!((counts.resets_sent, counts.resets_received), (2, 0), "one by the service, one after the response");
}

#[test]
fn client_without_an_answer_to_a_ping_gets_goaway() {
    let mut peer = Peer::new();
    peer.connection.ping();
    peer.connection.ping_timed_out();
    let frames = peer.recv();
    assert_eq!(goaway(&frames), Some((0, ErrorCode::NO_ERROR)));
    assert!(peer.connection.is_closed());
}

#[test]
fn closed_connection_needs_no_tick() {
    let mut peer = Peer::new();
    peer.send(&post(1, "/3"));
    assert!(peer.connection.needs_tick());
    peer.send(&frame(kind::GOAWAY, 0, 0, &[0; 8]));
    assert!(peer.connection.is_closed() && !peer.connection.needs_tick());
}
