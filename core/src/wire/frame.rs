/// One event of a stream, borrowed from the chunk it came in where it lies there in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The `event` field of a server-sent event; empty when there is none.
    pub name: &'a [u8],
    /// The `data` lines, joined by line feeds; or an element of a JSON array.
    pub data: &'a [u8],
}

/// What a stream gives as it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    Whole(Event<'a>),
    /// The next piece of the data of an event that is too long to be held.
    Piece(&'a [u8]),
    /// The end of an event whose data came in pieces.
    EndOfPieces {
        name: &'a [u8],
    },
}
