//! Configuration: stored records, their compiled snapshot, files.

mod pattern;
mod records;

pub use pattern::Pattern;
pub use records::{
    Association, Capabilities, ClientKey, Config, Model, Prices, Provider, ProviderType, Secret, Settings, Strategy,
    Timeouts,
};
