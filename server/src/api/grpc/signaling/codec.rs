//! The codec of `Listen`: decodes its request, encodes frames.

use std::marker::PhantomData;

use prost::Message;
use tonic::{
    Status,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
};
use tonic_prost::ProstDecoder;
use wigwag_node::frame::OutFrame;

/// Returns small buffers, since most streams are idle most of the time. They grow with what is written.
fn buffer_settings() -> BufferSettings {
    BufferSettings::new(1_024, 32 * 1_024)
}

/// Decodes one request `R` and encodes a stream of frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListenCodec<R>(PhantomData<fn() -> R>);

impl<R> Default for ListenCodec<R> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<R: Message + Default + 'static> Codec for ListenCodec<R> {
    type Encode = OutFrame;
    type Decode = R;
    type Encoder = FrameEncoder;
    type Decoder = ProstDecoder<R>;

    fn encoder(&mut self) -> FrameEncoder {
        FrameEncoder
    }

    fn decoder(&mut self) -> ProstDecoder<R> {
        ProstDecoder::new(buffer_settings())
    }
}

/// Encodes frames without touching their payloads.
#[derive(Debug)]
pub(super) struct FrameEncoder;

impl Encoder for FrameEncoder {
    type Item = OutFrame;
    type Error = Status;

    fn encode(&mut self, frame: OutFrame, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.reserve(frame.encoded_len());
        frame.encode(out);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        buffer_settings()
    }
}
