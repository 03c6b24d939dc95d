//! The way down of `Listen` as a codec of tonic's.

use std::marker::PhantomData;

use prost::Message;
use tonic::{
    Status,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
};
use tonic_prost::ProstDecoder;

use wigwag_node::frame::OutFrame;

/// Small to start with, since most streams are idle most of the time; grows with what is written.
fn buffers() -> BufferSettings {
    BufferSettings::new(1_024, 32 * 1_024)
}

/// The way down of `Listen`, behind one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct DownCodec<R>(PhantomData<fn() -> R>);

impl<R> Default for DownCodec<R> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<R: Message + Default + 'static> Codec for DownCodec<R> {
    type Encode = OutFrame;
    type Decode = R;
    type Encoder = FrameEncoder;
    type Decoder = ProstDecoder<R>;

    fn encoder(&mut self) -> FrameEncoder {
        FrameEncoder
    }

    fn decoder(&mut self) -> ProstDecoder<R> {
        ProstDecoder::new(buffers())
    }
}

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
        buffers()
    }
}
