//! Writes log lines from a separate thread, so that no other thread ever waits for standard error.
//!
//! Standard error may be a pipe that is not read, a pipe whose reader is gone, or a file on a full disk. Lines that cannot
//! be kept or written are dropped and counted, and nothing else changes.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Most bytes of lines that wait to be written. One more line is dropped.
const MAX_WAITING: usize = 1024 * 1024;

/// Memory that stays allocated between bursts of lines.
const KEPT_CAPACITY: usize = 64 * 1024;

/// The pause after a write to a non-blocking descriptor that would have blocked.
const RETRY: Duration = Duration::from_millis(10);

/// A queue of log lines with the thread that writes them. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct LogWriter(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    // Held to copy a line or to swap a buffer, never during a write.
    queue: Mutex<Queue>,
    // Notified when lines arrive and when all are written.
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Queue {
    /// Lines that wait, each with its line feed.
    lines: Vec<u8>,
    /// Whether the thread is writing lines that it took out.
    writing: bool,
}

impl LogWriter {
    /// Starts the thread, which writes to `sink`.
    ///
    /// # Errors
    ///
    /// When the thread cannot be created.
    pub(super) fn start(sink: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        thread::Builder::new().name("wigwag-log".to_owned()).spawn(move || of_thread.write_forever(sink))?;
        Ok(Self(shared))
    }

    /// Queues `line`, which ends with a line feed, or drops it if too many bytes wait already.
    pub(super) fn push(&self, line: &[u8]) {
        let mut queue = self.0.lock();
        if queue.lines.len() + line.len() > MAX_WAITING {
            drop(queue);
            self.0.dropped.fetch_add(lines_in(line), Relaxed);
            return;
        }
        queue.lines.extend_from_slice(line);
        drop(queue);
        self.0.changed.notify_all();
    }

    /// Waits until all lines are written or dropped, at most `timeout`.
    pub(super) fn flush(&self, timeout: Duration) {
        let busy = |queue: &mut Queue| queue.writing || !queue.lines.is_empty();
        let _ = self.0.changed.wait_timeout_while(self.0.lock(), timeout, busy);
    }

    /// Returns the number of lines dropped since the start.
    pub(super) fn dropped(&self) -> u64 {
        self.0.dropped.load(Relaxed)
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

/// Each call is one line. Never fails.
impl Write for &LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_forever(&self, mut sink: impl Write) {
        let (mut batch, mut in_line, mut reported) = (Vec::new(), false, 0);
        loop {
            self.take(&mut batch);
            if in_line {
                // A write failed in the middle of a line: what follows begins a new one.
                in_line = write_some(&mut sink, b"\n") == 0;
            }
            let written = if in_line { 0 } else { write_some(&mut sink, &batch) };
            let lost = &batch[written..];
            in_line |= !lost.is_empty() && written > 0 && batch[written - 1] != b'\n';
            let dropped = self.dropped.fetch_add(lines_in(lost), Relaxed) + lines_in(lost);
            if lost.is_empty() && dropped > reported {
                // This is the one thread that may wait for a line about lines; it is queued as any other.
                tracing::warn!(
                    lines = dropped - reported,
                    "log lines dropped: standard error was not read, or not writable"
                );
                reported = dropped;
            }
            batch.clear();
            batch.shrink_to(KEPT_CAPACITY);
            self.lock().writing = false;
            self.changed.notify_all();
        }
    }

    /// Waits for lines and moves them into `batch`, which is empty.
    fn take(&self, batch: &mut Vec<u8>) {
        let wait = self.changed.wait_while(self.lock(), |queue| queue.lines.is_empty());
        let mut queue = wait.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(batch, &mut queue.lines);
        queue.writing = true;
    }
}

/// Writes as much as can be written and returns how many bytes that was.
fn write_some(sink: &mut impl Write, bytes: &[u8]) -> usize {
    let mut written = 0;
    while written < bytes.len() {
        match sink.write(&bytes[written..]) {
            Ok(0) => break,
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // The descriptor is non-blocking, as a parent process may have made it.
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY),
            Err(_) => break,
        }
    }
    written
}

fn lines_in(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// A sink whose writes wait for their results, and which passes on what was written.
    struct Scripted {
        results: Receiver<io::Result<usize>>,
        written: Sender<Vec<u8>>,
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = self.results.recv().unwrap_or(Ok(usize::MAX))?.min(bytes.len());
            let _ = self.written.send(bytes[..count].to_vec());
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn scripted() -> (LogWriter, Sender<io::Result<usize>>, Receiver<Vec<u8>>) {
        let ((results, of_sink), (written, read)) = (channel(), channel());
        let writer = LogWriter::start(Scripted { results: of_sink, written }).expect("a thread");
        (writer, results, read)
    }

    fn text(written: &Receiver<Vec<u8>>) -> String {
        String::from_utf8(written.try_iter().flatten().collect()).expect("text")
    }

    #[test]
    fn a_stuck_sink_makes_no_caller_wait_and_what_does_not_fit_is_counted() {
        let (writer, results, written) = scripted();
        let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
        for _ in 0..3 * MAX_WAITING / line.len() {
            writer.push(&line);
        }
        // The thread holds one batch, and as many bytes wait.
        let kept = 3 * 1024 - writer.dropped();
        assert!((1024..=2048).contains(&kept), "{kept}");
        writer.flush(Duration::from_millis(1));
        drop(results);
        writer.flush(LONG);
        assert_eq!(lines_in(text(&written).as_bytes()), kept, "what was kept is written");
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_later_ones_are_whole() {
        let (writer, results, written) = scripted();
        let full = || io::Error::from(ErrorKind::StorageFull);
        results.send(Ok(3)).expect("it runs");
        results.send(Err(full())).expect("it runs");
        writer.push(b"first\n");
        writer.flush(LONG);
        assert_eq!(writer.dropped(), 1);
        results.send(Err(full())).expect("it runs");
        writer.push(b"second\n");
        writer.flush(LONG);
        assert_eq!(writer.dropped(), 2);
        drop(results);
        writer.push(b"third\n");
        writer.flush(LONG);
        assert_eq!(text(&written), "fir\nthird\n");
        assert_eq!(writer.dropped(), 2);
    }

    #[test]
    fn a_descriptor_that_would_block_is_tried_again() {
        let (writer, results, written) = scripted();
        for result in [Err(ErrorKind::WouldBlock.into()), Err(ErrorKind::Interrupted.into()), Ok(2)] {
            results.send(result).expect("it runs");
        }
        drop(results);
        writer.push(b"line\n");
        writer.flush(LONG);
        assert_eq!((text(&written).as_str(), writer.dropped()), ("line\n", 0));
    }
}
