//! Codecs that leave payloads alone.

use std::marker::PhantomData;

use bytes::Buf;
use prost::Message;
use tonic::{
    Status,
    codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};
use tonic_prost::ProstDecoder;

use crate::{
    connection::Input,
    wire::{OutFrame, RawClientFrame},
};

/// Small to start with, since most streams are idle most of the time; grows with what is written.
fn buffers() -> BufferSettings {
    BufferSettings::new(1_024, 32 * 1_024)
}

/// Both ways of `Signal`.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameCodec {
    max_frame_bytes: usize,
}

impl FrameCodec {
    pub(super) fn new(max_frame_bytes: usize) -> Self {
        Self { max_frame_bytes }
    }
}

impl Codec for FrameCodec {
    type Encode = OutFrame;
    type Decode = Input;
    type Encoder = FrameEncoder;
    type Decoder = FrameDecoder;

    fn encoder(&mut self) -> FrameEncoder {
        FrameEncoder
    }

    fn decoder(&mut self) -> FrameDecoder {
        FrameDecoder { max_frame_bytes: self.max_frame_bytes }
    }
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

#[derive(Debug)]
pub(super) struct FrameDecoder {
    max_frame_bytes: usize,
}

impl Decoder for FrameDecoder {
    type Item = Input;
    type Error = Status;

    fn decode(&mut self, src: &mut DecodeBuf<'_>) -> Result<Option<Input>, Status> {
        let bytes = src.copy_to_bytes(src.remaining());
        let too_large = bytes.len() > self.max_frame_bytes;
        Ok(Some(match RawClientFrame::decode(bytes) {
            Ok(frame) if too_large => Input::TooLarge(frame.seq),
            Ok(frame) => Input::Frame(frame),
            Err(_) => Input::Malformed,
        }))
    }

    fn buffer_settings(&self) -> BufferSettings {
        buffers()
    }
}
