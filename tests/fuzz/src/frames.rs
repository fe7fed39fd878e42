use llmio_core::wire::Frame;

/// The name and the data of an event.
pub(crate) type Event = (Vec<u8>, Vec<u8>);

/// Puts the pieces of long events together.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    pub(crate) events: Vec<Event>,
    pieces: Vec<u8>,
}

impl Frames {
    pub(crate) fn take(&mut self, frame: Frame<'_>) {
        match frame {
            Frame::Whole(event) => {
                assert!(self.pieces.is_empty(), "an event in the midst of another");
                self.events.push((event.name.to_vec(), event.data.to_vec()));
            }
            Frame::Piece(data) => self.pieces.extend_from_slice(data),
            Frame::EndOfPieces { name } => self.events.push((name.to_vec(), std::mem::take(&mut self.pieces))),
        }
    }
}
