use super::Codec;
use super::freeform::Wrapping;
use super::stream::StreamPart;

/// Makes the parts of a stream such as the client's dialect has.
#[derive(Debug, Default)]
pub(super) struct Fitting {
    /// For a client that knows functions alone.
    wrapping: Option<Wrapping>,
    has_choices: bool,
    /// The choice that is told.
    choice: usize,
    /// There were choices that the client does not know.
    pub(super) lost_choices: bool,
}

impl Fitting {
    pub(super) fn new(client: &Codec) -> Self {
        let wrapping = (!client.has_freeform).then(Wrapping::default);
        Self { wrapping, has_choices: client.has_choices, ..Self::default() }
    }

    pub(super) fn part(&mut self, part: StreamPart<'_>, give: &mut dyn FnMut(StreamPart<'_>)) {
        if let StreamPart::Choice(number) = part {
            self.choice = number;
            if !self.has_choices {
                self.lost_choices = true;
                return;
            }
        }
        if self.choice > 0 && !self.has_choices {
            return;
        }
        match &mut self.wrapping {
            Some(wrapping) => wrapping.part(self.choice, part, give),
            None => give(part),
        }
    }
}
