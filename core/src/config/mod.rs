//! Configuration: stored records, their compiled snapshot, files.

mod client_key;
pub(crate) mod defaults;
mod diff;
pub(crate) mod fields;
pub mod file;
mod find;
mod mask;
mod normal;
mod pattern;
mod records;
mod redactor;
pub mod roster;
mod seal;
pub mod snapshot;
mod timeouts;
mod upstream;
pub mod validate;

pub use client_key::{client_key_prefix, client_key_suffix, generate_client_key, hash_client_key};
pub use diff::{Action, Change, Dependant, Effect, Kind, diff};
pub use mask::{MASK, header_hint, is_sensitive_header, proxy_hint, secret_hint, written_secret};
pub use normal::{
    default_base_url, error_samples, error_text, normal_headers, normal_note, trimmed_url, without_values,
};
pub use pattern::Pattern;
pub use records::{
    Address, Association, Capabilities, ClientKey, Config, Model, Prices, Provider, ProviderType, RecordDecisions,
    Secret, Settings, Strategy, StreamMode,
};
pub use redactor::Redactor;
pub use seal::{Place, SealError, Sealer};
pub use timeouts::Timeouts;
pub use validate::Invalid;
