use super::counters::Counters;
use super::provider_error::ProviderError;

/// How far a stream has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing meaningful yet: another provider could still take over unseen.
    Preamble,
    /// Content has begun.
    Output,
    /// The dialect's own end was seen, after output.
    Complete,
    /// The provider said that it failed, or sent something that is no stream before any content.
    Failed,
}

/// What the events of a stream have told so far.
#[derive(Debug)]
pub(super) struct Progress {
    phase: Phase,
    pub(super) counters: Counters,
    pub(super) finish_reason: Option<String>,
    failure: Option<ProviderError>,
    failed_after_output: bool,
    /// The event came behind which no other does.
    is_over: bool,
    /// Of the last event that carried one (Responses).
    pub(super) sequence_number: Option<u64>,
    pub(super) created: Option<Created>,
    /// What the answer calls the model, where `created` does not say it.
    pub(super) model: Option<String>,
    /// Events that could not be read.
    pub(super) unreadable: u64,
}

/// What the beginning of a response said of it, for an error that must repeat it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Created {
    pub(super) id: String,
    pub(super) model: Option<String>,
    /// As it stood there.
    pub(super) created_at: Option<String>,
}

impl Progress {
    pub(super) const fn new() -> Self {
        let counters = Counters {
            input: None,
            more_input: None,
            cache_read: None,
            cache_write: None,
            cache_write_1h: None,
            output: None,
            reasoning: None,
            total: None,
            met_absurd: false,
        };
        Self {
            phase: Phase::Preamble,
            counters,
            finish_reason: None,
            failure: None,
            failed_after_output: false,
            is_over: false,
            sequence_number: None,
            created: None,
            model: None,
            unreadable: 0,
        }
    }

    pub(super) const fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether content was already seen, so that an event of mere content tells nothing new.
    pub(super) fn has_output(&self) -> bool {
        self.phase != Phase::Preamble
    }

    pub(super) const fn failed_after_output(&self) -> bool {
        self.failed_after_output
    }

    pub(super) const fn failure(&self) -> Option<&ProviderError> {
        self.failure.as_ref()
    }

    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// The event came behind which no other does.
    pub(super) fn over(&mut self) {
        self.is_over = true;
    }

    pub(super) fn output(&mut self) {
        if self.phase == Phase::Preamble {
            self.phase = Phase::Output;
        }
    }

    /// The dialect's own end. A stream that said nothing before it is no answer.
    pub(super) fn complete(&mut self) {
        match self.phase {
            Phase::Preamble => {
                let message = "the provider ended the stream before it had said anything".to_owned();
                self.fail(ProviderError { message, ..ProviderError::default() });
            }
            Phase::Output => self.phase = Phase::Complete,
            Phase::Complete | Phase::Failed => {}
        }
    }

    /// A failure after the end changes nothing.
    pub(super) fn fail(&mut self, mut failure: ProviderError) {
        if self.phase == Phase::Complete || self.failure.is_some() {
            return;
        }
        self.failed_after_output = self.phase == Phase::Output;
        if failure.message.is_empty() {
            "the provider ended the stream with an error".clone_into(&mut failure.message);
        }
        self.phase = Phase::Failed;
        self.failure = Some(failure);
    }

    /// A failure by the first event that said anything, if it did.
    pub(super) fn fail_at_start(&mut self, failure: ProviderError) {
        if self.phase == Phase::Output {
            self.phase = Phase::Preamble;
        }
        self.fail(failure);
    }

    /// What the answer calls the model; the first name stands, an empty one is none.
    pub(super) fn model(&mut self, name: &str) {
        if self.model.is_none() && !name.is_empty() {
            let cut = name.floor_char_boundary(256);
            self.model = Some(name.get(..cut).unwrap_or_default().to_owned());
        }
    }

    /// An empty reason is none: some vendors have it in every chunk.
    pub(super) fn finish_reason(&mut self, reason: &str) {
        if reason.is_empty() {
            return;
        }
        let cut = reason.floor_char_boundary(64);
        self.finish_reason = Some(reason.get(..cut).unwrap_or_default().to_owned());
    }
}
