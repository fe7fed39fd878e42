//! What crosses from one dialect to another: fixtures against snapshots, however a stream is cut, and recorded answers.

mod bench;
mod envelopes;
mod fields;
mod forms;
mod golden;
mod matrix;
mod probes;
mod recorded;
mod round_trips;

#[path = "../support/recordings.rs"]
mod recordings;
