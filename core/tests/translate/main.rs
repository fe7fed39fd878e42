//! What crosses from one dialect to another: fixtures against snapshots, however a stream is cut, and recorded answers.

mod answer_fields;
mod bench;
mod choices;
mod envelopes;
mod fields;
mod forms;
mod golden;
mod matrix;
mod probes;
mod recorded;
mod round_trips;
mod where_others_fail;

#[path = "../support/recordings.rs"]
mod recordings;
