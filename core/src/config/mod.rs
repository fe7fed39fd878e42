//! Configuration: stored records, their compiled snapshot, files.

mod client_key;
mod find;
mod pattern;
mod records;
mod seal;
pub mod validate;

pub use client_key::{client_key_prefix, generate_client_key, hash_client_key};
pub use pattern::Pattern;
pub use records::{
    Association, Capabilities, ClientKey, Config, Model, Prices, Provider, ProviderType, Secret, Settings, Strategy,
    Timeouts,
};
pub use seal::{Place, SealError, Sealer};
pub use validate::Invalid;
