//! Configuration: stored records, their compiled snapshot, files.

mod records;

pub use records::{
    Association, Capabilities, ClientKey, Config, Model, Prices, Provider, ProviderType, Secret, Settings, Strategy,
    Timeouts,
};
