//! Messages behind their length: the least there can be.

use super::{Arrived, Broken, Transport};

/// Four bytes of length, little endian, then the message.
#[derive(Debug, Default)]
pub(crate) struct Tcp;

impl Transport for Tcp {
    fn start(&mut self, _out: &mut Vec<u8>) -> bool {
        true
    }

    fn next(&mut self, input: &[u8], at: &mut usize, _out: &mut Vec<u8>) -> Result<Arrived, Broken> {
        let Some((head, rest)) = input[*at..].split_first_chunk::<4>() else { return Ok(Arrived::Nothing) };
        let len = u32::from_le_bytes(*head) as usize;
        if rest.len() < len {
            return Ok(Arrived::Nothing);
        }
        let start = *at + 4;
        *at = start + len;
        Ok(Arrived::Whole(0, start..*at))
    }

    fn send(&mut self, _stream: u32, message: &[u8], out: &mut Vec<u8>) {
        let len = u32::try_from(message.len()).expect("messages are small");
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(message);
    }
}
