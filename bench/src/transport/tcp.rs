//! Messages prefixed with their length: the least framing there can be.

use super::{ConnectionError, Received, Transport};

/// Four bytes of length, little endian, then the message.
#[derive(Debug, Default)]
pub(crate) struct Tcp;

impl Transport for Tcp {
    fn start(&mut self, _out: &mut Vec<u8>) -> bool {
        true
    }

    fn next(&mut self, input: &[u8], at: &mut usize, _out: &mut Vec<u8>) -> Result<Received, ConnectionError> {
        let Some((head, rest)) = input[*at..].split_first_chunk::<4>() else { return Ok(Received::Incomplete) };
        let len = u32::from_le_bytes(*head) as usize;
        if rest.len() < len {
            return Ok(Received::Incomplete);
        }
        let start = *at + 4;
        *at = start + len;
        Ok(Received::Message(0, start..*at))
    }

    fn send(&mut self, _stream: u32, message: &[u8], out: &mut Vec<u8>) {
        let len = u32::try_from(message.len()).expect("messages are small");
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(message);
    }
}
